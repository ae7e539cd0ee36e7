"""Payers who are nobody we know for sure, and what else of a line then tells whose money it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, OpenCredit, Opening, Paid

DAY = date(2026, 11, 20)
DUVAL, NOEL = Customer(1, "Menuiserie Duval SARL", "CL0001"), Customer(2, "Noël & Fils", "CL0002")
TWINS = (
    Customer(3, "Prestaclean Ouest SNC", "CL0003"),
    Customer(4, "SAS Prestaclean Ouest", "CL0004"),
)
SHORT, LONG = Customer(5, "Terravia", "CL0005"), Customer(6, "Terravia Sud SELARL", "CL0006")
CUSTOMERS = (DUVAL, NOEL, *TWINS, SHORT, LONG)
OWN = "FR7630006000011234567890189"


def item(at: int, customer: Customer, number: str, amount: int, *, due: int = 10) -> Item:
    return Item(at, customer.id, number, "EUR", DAY - timedelta(days=due), amount)


ITEMS = (
    item(11, DUVAL, "FA2026-04842", 50_370),
    item(12, DUVAL, "FA2026-04900", 71_115, due=5),
    item(21, NOEL, "FA2026-05100", 33_333),
    item(31, TWINS[0], "FA2026-03342", 20_343),
    item(41, TWINS[1], "FA2026-02808", 20_343),
    item(51, SHORT, "FA2026-06001", 1_500),
    item(61, LONG, "FA2026-06002", 9_480),
    item(62, LONG, "FA2026-06044", 35_880),
)
OPENING = Opening(items=ITEMS, customers=CUSTOMERS, ibans=((OWN, 1),))


def decide(amount: int, label: str, opening: Opening = OPENING, **fields) -> Decision:
    line = Line(1, DAY, amount, "EUR", label, **fields)
    return list(decide_all(opening, [line]))[-1]


def paid(decision: Decision) -> list[int]:
    return sorted(item_id for item_id, _ in decision.hypotheses[0].parts)


def codes(decision: Decision) -> list[str]:
    return [sentence.code for sentence in decision.evidence]


def test_a_parent_that_names_the_customer_in_full_is_posted_on_its_only_such_invoice():
    label = "VIR SEPA GROUPE ROUVRAY P/C MENUISERIE DUVAL"
    for payer in ("", "GROUPE ROUVRAY"):
        decision = decide(50_370, label, payer_name=payer)
        assert (decision.action, paid(decision)) == ("post", [11])
        assert codes(decision)[0] == "match.name_inside"
        assert not decision.hypotheses[0].teaches


def test_a_payer_whose_own_name_holds_that_of_a_customer_is_not_that_customer():
    assert decide(50_370, "REGLEMENT", payer_name="GARAGE MENUISERIE DUVAL").action != "post"


def test_a_customer_code_tells_namesakes_apart_and_a_stranger_s_customer():
    label = "FACTURE CLIENT CL0004"
    for payer in ("PRESTACLEAN OUEST", "GROUPE ROUVRAY"):
        decision = decide(20_343, label, payer_name=payer)
        assert (decision.action, paid(decision)) == ("post", [41])


def test_namesakes_are_told_apart_by_their_legal_form_or_the_end_of_a_number():
    by_form = decide(20_343, "REGLEMENT", payer_name="SNC PRESTACLEAN OUEST")
    assert (by_form.action, paid(by_form)) == ("post", [31])
    by_end = decide(20_343, "FACT 3342", payer_name="PRESTACLEAN OUEST")
    assert (by_end.action, paid(by_end)) == ("post", [31])
    assert decide(20_343, "REGLEMENT", payer_name="PRESTACLEAN OUEST").action == "propose"


def test_the_end_of_a_number_and_the_amount_suffice_where_few_invoices_have_it():
    decision = decide(50_370, "VIR INST FACTOFRANCE FRN 04842")
    assert (decision.action, paid(decision)) == ("post", [11])
    assert "match.only_such" in codes(decision)
    usual = tuple(item(100 + at, NOEL, f"FA2026-0{7000 + at}", 50_370) for at in range(30))
    many = replace(OPENING, items=(*ITEMS, *usual))
    asked = decide(50_370, "VIR INST FACTOFRANCE FRN 04842", many)
    assert (asked.action, paid(asked)) == ("propose", [11])


def test_a_cut_number_of_a_stranger_needs_a_rare_amount():
    assert decide(50_370, "REGLT FACT FA2026-0484", payer_name="HOLDING RIO").action == "post"
    usual = tuple(item(100 + at, NOEL, f"FA2026-0{7000 + at}", 50_370) for at in range(3))
    some = replace(OPENING, items=(*ITEMS, *usual))
    stranger = decide(50_370, "REGLT FACT FA2026-0484", some, payer_name="HOLDING RIO")
    assert (stranger.action, paid(stranger)) == ("propose", [11])
    alike = decide(50_370, "REGLT FACT FA2026-0484", some, payer_name="MENUISERI")
    assert (alike.action, paid(alike)) == ("post", [11])


def test_a_name_that_is_also_another_customer_s_does_not_stop_numbers_in_full():
    label = "TERRAVIA FA2026-06002 FA2026-06044"
    decision = decide(45_360, label, payer_name="TERRAVIA")
    assert (decision.action, paid(decision)) == ("post", [61, 62])
    other = decide(50_370, "FA2026-04842", payer_name="TERRAVIA")
    assert (other.action, codes(other)[-1]) == ("propose", "match.veto_name")


def test_an_end_that_fits_a_paid_number_too_is_twice_only_when_the_amount_was_paid_before():
    settled = item(13, DUVAL, "FA2026-14842", 0, due=60)
    opening = replace(OPENING, items=(*ITEMS, settled))
    decision = decide(50_370, "FACT 4842", opening, payer_iban=OWN)
    assert (decision.action, paid(decision)) == ("post", [11])
    before = replace(opening, recent=((1, 50_370, "EUR", DAY - timedelta(days=9)),))
    assert decide(50_370, "FACT 4842", before, payer_iban=OWN).action == "propose"


def test_much_of_an_invoice_is_not_given_up_as_a_fee_unasked():
    small = replace(OPENING, items=(item(11, DUVAL, "FA2026-04842", 10_000),))
    asked = decide(8_000, "FA2026-04842", small, payer_iban=OWN)
    assert (asked.action, asked.hypotheses[0].reason) == ("propose", "bank_fee")
    assert "match.large_fee" in codes(asked)
    posted = decide(9_000, "FA2026-04842", small, payer_iban=OWN)
    assert (posted.action, posted.hypotheses[0].reason) == ("post", "bank_fee")


def test_a_part_payment_beside_a_second_number_that_is_cut_is_shown():
    decision = decide(40_000, "FACT FA2026-04842 + FA2026-05", payer_iban=OWN)
    assert decision.action == "propose"
    assert "match.begun_more" in codes(decision)
    assert decide(40_000, "FACT FA2026-04842", payer_iban=OWN).action == "post"


def test_the_oldest_invoices_with_all_those_named_are_shown_first():
    more = tuple(
        item(70 + at, DUVAL, f"FA2026-0{5200 + at}", 12_000, due=50 - at) for at in range(8)
    )
    label = "FACT FA2026-05200 FA2026-05202"
    decision = decide(48_000, label, replace(OPENING, items=more), payer_iban=OWN)
    assert (decision.action, paid(decision)) == ("propose", [70, 71, 72, 73])
    assert decision.hypotheses[0].kind == "cited_prefix"


def test_the_oldest_invoice_less_a_credit_is_shown_before_a_spread():
    owed = tuple(
        item(70 + at, DUVAL, f"FA2026-0{5200 + at}", 12_000, due=50 - at) for at in range(8)
    )
    opening = replace(OPENING, items=owed, credits=(OpenCredit(9, 1, "EUR", 2_500, "AV2026-7"),))
    decision = decide(9_500, "REGLEMENT", opening, payer_iban=OWN)
    assert decision.action == "propose"
    assert decision.hypotheses[0].credit_uses == ((9, 70, 2_500),)


def test_a_return_is_known_by_the_name_or_the_mandate_in_its_label():
    def debit(customer: Customer, line_id: int, mandate: str) -> Paid:
        day = DAY - timedelta(days=8)
        return Paid(customer.id, 17_880, "EUR", day, payment_id=line_id, mandate_id=mandate)

    opening = replace(OPENING, payments=(debit(DUVAL, 1, "RUM000041"), debit(NOEL, 2, "RUM000042")))
    for label in ("REJET PRLV SEPA MENUISERIE DUVA COMPTE CLOTURE", "IMPAYE RUM000041 AM04"):
        decision = decide(-17_880, label, opening, is_return=True)
        assert (decision.action, decision.hypotheses[0].customer_id) == ("post", 1)
    assert decide(-17_880, "REJET PRLV AM04", opening, is_return=True).action == "propose"


def test_a_short_number_of_the_payer_s_own_says_as_much_as_a_long_one():
    plain = (item(11, DUVAL, "38217", 50_370), item(12, DUVAL, "2026", 71_115))
    opening = replace(OPENING, items=(*plain, *ITEMS[2:]))
    part = decide(20_000, "ACOMPTE FACT 38217", opening, payer_iban=OWN)
    assert (part.action, dict(part.hypotheses[0].parts)) == ("post", {11: 20_000})
    cents = decide(50_340, "FACT 38217", opening, payer_iban=OWN)
    assert (cents.action, cents.hypotheses[0].reason) == ("post", "cents")
    year = decide(20_000, "ACOMPTE MARS 2026", opening, payer_iban=OWN)
    stranger = decide(20_000, "ACOMPTE FACT 38217", opening, payer_name="HOLDING RIO")
    assert [year.action, stranger.action] == ["propose", "propose"]


def test_a_short_number_parted_by_a_space_is_the_payer_s_own():
    plain = (item(11, DUVAL, "38217", 12_000), item(12, DUVAL, "38218", 12_000))
    opening = replace(OPENING, items=(*plain, *ITEMS[2:]))
    decision = decide(12_000, "VIR SEPA REGLT FACT 38 218", opening, payer_iban=OWN)
    assert (decision.action, paid(decision)) == ("post", [12])
    assert "match.parted" in codes(decision)
    both = decide(12_030, "FACT 38217 382 18", opening, payer_iban=OWN)
    assert both.action == "propose"


def test_money_that_waits_for_a_person_counts_as_received():
    owed = (item(11, DUVAL, "FA2026-04842", 12_000), item(12, DUVAL, "FA2026-04843", 12_000))
    opening = replace(OPENING, items=(*owed, item(13, DUVAL, "FA2026-04844", 31_111)))
    first = Line(1, DAY - timedelta(days=3), 12_000, "EUR", "REGLEMENT", payer_iban=OWN)
    named = Line(2, DAY - timedelta(days=2), 12_000, "EUR", "FA2026-04842", payer_iban=OWN)
    again = Line(3, DAY, 12_000, "EUR", "REGLEMENT", payer_iban=OWN)
    actions = [decision.action for decision in decide_all(opening, [first, named, again])]
    assert actions == ["propose", "post", "propose"]


def test_who_pays_for_several_or_names_another_pays_no_part_unasked():
    opening = replace(OPENING, links=(("HOLDING RIO", 1, 2), ("HOLDING RIO", 2, 3)))
    several = decide(20_000, "FA2026-04842", opening, payer_name="HOLDING RIO")
    assert (several.action, codes(several)[-1]) == ("propose", "match.veto_party")
    another = decide(20_000, "FA2026-04842 CLIENT CL0002", payer_iban=OWN)
    assert (another.action, codes(another)[-1]) == ("propose", "match.veto_named")


def test_half_of_an_invoice_is_not_netted_with_a_credit_nobody_speaks_of():
    credit = OpenCredit(9, 1, "EUR", 25_185, "AV2026-7")
    opening = replace(OPENING, credits=(credit,))
    assert decide(25_185, "FACTURES", opening, payer_iban=OWN).action == "propose"
    assert decide(50_370 + 71_115 - 25_185, "FACTURES", opening, payer_iban=OWN).action == "post"
