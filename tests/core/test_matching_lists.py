"""Lists of numbers as payers write them, money that came twice, and few invoices of one amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, Opening

DAY = date(2026, 11, 20)
DUVAL, NOEL = Customer(1, "Menuiserie Duval SARL", "C00001"), Customer(2, "Noël & Fils", "C00002")
IBAN = "FR7630006000011234567890189"
# A price list: many sets make the same sum.
ITEMS = tuple(
    Item(
        at,
        1,
        f"FA2026-{1230 + at:05d}",
        "EUR",
        DAY - timedelta(days=60 - at),
        12_000 * (1 + at % 3),
    )
    for at in range(1, 13)
)
OPENING = Opening(items=ITEMS, customers=(DUVAL, NOEL), ibans=((IBAN, 1),))


def decide(amount: int, label: str, opening: Opening = OPENING, **fields) -> Decision:
    line = Line(1, DAY, amount, "EUR", label, **fields)
    return list(decide_all(opening, [line]))[-1]


def owed(*ids: int) -> int:
    return sum(item.open_minor for item in ITEMS if item.id in ids)


def paid(decision: Decision) -> list[int]:
    return sorted(item_id for item_id, _ in decision.hypotheses[0].parts)


def codes(decision: Decision) -> list[str]:
    return [sentence.code for sentence in decision.evidence]


def test_a_list_with_its_prefix_written_once_is_posted_whole():
    decision = decide(owed(1, 5, 9), "FACT FA2026-01231/01235/01239", payer_name="DUVAL MENUISERIE")
    assert (decision.action, paid(decision)) == ("post", [1, 5, 9])
    assert "match.tails" in codes(decision)


def test_such_a_list_needs_no_name_beside_it():
    decision = decide(owed(1, 5, 9), "FA2026-01231 1235 1239", payer_name="GROUPE ROUVRAY")
    assert (decision.action, paid(decision)) == ("post", [1, 5, 9])


def test_a_list_of_ends_alone_is_posted_for_a_known_payer_only():
    text = "REGLT FACT 1232, 1236 ET 1240"
    known = decide(owed(2, 6, 10), text, payer_iban=IBAN)
    assert (known.action, paid(known)) == ("post", [2, 6, 10])
    assert decide(owed(2, 6, 10), text, payer_name="GROUPE ROUVRAY").action != "post"


def test_ends_that_do_not_make_the_amount_together_are_only_proposed():
    decision = decide(owed(2, 6), "REGLT FACT 1232 1236 1240", payer_iban=IBAN)
    assert decision.action == "propose"


def test_the_same_amount_again_is_shown_as_paid_twice_beside_the_invoice_it_could_pay():
    recent = ((1, 12_000, "EUR", DAY - timedelta(days=6)),)
    decision = decide(12_000, "VIR", replace(OPENING, recent=recent), payer_iban=IBAN)
    shown = [hypothesis.kind for hypothesis in decision.hypotheses]
    assert decision.action == "propose"
    assert shown.index("double") == 1
    assert decision.hypotheses[1].parts == ()
    assert decision.hypotheses[1].evidence[-1].code == "match.repeated"


def test_up_to_three_invoices_of_the_amount_of_a_cheque_are_shown_oldest_first():
    few = tuple(
        Item(50 + at, 1 + at % 2, f"FA2026-0{7000 + at}", "EUR", DAY - timedelta(days=at), 77_700)
        for at in range(3)
    )
    decision = decide(77_700, "REMISE CHEQUE 0012345", replace(OPENING, items=(*ITEMS, *few)))
    assert decision.action == "propose"
    assert [h.parts[0][0] for h in decision.hypotheses] == [52, 51, 50]
    assert decision.hypotheses[0].evidence[-1].code == "match.few_amounts"
    more = (*ITEMS, *few, replace(few[0], id=60, number="FA2026-07009"))
    assert decide(77_700, "REM CHQ", replace(OPENING, items=more)).action == "leave"


def plain_items(**numbers: int) -> Opening:
    """Invoices of Duval with these numbers and amounts, oldest first."""
    items = tuple(
        Item(at, 1, number.lstrip("n"), "EUR", DAY - timedelta(days=60 - at), amount)
        for at, (number, amount) in enumerate(numbers.items(), 1)
    )
    return replace(OPENING, items=items)


PLAIN = plain_items(n14099=12_100, n14253=24_200, n15117=12_000, n15216=25_900, n15475=36_000)


def test_the_second_number_of_a_pair_may_be_its_last_two_digits():
    decision = decide(36_300, "FACT 14099 ET 53", PLAIN, payer_iban=IBAN)
    assert (decision.action, paid(decision)) == ("post", [1, 2])
    assert "match.tails" in codes(decision)


def test_a_list_goes_on_where_the_bank_cut_a_number():
    label = "VIR SEPA MENUISERIE FA 14099;21 6;475 ECHEANCE"
    decision = decide(74_000, label, PLAIN, payer_iban=IBAN)
    assert (decision.action, paid(decision)) == ("post", [1, 4, 5])


def test_numbers_of_a_list_with_zeros_in_front_and_amounts_between_are_read():
    label = "FACTS 014253 242,00 0015117 120,00 5475 360,00"
    decision = decide(72_200, label, PLAIN, payer_iban=IBAN)
    assert (decision.action, paid(decision)) == ("post", [2, 3, 5])


def test_a_list_that_two_choices_of_invoices_explain_is_only_proposed():
    twins = plain_items(n14099=12_000, n14253=24_000, n15153=24_000, n15475=36_000)
    decision = decide(36_000, "FACT 14099 ET 53", twins, payer_iban=IBAN)
    assert decision.action == "propose"
    assert paid(decision) in ([1, 2], [1, 3])


@pytest.mark.parametrize("label", ["FACT 172 DU 12/01/2026", "FACTURE N°0145172", "FC 14517"])
def test_one_of_several_invoices_of_the_amount_is_named_in_short(label):
    twins = plain_items(n144528=12_000, n145172=12_000, n145681=12_000)
    decision = decide(12_000, label, twins, payer_iban=IBAN)
    assert (decision.action, paid(decision)) == ("post", [2])
    other = decide(12_000, "DOSSIER 172", twins, payer_iban=IBAN)
    assert other.action == "propose"
    alike = plain_items(n144172=12_000, n145172=12_000, n145178=12_000)
    assert decide(12_000, "FACT 172 OU 14517", alike, payer_iban=IBAN).action == "propose"


def test_a_number_with_zeros_in_front_needs_no_known_payer_when_it_is_whole():
    twins = plain_items(n147095=45_000, n146701=45_000)
    decision = decide(45_000, "VIR INST ELODIE MERCIER FACTURE 0147095", twins)
    assert decision.hypotheses[0].parts == ((1, 45_000),)


def test_the_last_number_of_a_list_may_be_cut_at_its_end():
    twins = plain_items(n9221=12_000, n9257=12_000, n9450=12_000, n8794=12_000, n8101=7_000)
    decision = decide(36_000, "9221+9257+94", twins, payer_iban=IBAN)
    assert decision.action == "propose"


def test_slips_that_lead_to_others_do_not_hide_the_list_of_the_payer():
    others = tuple(
        Item(90 + at, 2, number, "EUR", DAY, 5_000 + at)
        for at, number in enumerate(("FA2026-01213", "FA2026-02135"))
    )
    opening = replace(OPENING, items=(*ITEMS, *others))
    label = "FACT FA2026-01213 FA2026-02135"  # 01231 and 01235, digits exchanged
    decision = decide(owed(1, 5), label, opening, payer_iban=IBAN)
    assert (decision.action, paid(decision)) == ("post", [1, 5])


def test_a_pair_whose_sum_is_not_the_amount_is_no_part_payment_of_the_first():
    decision = decide(2_236, "RGT FACT 14099 ET 01", PLAIN, payer_iban=IBAN)
    assert decision.action == "propose"
    assert "match.begun_more" in codes(decision)


def test_invoices_that_follow_one_another_are_shown_when_nothing_else_tells():
    # 120, 240 and 360 each: the 2nd to the 4th, among many sets of this sum.
    opening = plain_items(
        n1=7_000, n2=24_000, n3=36_000, n4=18_000, n5=60_000, n6=24_000, n7=12_000, n8=42_000
    )
    decision = decide(78_000, "VIR", opening, payer_iban=IBAN)
    assert decision.action == "propose"
    assert [2, 3, 4] in [sorted(i for i, _ in h.parts) for h in decision.hypotheses]


def test_a_slip_right_behind_the_word_tells_invoices_of_one_amount_apart():
    twins = plain_items(n144528=12_000, n145172=12_000, n145681=12_000)
    decision = decide(12_000, "FACT 145712", twins, payer_iban=IBAN)
    assert (decision.action, paid(decision)) == ("post", [2])


def test_of_many_invoices_near_the_amount_the_oldest_short_of_cents_are_shown():
    twins = plain_items(n1445=36_000, n1451=36_000, n1456=36_000, n1457=36_900, n1458=37_000)
    decision = decide(35_999, "LOYER", twins, payer_iban=IBAN)
    assert decision.action == "propose"
    assert [h.reason for h in decision.hypotheses][:2] == ["cents", "cents"]
    assert decision.hypotheses[0].parts == ((1, 35_999),)


def test_a_last_number_that_may_begin_as_those_before_is_asked_about():
    # 1231 in full and "123": the end of none, the beginning of all; or an end, "31".
    items = (*ITEMS[:2], Item(50, 1, "FA2026-44123", "EUR", DAY, 33_300))
    opening = replace(OPENING, items=items)
    amount = ITEMS[0].open_minor + 33_300
    whole = decide(amount, "FACT 1231 - 44123", opening, payer_iban=IBAN)
    assert (whole.action, paid(whole)) == ("post", [1, 50])
    assert decide(amount, "FACT 1231 - 123", opening, payer_iban=IBAN).action == "propose"
    assert decide(amount, "FACT 1231 - 4123", opening, payer_iban=IBAN).action == "post"
