"""What stands right behind the word for an invoice, orders beside numbers, and payers akin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, OpenCredit, Opening
from amiable.core.matching.invoice_words import invoice_days, parted_numbers

DAY = date(2026, 11, 20)
IBAN = "FR7630006000011234567890189"
DUVAL, NORDIS = Customer(1, "Menuiserie Duval SARL"), Customer(2, "Nordis Lyon EURL")
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
