"""Readings that look right and are not: what an accountant would stop at, the engine stops at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.matching.amounts import without_amount
from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, OpenCredit, Opening
from amiable.core.matching.labels import Finder, tails
from amiable.core.matching.names import sender_tokens

DAY = date(2026, 11, 20)
DUVAL = Customer(1, "Menuiserie Duval SARL", "C1031")
PROXIBAT = Customer(2, "Proxibat Angers", "C1187")
IBAN1 = "FR7630006000011234567890189"
BASE = Opening(items=(), customers=(DUVAL, PROXIBAT), ibans=((IBAN1, 1),))


def item(item_id: int, number: str, open_minor: int, *, customer: int = 1, days: int = -10) -> Item:
    return Item(item_id, customer, number, "EUR", DAY + timedelta(days=days), open_minor)


def decide(amount: int, label: str, *items: Item, credits_=(), **fields) -> Decision:
    given = Line(1, DAY, amount, "EUR", label, **{"payer_iban": IBAN1, **fields})
    opening = replace(BASE, items=items, credits=tuple(credits_))
    (decision,) = decide_all(opening, [given])
    return decision


@pytest.mark.parametrize("written", ["26-0042", "26/0042", "26 0042", "260042"])
def test_a_short_number_is_found_as_it_is_written(written):
    twins = [item(11, "26-0042", 12_000), item(12, "26-0043", 12_000)]
    decision = decide(12_000, f"FACT {written}", *twins)
    assert decision.action == "post"
    assert dict(decision.hypotheses[0].parts) == {11: 12_000}


def test_separators_where_our_numbers_have_none_are_not_read_over():
    finder = Finder(["260042", "4711"])
    finder.add_written("26-0042")
    assert not finder.find("LOT 47 11 PORTE 2-60042")
    assert [found.key for found in finder.find("FACT 26-0042")] == ["260042"]


def test_the_number_of_a_credit_note_is_not_the_end_of_an_invoice():
    assert tails("FACT 4711 MOINS AV218260") == {"4711"}
    assert tails("FACT 4711 AVOIR 218260 RAVEL 218261") == {"4711", "218261"}


@pytest.mark.parametrize(
    ("label", "words", "whole"),
    [
        ("VIR RECU 5604411234S DE: MENUISERIE DUVAL MOTIF: V/CDE 12", ("MENUISERIE", "DUVAL"), True),
        ("VIREMENT EN VOTRE FAVEUR DE MENUISERIE DUVAL", ("MENUISERIE", "DUVAL"), False),
        ("VIR PERMANENT MENUISERIE DUVAL", ("MENUISERIE", "DUVAL"), False),
        ("VIR INST RECU DE: MENUISERIE DUVAL", ("MENUISERIE", "DUVAL"), False),
    ],
)  # fmt: skip
def test_payers_are_read_from_the_labels_of_french_banks(label, words, whole):
    assert sender_tokens(label) == (words, whole)


def stopped(decision: Decision, code: str) -> bool:
    """Shown to a person, for this reason among others."""
    said = {s.code for h in decision.hypotheses for s in h.evidence}
    return decision.action == "propose" and code in said


def test_amount_of_one_customer_is_not_posted_when_the_text_names_another():
    mine = item(11, "219001", 48_000)
    for text in ("SOLDE PROXIBAT ANGERS", "CLIENT C1187"):
        assert stopped(decide(48_000, text, mine), "match.veto_named")
    assert decide(48_000, "SOLDE MENUISERIE DUVAL CLIENT C1031", mine).action == "post"


def test_name_of_another_inside_the_payers_own_says_nothing():
    opening = replace(
        BASE,
        items=(item(11, "219001", 48_000),),
        customers=(DUVAL, Customer(2, "Duval Menuiserie Metz SAS")),
        ibans=((IBAN1, 1),),
    )
    text = "VIR SEPA RECU /DE DUVAL MENUISERIE METZ /MOTIF SOLDE /REF"
    (decision,) = decide_all(opening, [Line(1, DAY, 48_000, "EUR", text, payer_iban=IBAN1)])
    assert decision.action == "post"


def test_references_of_another_that_only_together_make_the_amount_are_asked_about():
    mine = item(11, "219001", 48_000)
    others = [item(21, "220086", 24_000, customer=2), item(22, "220225", 24_000, customer=2)]
    assert stopped(decide(48_000, "CESSION 220086 220225", mine, *others), "match.veto_elsewhere")


@pytest.mark.parametrize("text", ["PROFORMA 2026-53", "ACOMPTE 30% DEVIS 812", "FACTURE 1/3"])
def test_money_ahead_or_in_part_is_not_an_invoice_of_its_amount(text):
    assert decide(24_000, text, item(11, "219001", 24_000)).action == "propose"


def test_a_part_payment_said_so_is_no_bank_fee_and_no_credit_note():
    mine = item(11, "FA2026-0042", 12_000)
    assert stopped(decide(10_000, "FA2026-0042 1ER VERSEMENT", mine), "match.part_said")
    note = OpenCredit(91, 1, "EUR", 2_345, "AV2026-0003")
    said = decide(9_655, "FA2026-0042 1ER VERSEMENT", mine, credits_=[note])
    assert stopped(said, "match.part_said")


@pytest.mark.parametrize(
    ("amount", "code"), [(118_800, "match.late_discount"), (115_000, "match.round_part")]
)
def test_a_late_discount_or_a_round_sum_is_no_bank_fee(amount, code):
    mine = item(11, "FA2026-0042", 117_000 if code == "match.round_part" else 120_000)
    assert stopped(decide(amount, "FA2026-0042", mine), code)
    assert decide(118_777, "FA2026-0042", item(11, "FA2026-0042", 120_000)).action == "post"


def test_a_credit_nobody_speaks_of_must_be_missing_by_more_than_chance():
    """On a price list a half payment leaves just a credit; an odd amount does not by chance."""
    half = OpenCredit(91, 1, "EUR", 12_000, "AV2026-0003")
    mine = item(11, "FA2026-0042", 24_000)
    assert stopped(decide(12_000, "FA2026-0042", mine, credits_=[half]), "match.credit_unsaid")
    spoken = decide(12_000, "FA2026-0042 MOINS AVOIR", mine, credits_=[half])
    assert spoken.action == "post"
    odd = OpenCredit(91, 1, "EUR", 3_481, "AV2026-0003")
    silent = decide(
        120_000 - 3_481, "FA2026-0042", item(11, "FA2026-0042", 120_000), credits_=[odd]
    )
    assert silent.action == "post"


def test_a_balance_less_a_credit_is_not_posted_when_invoices_alone_make_it():
    credit = OpenCredit(91, 1, "EUR", 4_900, "AV2026-0003")
    items = [item(11, "1", 14_900), item(12, "2", 4_900), item(13, "3", 4_900)]
    assert decide(19_800, "VIREMENT", *items, credits_=[credit]).action == "propose"


def test_an_exact_invoice_less_a_credit_that_is_named_is_asked_about():
    credit = OpenCredit(91, 1, "EUR", 24_000, "AV2026-0003")
    items = [item(11, "FA2026-0042", 24_000), item(12, "FA2026-0024", 24_000)]
    text = "FA2026-0042 FA0226-0024 MOINS AVOIR"
    assert stopped(decide(24_000, text, *items, credits_=[credit]), "match.credit_differs")


def test_a_part_of_one_invoice_that_pays_another_in_full_is_asked_about():
    items = [item(11, "FA2026-0042", 48_000, days=-20), item(12, "FA2026-0049", 36_000)]
    assert stopped(decide(36_000, "FACT FA2026-0042", *items), "match.other_exact")
    assert stopped(decide(35_994, "FACT FA2026-0042", *items), "match.other_exact")
    assert decide(20_000, "FACT FA2026-0042", *items).action == "post"


def test_the_same_part_again_within_days_is_asked_about():
    items = (item(11, "FA2026-0042", 48_000),)
    lines = [Line(n, DAY, 10_000, "EUR", "FA2026-0042", payer_iban=IBAN1) for n in (1, 2)]
    first, second = decide_all(replace(BASE, items=items), lines)
    assert first.action == "post"
    assert stopped(second, "match.repeated")


def test_the_end_of_a_cited_credit_note_names_no_invoice():
    credit = OpenCredit(91, 1, "EUR", 2_475, "AVF-C1170-058")
    items = [item(11, "F-C1170-005", 4_900), item(12, "F-C1170-058", 9_900), item(13, "F-C9", 77)]
    text = "FACT F-C1170-005 MOINS AVOIR AVF-C1170-058"
    assert decide(12_325, text, *items, credits_=[credit]).action == "propose"


def of_creditor(owed: int, received: int | None, creditors) -> Decision:
    """An exact payment of one creditor's invoice, received on an account of another or the same."""
    duval = replace(DUVAL, creditor_id=owed)
    opening = replace(BASE, customers=(duval, PROXIBAT), creditors=creditors,
                      items=(item(11, "FA2026-0042", 12_000),))  # fmt: skip
    line = Line(
        1, DAY, 12_000, "EUR", "FACT FA2026-0042", payer_iban=IBAN1, creditor_id=received
    )  # fmt: skip
    (decision,) = decide_all(opening, [line])
    return decision


