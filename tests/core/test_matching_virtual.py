"""Money on virtual IBANs: whom one stands for has paid, whatever the payer's text says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from amiable.core.matching.facts import Decision, Line, Virtual
from amiable.core.references import customer_reference
from tests.core.test_matching import BASE, DAY, IBAN1, IBAN2, N, codes, decide, line, parts

OURS, INVOICES, ENDED, FREE = "FR01V1", "FR02V2", "FR03V3", "FR04V4"
HELD = (
    Virtual(OURS, 1, since_on=DAY - timedelta(days=90)),
    Virtual(INVOICES, 1, "FA2026-0043", since_on=DAY - timedelta(days=10)),
    Virtual(ENDED, 1, since_on=DAY - timedelta(days=90), until_on=DAY - timedelta(days=1)),
    Virtual(FREE),
)
OPENING = replace(BASE, virtual=HELD)


def on(iban: str, amount: int, label: str = "VIR", **fields) -> Decision:
    opening = fields.pop("opening", OPENING)
    return decide(line(amount, label, credited_iban=iban, **fields), opening=opening)


WHATEVER_IS_SAID = [
    ("nothing", {"label": "VIR SEPA"}),
    ("a reference that is another's", {"label": "FACT FA2026-0050"}),
    ("a number that is none of ours", {"label": "FACT FA2026-9999"}),
    ("another's payment reference", {"label": "X", "structured_reference": customer_reference(2)}),
    ("a wrong check key", {"label": "X", "structured_reference": "RF00FA20260050"}),
    ("another's name", {"payer_name": "ETABLISSEMENTS NOEL ET FILS"}),
    ("another's account", {"payer_iban": IBAN2}),
    ("an unknown payer", {"payer_name": "HOLDING ZEPHYR"}),
]


@pytest.mark.parametrize(("_name", "said"), WHATEVER_IS_SAID, ids=[s[0] for s in WHATEVER_IS_SAID])
def test_an_exact_amount_is_posted_to_whom_the_iban_stands_for(_name, said):
    decision = on(OURS, 33_350, **said)
    assert (decision.action, parts(decision)) == ("post", {12: 33_350})
    assert decision.hypotheses[0].customer_id == 1
    assert "match.virtual_iban" in codes(decision)


@pytest.mark.parametrize(("_name", "said"), WHATEVER_IS_SAID, ids=[s[0] for s in WHATEVER_IS_SAID])
def test_the_iban_of_an_invoice_and_its_amount_post_on_it(_name, said):
    decision = on(INVOICES, 33_350, **said)
    assert (decision.action, parts(decision)) == ("post", {12: 33_350})
    assert "match.virtual_invoice" in codes(decision)


def test_evidence_says_that_the_reference_disagrees():
    assert "match.virtual_reference" in codes(on(OURS, 33_350, "FACT FA2026-0050"))
    assert "match.virtual_unknown" in codes(on(OURS, 33_350, "FACT FA2026-9999"))
    assert "match.virtual_payer" in codes(on(OURS, 33_350, payer_iban=IBAN2))
    assert not {"match.virtual_reference", "match.virtual_payer"} & set(codes(on(OURS, 33_350)))


@pytest.mark.parametrize("label", ["VIR", "ACOMPTE", "FACT FA2026-0043"])
def test_less_than_the_invoice_is_a_part_of_it(label):
    decision = on(INVOICES, 20_000, label)
    assert (decision.action, parts(decision)) == ("post", {12: 20_000})


def test_more_than_the_invoice_goes_to_the_oldest_due_then_stays_on_the_account():
    decision = on(INVOICES, 40_000)
    assert (decision.action, parts(decision)) == ("post", {12: 33_350, 11: 6_650})
    alone = replace(OPENING, items=(BASE.items[1],))
    decision = on(INVOICES, 40_000, opening=alone)
    assert (decision.action, parts(decision)) == ("post", {12: 33_350})
    assert "match.over" in codes(decision)


def test_a_wrong_amount_is_spread_over_the_oldest_due_of_the_customer():
    decision = on(OURS, 50_000)
    assert (decision.action, parts(decision)) == ("post", {11: 50_000})
    assert "match.oldest_first" in codes(decision)


def test_more_than_all_that_is_open_stays_on_the_customers_account():
    decision = on(OURS, 200_000)
    assert (decision.action, sum(parts(decision).values())) == ("post", 161_127)


def test_who_owes_nothing_has_paid_in_advance():
    decision = on(OURS, 5_000, opening=replace(OPENING, items=(N,)))
    assert (decision.action, parts(decision)) == ("post", {})
    assert "match.no_open" in codes(decision)


DOUBTED = [
    ("another invoice of just this amount", INVOICES, 120_000, "VIR"),
    ("a wrong amount under a number that is none of ours", OURS, 50_000, "FACT FA2026-9999"),
    ("a wrong amount that is another's invoice, named", OURS, 77_700, "FACT FA2026-0050"),
    ("an invoice that is paid already", OURS, 50_000, "FACT FA2026-0001"),
]


@pytest.mark.parametrize(("_name", "iban", "amount", "label"), DOUBTED, ids=[d[0] for d in DOUBTED])
def test_what_is_not_certain_is_proposed_to_whom_it_stands_for(_name, iban, amount, label):
    items = tuple(replace(i, open_minor=77_700) if i.id == N.id else i for i in BASE.items)
    decision = on(iban, amount, label, opening=replace(OPENING, items=items))
    assert decision.action == "propose"
    assert decision.hypotheses[0].customer_id == 1


def test_twins_of_one_amount_are_shown_both():
    items = (*BASE.items, replace(BASE.items[1], id=15, number="FA2026-0048"))
    decision = on(OURS, 33_350, opening=replace(OPENING, items=items))
    assert decision.action == "propose"
    assert {12, 15} <= {i for h in decision.hypotheses for i, _ in h.parts}


def test_the_same_amount_again_is_doubted_on_a_virtual_iban_too():
    opening = replace(OPENING, recent=((1, 33_350, "EUR", DAY - timedelta(days=3)),))
    decision = on(OURS, 33_350, opening=opening)
    assert decision.action == "propose"
    assert "match.repeated" in codes(decision)


def test_an_invoice_paid_before_is_a_double_on_its_iban():
    items = tuple(replace(i, open_minor=0) if i.id == 12 else i for i in BASE.items)
    decision = on(INVOICES, 33_350, opening=replace(OPENING, items=items))
    assert decision.action == "propose"
    assert "match.already_paid" in codes(decision)


def test_late_money_is_proposed_to_who_had_the_iban():
    decision = on(ENDED, 33_350, payer_iban=IBAN1)
    assert decision.action == "propose"
    assert decision.hypotheses[0].customer_id == 1
    assert decision.evidence[0].code == "match.virtual_ended"
    named = on(ENDED, 120_000, "FACT FA2026-0050", payer_iban=IBAN2)
    assert named.action == "propose"
    assert {h.customer_id for h in named.hypotheses} == {1, 2}


def test_money_on_the_last_day_is_in_time():
    held = (replace(HELD[2], until_on=DAY),)
    assert on(ENDED, 33_350, opening=replace(OPENING, virtual=held)).action == "post"


def test_the_day_of_the_line_tells_which_of_two_holders_has_paid():
    held = (
        Virtual(OURS, 2, since_on=DAY - timedelta(days=900), until_on=DAY - timedelta(days=500)),
        Virtual(OURS, 1, since_on=DAY - timedelta(days=90)),
    )
    decision = on(OURS, 120_000, opening=replace(OPENING, virtual=held))
    assert (decision.action, parts(decision)) == ("post", {11: 120_000})
    early = tuple(replace(h, since_on=DAY + timedelta(days=1)) for h in held[1:])
    late = on(OURS, 120_000, opening=replace(OPENING, virtual=(held[0], *early)))
    assert (late.action, late.hypotheses[0].customer_id) == ("propose", 2)


@pytest.mark.parametrize("said", [{"label": "FACT FA2026-0042"}, {"payer_iban": IBAN1}])
def test_on_an_iban_of_nobody_nothing_is_posted_unasked(said):
    decision = on(FREE, 120_000, **said)
    assert decision.action == "propose"
    assert decision.evidence[0].code == "match.virtual_nobody"
    left = on(FREE, 999, "VIR")
    assert (left.action, left.evidence[0].code) == ("leave", "match.virtual_nobody")


def test_a_closed_iban_says_so():
    closed = (replace(HELD[2], closed=True),)
    decision = on(ENDED, 33_350, opening=replace(OPENING, virtual=closed))
    assert (decision.action, decision.evidence[0].code) == ("propose", "match.virtual_closed")


def test_an_iban_that_is_not_in_the_pool_says_nothing():
    plain = line(33_350, "VIR", payer_iban=IBAN1)
    assert decide(replace(plain, credited_iban="FR99"), opening=OPENING) == decide(plain)


def test_a_turned_down_reading_does_not_come_back_on_a_virtual_iban():
    first = on(OURS, 33_350)
    refused = frozenset({(1, first.hypotheses[0].key)})
    decision = on(OURS, 33_350, opening=replace(OPENING, refused=refused))
    assert decision.action != "post"


def test_every_sentence_of_a_virtual_iban_can_be_said():
    lines: list[Decision] = [on(ENDED, 33_350), on(FREE, 1), on(OURS, 33_350, "FA2026-0050")]
    assert all(str(each) for decision in lines for each in decision.evidence)
    assert isinstance(line(1), Line)
