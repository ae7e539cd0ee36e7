"""Money out that is refunds of ours, one by one or in one sum; money in for several customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from amiable.core.matching.book import Book
from amiable.core.matching.engine import decide, decide_all
from amiable.core.matching.facts import Customer, Item, Line, Opening, Refund

DAY = date(2026, 11, 20)
IBAN = "FR7630006000011234567890189"
ONE = Refund(1, 1, 10_000, "EUR", IBAN, "Duval", "RBT00000100", DAY, 7, "RBF000007261120")
TWO = Refund(2, 2, 5_000, "EUR", "FR7610096000509876543210185", "Noël", "RBT00000200", DAY, 7,
             "RBF000007261120")  # fmt: skip
LOOSE = Refund(3, 1, 10_000, "EUR", IBAN, "Duval", "RBT00000300", DAY)
CUSTOMERS = (Customer(1, "Duval", "C1", 1), Customer(2, "Noël", "C2", 1))


def out(amount: int, label: str = "VIREMENT EMIS", **fields) -> Line:
    return Line(1, DAY, -amount, "EUR", label, **fields)


def decided(line: Line, *refunds: Refund, refused=frozenset()):
    opening = Opening(items=(), customers=CUSTOMERS, refunds=refunds, refused=refused)
    return decide(line, Book(opening))


def codes(decision) -> set[str]:
    return {sentence.code for sentence in decision.evidence}


@pytest.mark.parametrize("reference", ["RBT00000100", "RBT00000300"])
def test_our_end_to_end_id_alone_settles_a_refund_among_its_like(reference):
    (chosen,) = decided(out(10_000, end_to_end_id=reference), ONE, TWO, LOOSE).hypotheses
    assert chosen.sure
    assert chosen.repays == {"RBT00000100": 1, "RBT00000300": 3}[reference]


def test_a_longer_id_does_not_settle_the_refund_whose_id_it_begins_with():
    longer = replace(LOOSE, id=4, reference="RBT000001001")
    decision = decided(out(10_000, end_to_end_id="RBT000001001"), ONE, longer)
    assert (decision.action, decision.hypotheses[0].repays) == ("post", 4)


@pytest.mark.parametrize(
    "line",
    [out(15_000, "VIR SEPA EN REMISE RBF000007 261120"), out(15_000, batch_id="RBF000007261120")],
)
def test_one_debit_for_a_file_is_recognized_as_its_sum(line):
    decision = decided(line, ONE, TWO, LOOSE)
    assert (decision.action, decision.hypotheses[0].repays_file) == ("post", 7)
    assert decision.hypotheses[0].repays is None


def test_a_sum_without_the_reference_is_proposed_and_what_was_posted_is_gone():
    decision = decided(out(15_000), ONE, TWO)
    assert (decision.action, decision.hypotheses[0].repays_file) == ("propose", 7)
    lines = [replace(out(15_000, batch_id=ONE.file), id=i) for i in (1, 2)]
    opening = Opening(items=(), customers=CUSTOMERS, refunds=(ONE, TWO, LOOSE))
    first, second = decide_all(opening, lines)
    assert (first.action, second.action) == ("post", "ignore")


def test_a_file_of_another_sum_is_left_with_what_it_comes_to():
    decision = decided(out(12_000, batch_id=ONE.file), ONE, TWO)
    assert decision.action == "leave"
    assert "match.refunds_other_amount" in codes(decision)


def test_a_refund_that_is_named_with_another_amount_is_not_taken_for_its_like():
    named = replace(TWO, iban=IBAN)
    decision = decided(out(10_000, named.reference, payer_iban=IBAN), LOOSE, named)
    assert (decision.action, "match.refund_other_amount" in codes(decision)) == ("leave", True)


def test_the_only_refund_of_a_file_is_known_by_the_file():
    decision = decided(out(10_000, batch_id=ONE.file), ONE, LOOSE)
    assert (decision.action, decision.hypotheses[0].repays) == ("post", 1)


def test_a_file_that_a_person_turned_down_is_not_shown_again():
    (reading,) = decided(out(15_000), ONE, TWO).hypotheses
    assert decided(out(15_000), ONE, TWO, refused=frozenset({(1, reading.key)})).action == "ignore"


A = Item(1, 1, "FA2026-0001", "EUR", date(2026, 10, 1), 10_007)
B = Item(2, 2, "FA2026-0002", "EUR", date(2026, 10, 5), 25_011)
C = Item(3, 2, "FA2026-0003", "EUR", date(2026, 12, 5), 40_013)
GROUP = tuple(replace(each, group="HOLDING") for each in CUSTOMERS)
PARENT = "FR7610096000509876543210185"


def received(amount: int, label: str = "VIR", **fields) -> Line:
    return Line(1, DAY, amount, "EUR", label, **fields)


def readings(line: Line, **opening):
    given = {"items": (A, B, C), "customers": CUSTOMERS, **opening}
    decision = decide(line, Book(Opening(**given)))
    assert decision.action in {"propose", "leave"}
    return [(h.kind, dict(h.parts)) for h in decision.hypotheses]


def test_numbers_of_several_customers_that_make_the_amount_are_proposed_together():
    found = readings(received(35_018, "FACT FA2026-0001 ET FA2026-0002"))
    assert found[0] == ("several", {1: 10_007, 2: 25_011})


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        (35_018, {1: 10_007, 2: 25_011}),  # all that is due
        (75_031, {1: 10_007, 2: 25_011, 3: 40_013}),  # all that is open
        (50_020, {1: 10_007, 3: 40_013}),  # the only set
    ],
)
def test_what_a_group_owes_together_is_proposed(amount, parts):
    links = ((PARENT, 1, 1), (PARENT, 2, 3))
    found = readings(received(amount, payer_iban=PARENT), links=links)
    assert found[0] == ("several", parts)
    own = {"customers": GROUP, "ibans": ((IBAN, 1),)}
    assert readings(received(amount, payer_iban=IBAN), **own)[0] == ("several", parts)


def test_nobody_elses_invoices_nor_those_of_another_creditor_are_joined():
    alone = {"ibans": ((IBAN, 1),)}
    assert all(
        kind != "several" for kind, _ in readings(received(35_018, payer_iban=IBAN), **alone)
    )
    apart = (GROUP[0], replace(GROUP[1], creditor_id=2))
    shown = readings(received(35_018, payer_iban=IBAN), customers=apart, **alone)
    assert all(kind != "several" for kind, _ in shown)
    named = received(35_018, "FACT FA2026-0001 ET FA2026-0002")
    assert all(kind != "several" for kind, _ in readings(named, customers=apart))