def test_money_on_an_account_of_one_creditor_pays_no_debt_to_another_unasked():
    both = ((1, "Atelier Vauban"), (2, "Transports Gaudin"))
    decision = of_creditor(owed=2, received=1, creditors=both)
    assert decision.action == "propose"
    assert "match.veto_creditor" in [each.code for each in decision.evidence]
    assert of_creditor(owed=1, received=1, creditors=both).action == "post"
    # A creditor without an account of its own is paid on the agency's.
    assert of_creditor(owed=3, received=1, creditors=both).action == "post"
    assert of_creditor(owed=2, received=1, creditors=()).action == "post"
    assert of_creditor(owed=2, received=None, creditors=both).action == "post"


@pytest.mark.parametrize(
    "label",
    [
        "FACT FA-2026-39966 360,00 EUR",
        "RGT FA-2026-399 66 360,00 EUR",
        "REGLTFACTFA-2026-39966360,00EUR",
        "FA-2026-39966 360.00",
    ],
)
def test_the_amount_beside_a_number_does_not_swallow_its_end(label):
    twins = [item(11, "FA-2026-39966", 36_000), item(12, "FA-2026-40271", 36_000)]
    decision = decide(36_000, label, *twins)
    assert decision.action == "post"
    assert dict(decision.hypotheses[0].parts) == {11: 36_000}


