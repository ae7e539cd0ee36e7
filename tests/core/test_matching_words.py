"""What stands right behind the word for an invoice, orders beside numbers, and payers akin."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, OpenCredit, Opening
from amiable.core.matching.words import (
    invoice_days,
    months_named,
    names_credit,
    parted_numbers,
)

DAY = date(2026, 11, 20)
IBAN = "FR7630006000011234567890189"
DUVAL, NORDIS = Customer(1, "Menuiserie Duval SARL", "C0530"), Customer(2, "Nordis Lyon EURL")
SEPTEMBER, OCTOBER = date(2026, 9, 7), date(2026, 10, 7)


def item(
    number: int, name: str, amount: int, *, customer: int = 1, issued: date = OCTOBER, **fields
):
    due = issued + timedelta(days=30)
    return Item(number, customer, name, "EUR", due, amount, issued_on=issued, **fields)


def decide(amount: int, label: str, *items: Item, credits_=(), **fields) -> Decision:
    opening = Opening(items=items, customers=(DUVAL, NORDIS), ibans=((IBAN, 1),), credits=credits_)
    fields = {"payer_iban": IBAN, **fields}
    (decision,) = decide_all(opening, [Line(1, DAY, amount, "EUR", label, **fields)])
    return decision


def paid(decision: Decision) -> list[int]:
    return sorted(item_id for item_id, _ in decision.hypotheses[0].parts)


def codes(decision: Decision) -> list[str]:
    return [sentence.code for sentence in decision.evidence]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("REGLEMENT FACTURE DU 07/11/2025", {date(2025, 11, 7)}),
        ("VIR DE X FACT. DU 7.11.25 MERCI", {date(2025, 11, 7)}),
        ("FACTURE DU 07/09/2026 ET FACTURE DU 07-10-2026", {SEPTEMBER, OCTOBER}),
        ("VIR SEPA SCIERIE DUVAL FACTURE D U 23/03/20 26", {date(2026, 3, 23)}),
        ("Facture en date du 07/11/2025", {date(2025, 11, 7)}),
        ("FACT FA2026-0042 DU 12/05/2026", set()),  # the number says it
        ("FACTURE DU 31/02/2026", set()),  # no such day
        ("VOTRE RELEVE DU 09/01/2026", set()),
        ("FACTURE DU MOIS", set()),
    ],
)
def test_days_of_invoices_are_read_behind_the_word(text, days):
    assert invoice_days(text) == days


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("VIR FACTURE 3.647 PIECE 65046", {"3647"}),
        ("REGLT FACT 7 687", {"7687"}),
        ("/INV/5.023 251022", {"5023"}),
        ("FACTURE NO 38 200", {"38200"}),
        ("FACTURE 1 234,50", set()),  # an amount
        ("FACTURE 1.234.500", set()),
        ("LOYER 3 647", set()),  # not behind the word
    ],
)
def test_numbers_parted_as_amounts_are_read_behind_the_word(text, numbers):
    assert parted_numbers(text) == numbers


def test_of_invoices_of_one_amount_the_one_of_the_day_named_is_posted():
    twins = item(11, "FA2026-0042", 12_000, issued=SEPTEMBER), item(12, "FA2026-0043", 12_000)
    assert decide(12_000, "VIR FACTURE", *twins).action == "propose"
    decision = decide(12_000, "VIR FACTURE DU 07/10/2026", *twins)
    assert (decision.action, paid(decision)) == ("post", [12])
    assert "match.dated" in codes(decision)


def test_a_day_of_several_invoices_tells_them_only_together():
    items = [item(n, f"FA2026-004{n}", 10_000 * n) for n in (1, 2, 3)]
    items += [item(n, f"FA2026-004{n}", 30_000, issued=SEPTEMBER) for n in (4, 5)]
    decision = decide(60_000, "FACTURE DU 07/10/2026", *items)
    assert (decision.action, paid(decision)) == ("post", [1, 2, 3])
    assert decide(30_000, "FACTURE DU 08/10/2026", *items).action == "propose"


def test_money_for_an_invoice_of_a_day_that_is_paid_is_not_posted_on_another():
    before, now = item(11, "FA2026-0042", 0, issued=SEPTEMBER), item(12, "FA2026-0043", 12_000)
    assert decide(12_000, "VIR FACTURE", before, now).action == "post"
    decision = decide(12_000, "VIR FACTURE DU 07/09/2026", before, now)
    assert decision.action == "propose"
    assert "match.already_paid" in codes(decision) or "double" in [
        h.kind for h in decision.hypotheses
    ]


def test_a_day_that_is_no_invoice_of_the_payer_says_nothing():
    one = item(12, "FA2026-0043", 12_000)
    assert decide(12_000, "VIR FACTURE DU 12/05/2026", one).action == "post"


def test_a_number_parted_as_an_amount_is_the_payers_own():
    twins = [item(n, str(number), 12_000) for n, number in enumerate((3646, 3647, 3648), 1)]
    decision = decide(12_000, "VIR FACTURE 3.647", *twins)
    assert (decision.action, paid(decision)) == ("post", [2])
    assert "match.parted" in codes(decision)


def test_an_invoice_named_by_its_order_beside_a_number_is_paid_with_it():
    first = item(11, "FA2026-0042", 100_822)
    second = item(12, "FA2026-0043", 14_713, order_reference="BC72328")
    text = "MOTIF BC72328 + FA2026-0042"
    decision = decide(115_535, text, first, second)
    assert (decision.action, paid(decision)) == ("post", [11, 12])
    note = OpenCredit(31, 1, "EUR", 50_000, "AV2026-0003")
    netted = decide(65_535, text, first, second, credits_=(note,))
    assert netted.hypotheses[0].credit_uses
    assert {i for i, _ in netted.hypotheses[0].parts} | {11} == {11, 12}


def test_what_pays_less_than_both_is_no_part_of_the_one_with_a_number():
    first = item(11, "FA2026-0042", 100_822)
    second = item(12, "FA2026-0043", 14_713, order_reference="BC72328")
    assert decide(65_000, "MOTIF BC72328 + FA2026-0042", first, second).action == "propose"
    alone = decide(65_000, "MOTIF BC72329 + FA2026-0042", first, second)
    assert (alone.action, paid(alone)) == ("post", [11])


def test_the_order_of_another_customer_says_nothing_beside_a_number():
    first = item(11, "FA2026-0042", 100_822)
    second = item(12, "FA2026-0043", 14_713, customer=2, order_reference="BC72328")
    decision = decide(65_000, "MOTIF BC72328 + FA2026-0042", first, second)
    assert (decision.action, paid(decision)) == ("post", [11])


def test_a_payer_akin_to_the_owner_of_a_number_one_slip_away_is_asked_about():
    named, meant = item(11, "FA-2026-07174", 12_000), item(12, "FA-2026-07144", 12_000, customer=2)
    stranger = {"payer_iban": "", "payer_name": "GROUPE NORDIS HOLDING"}
    decision = decide(12_000, "PAIEMENT FA-2026-07174", named, meant, **stranger)
    assert decision.action == "propose"
    far = replace(meant, number="FA-2026-08155")
    assert decide(12_000, "PAIEMENT FA-2026-07174", named, far, **stranger).action == "post"


def test_the_year_of_a_date_that_a_bank_cut_is_no_number():
    year = item(11, "2026", 72_000, customer=2)
    stranger = {"payer_iban": "", "payer_name": ""}
    text = "VIR INST GROUPE WATTEO 559 REF 935218 DU 16/0 1/2026"
    assert decide(72_000, text, year, **stranger).action != "post"


def test_all_invoices_of_the_amount_are_compared_with_a_garbled_number():
    items = [item(n, f"VT-{20_000 + 11 * n}", 19_800) for n in range(1, 90)]
    items[4] = item(5, "VT-10269", 19_800)  # one sign from what is written
    assert paid(decide(19_800, "RGT FC VT-10249", *items)) == [5]
    items[79] = item(80, "VT-10294", 19_800)  # two signs exchanged
    assert decide(19_800, "RGT FC VT-10249", *items).action == "propose"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("VIR VOS FACTURES DE JUILLET", {(7, 0)}),
        ("RLV AOUT 2026", {(8, 2026)}),
        ("VIR SEPA ISOSYS SA REF FACTURES JU ILLET", {(7, 0)}),  # cut by the bank
        ("REGLEMENT MOIS DE JANVIER", {(1, 0)}),
        ("LOYER MARS", set()),  # paid for, not invoiced in
        ("VIR SOLDE MARTIN PRESTATION MAINTENANCE", set()),
        ("SOLDE MARS 26", {(3, 2026)}),
        ("FACT DEC.", {(12, 0)}),
    ],
)
def test_months_are_read_where_a_text_says_that_it_pays_them(text, named):
    assert months_named(text) == named


def test_a_month_named_and_paid_to_the_cent_is_posted_unless_prices_repeat():
    odd = [item(n, f"FA2026-004{n}", 90_007 * n + n * n) for n in (1, 2, 3)]
    rng = random.Random(4)
    odd += [item(n, f"FA-{n}", rng.randint(5_000, 60_000), issued=SEPTEMBER) for n in range(4, 40)]
    total = sum(each.open_minor for each in odd[:3])
    assert decide(total, "VIR", *odd).action == "propose"
    decision = decide(total, "VIR FACTURES OCTOBRE", *odd)
    assert (decision.action, paid(decision)) == ("post", [1, 2, 3])
    assert "match.month_named" in codes(decision)
    prices = [item(n, f"FA2026-004{n}", 12_000) for n in (1, 2, 3)]
    prices += [item(n, f"FA2026-004{n}", 12_000, issued=SEPTEMBER) for n in (4, 5, 6)]
    shown = decide(36_000, "VIR FACTURES OCTOBRE", *prices)
    assert (shown.action, paid(shown)) == ("propose", [1, 2, 3])


def test_a_fee_or_discount_taken_off_is_no_credit_note():
    assert not names_credit("FA2026-0042 FRAIS BANCAIRES DEDUITS")
    assert not names_credit("FA2026-0042 ESC 2% DEDUIT")
    assert names_credit("FA2026-0042 AVOIR DEDUIT")
    assert names_credit("FA2026-0042 MONTANT DEDUIT")


def test_of_two_credits_of_one_amount_the_one_named_is_used():
    one = item(11, "FA2026-0042", 50_000)
    notes = [OpenCredit(n, 1, "EUR", 9_900, f"AV2026-000{n}") for n in (31, 32)]
    notes = [replace(note, number=f"AV2026-00{note.entry_id}") for note in notes]
    decision = decide(40_100, "FA2026-0042 MOINS AV2026-0032", one, credits_=tuple(notes))
    assert decision.action == "post"
    assert [used[0] for used in decision.hypotheses[0].credit_uses] == [32]


def test_years_and_the_code_of_the_customer_are_no_ends_of_numbers():
    twins = [item(1, "FA-02026", 12_000), item(2, "FA-00530", 12_000), item(3, "FA-00777", 12_000)]
    assert decide(12_000, "ABONNEMENT NOVEMBRE 2026", *twins).action == "propose"
    assert decide(12_000, "VIR CLIENT C0530", *twins).action == "propose"
    assert decide(12_000, "VIR CLIENT C05 30 MERCI", *twins).action == "propose"
    assert paid(decide(12_000, "VIR FACTURE 777", *twins)) == [3]


def test_the_number_of_a_public_payment_or_order_is_no_number_of_ours():
    one = item(11, "5601", 24_000, customer=2)
    stranger = {"payer_iban": "", "payer_name": ""}
    text = "DDFIP CHATEAUROUX MANDAT 5601 BORD 393"
    assert decide(24_000, text, one, **stranger).action != "post"
    assert decide(24_000, "N/CDE CDE-25-5601", one, **stranger).action != "post"
    assert decide(24_000, "FACTURE 5601", one, **stranger).action == "post"


def test_the_number_of_a_paid_invoice_is_not_bent_into_that_of_another():
    paid_one, other = item(11, "11407", 0), item(12, "11487", 24_586, customer=2)
    stranger = {"payer_iban": "", "payer_name": "OCEDIT SA"}
    assert decide(24_586, "VIR FACTURE 11407", paid_one, other, **stranger).action != "post"


def test_a_label_that_begins_with_a_whole_name_tells_who_pays():
    own = item(11, "FA2026-0042", 24_000, customer=2)
    stranger = {"payer_iban": "", "payer_name": ""}
    decision = decide(24_000, "NORDIS LYON EURL FACTURE", own, **stranger)
    assert (decision.action, "match.name_same" in codes(decision)) == ("post", True)
    weak = item(12, "6451", 24_000)
    shown = decide(24_000, "NORDIS LYON REGLEMENT FACTURE 6451", weak, **stranger)
    assert shown.action == "propose"


def test_of_namesakes_the_legal_form_in_the_label_tells_one():
    twins = Customer(1, "SAS Galmat"), Customer(2, "Galmat SARL")
    items = item(11, "FA2026-0042", 24_000), item(12, "FA2026-0043", 31_000, customer=2)
    for form, owner in (("SAS", 11), ("SARL", 12)):
        amount = {11: 24_000, 12: 31_000}[owner]
        line = Line(1, DAY, amount, "EUR", f"VIR {form} GALMAT REGLEMENT")
        (decision,) = decide_all(Opening(items=items, customers=twins), [line])
        assert (decision.action, paid(decision)) == ("post", [owner])


def test_a_number_that_the_bank_cut_still_stands_in_the_text():
    one = item(11, "35697", 50_000)
    text = "VIREMENT DE MENUISERIE DUVAL 35 697 ESC 2%"
    decision = decide(49_000, text, replace(one, due_date=DAY), payer_iban="", payer_name="")
    assert (decision.action, decision.hypotheses[0].reason) == ("post", "discount")


def test_cents_too_much_are_not_kept_where_another_number_begins():
    first, second = item(11, "15351", 16_174), item(12, "15965", 94_000)
    decision = decide(16_178, "REGLEMENT FACTURES 15351, 1596", first, second)
    assert decision.action == "propose"


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("VIR SEPA RECU DE ASP AIDE APPRENTI SSAGE 927314", "aid"),
        ("VIR BPIFRANCE DEBLOCAGE PRET 5512", "loan"),
        ("VIR INST ENGIE REMBOURSEMENT FACTURE 256281595", "repaid"),
        ("VIR EDENRED FRANCE REGLEMENT", "payout"),
        ("VIR M DUPONT APPORT EN COMPTE COURANT", "internal"),
    ],
)
def test_more_money_that_is_no_receivable_is_set_aside(label, code):
    decision = decide(12_345, label, payer_iban="", payer_name="")
    assert (decision.action, codes(decision)) == ("ignore", [f"match.kind_{code}"])


@pytest.mark.parametrize(
    "text", ["FACT FA/2026/0042 ET 03", "FACT FA2026-0042, 6.200", "FACT FA2026-0042 ET 03"]
)
def test_another_number_that_begins_holds_a_part_payment(text):
    one = item(11, "FA2026-0042", 46_029)
    assert decide(42_383, text, one).action == "propose"
    assert decide(42_383, text.split(" ET")[0].split(",")[0], one).action == "post"


def test_the_number_of_a_credit_that_a_bank_cut_is_no_invoice():
    one = item(11, "22106", 31_000)
    assert decide(1_681, "FACTUREDU28/10/2025-AVOIRA V22106", one).action == "propose"


def test_of_two_numbers_of_a_stranger_one_of_them_unknown_neither_is_posted():
    one = item(11, "FAC202503298", 108_000)
    factor = {"payer_iban": "", "payer_name": "FACTOFRANCE"}
    text = "FACT FAC202500358,FAC202503298"
    assert decide(108_000, text, one, **factor).action == "propose"
    assert decide(108_000, text, one).action == "post"  # the customer's own account
    assert decide(108_000, "FACT FAC202503298", one, **factor).action == "post"


def test_an_account_under_the_name_of_another_customer_is_asked_about():
    one = item(11, "FA2026-0042", 36_000)
    for name in ("NORDIS LYON", "NORDYS LYON"):
        decision = decide(36_000, "VIR REGLEMENT", one, payer_name=name)
        assert (decision.action, "match.veto_name" in codes(decision)) == ("propose", True)
    for name in ("MENUISERIE DUVAL", "DUVAL MENUISERI", "JEANNE PETIT"):
        assert decide(36_000, "VIR REGLEMENT", one, payer_name=name).action == "post"
    assert decide(36_000, "FA2026-0042", one, payer_name="NORDIS LYON").action == "post"