def test_only_the_amount_of_the_line_itself_is_taken_out():
    assert without_amount("FA12 1 360,00 ET 49,00", 136_000) == "FA12          ET 49,00"
    assert without_amount("FA12 149,00", 4_900) == "FA12 149,00"
    assert without_amount("FA12 49,005", 4_900) == "FA12 49,005"
    assert without_amount("FA12", 4_900) == "FA12"


def test_a_seventh_to_a_half_missing_of_one_invoice_is_a_fee_or_a_part_a_person_says():
    decision = decide(5_143, "FACT FA-2026-12833", item(11, "FA-2026-12833", 6_993))
    assert decision.action == "propose"
    assert {h.kind for h in decision.hypotheses} >= {"bank_fee", "cited_partial"}


def test_cents_missing_where_a_credit_is_spoken_of_are_not_given_up_unasked():
    label = "FACT FAC202500589 DEDUCTION AVOIR AVAC202503119"
    decision = decide(599_246, label, item(11, "FAC202500589", 599_309))
    assert decision.action == "propose"
    assert "match.credit_differs" in [sentence.code for sentence in decision.evidence]


def test_what_is_called_a_part_is_no_discount():
    one = item(11, "FA-2026-14278", 9_900, days=9)
    assert decide(9_801, "ACOMPTE FACT FA-2026-14278", one).action == "propose"


def test_a_round_sum_near_a_discount_is_a_part():
    one = item(11, "FA-2026-14278", 19_900, days=9)
    exact, round_sum = (decide(amount, "FACT FA-2026-14278", one) for amount in (19_701, 19_700))
    assert (exact.action, exact.hypotheses[0].reason) == ("post", "discount")
    assert (round_sum.action, round_sum.hypotheses[0].kind) == ("post", "cited_partial")


def test_a_number_of_the_payers_own_file_is_no_invoice_misspelt():
    twins = [item(at, number, 9_900) for at, number in ((11, "6839"), (12, "7073"))]
    decision = decide(9_900, "VIR DOSSIER 6819", *twins, item(13, "6819", 5_000, customer=2))
    assert decision.action == "propose"


def test_the_number_of_a_credit_note_glued_to_a_word_is_no_invoice():
    owed = [item(at, number, 60_000) for at, number in ((11, "10646"), (12, "10492"))]
    decision = decide(53_000, "RGTFACT10646MOINSAV10492", *owed)
    assert decision.hypotheses[0].parts == ((11, 53_000),)


def test_a_cut_name_that_is_anothers_whole_name_does_not_outweigh_the_number():
    fils = Customer(3, "SNC Chevalier et Fils", "C1200")
    chevalier = Customer(4, "ETS Chevalier SA", "C1201")
    owed = replace(item(11, "FA-2026-10098", 43_131), customer_id=3)
    opening = replace(BASE, customers=(DUVAL, fils, chevalier), items=(owed,))
    line = Line(1, DAY, 43_131, "EUR", "/INV/FA-2026-10098", payer_name="SNC CHEVALIER ET")
    (decision,) = decide_all(opening, [line])
    assert decision.action == "post"
    (stranger,) = decide_all(
        opening, [replace(line, payer_name="ETS CHEVALIER SA PARIS", label="FA")]
    )
    assert stranger.action != "post"


def test_money_given_back_by_a_supplier_is_set_aside_unless_a_customer_pays_it():
    text = "VIR SEPA RECU /DE EDF ENTREPRISES /MOTIF REMBOURSEMENT TROP PERCU 6757"
    given_back = decide(4_000, text, payer_iban="")
    assert given_back.action == "ignore"
    assert [sentence.code for sentence in given_back.evidence] == ["match.kind_repaid"]
    assert decide(4_000, text, item(11, "FA-2026-1", 4_000)).action != "ignore"
