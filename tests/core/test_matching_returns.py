"""The return of a line that was shared over several payments: all of them, or none unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Item, Line, Opening, Paid

DAY = date(2026, 11, 12)
IBAN = "FR7630006000011234567890189"
CUSTOMERS = (Customer(1, "Outlet Nord"), Customer(2, "Outlet Sud"))
ITEMS = tuple(Item(n * 11, n, f"FA2026-00{n}4", "EUR", DAY - timedelta(days=20), 0) for n in (1, 2))
NORD = Paid(
    1, 10_000, "EUR", DAY - timedelta(days=9), ((11, 10_000),), 71, 5, "E2E-778812", "",
    "HOLDING ZED", IBAN, 30_000,
)  # fmt: skip
SUD = NORD._replace(customer_id=2, amount_minor=20_000, parts=((22, 20_000),), payment_id=72)
BASE = Opening(items=ITEMS, customers=CUSTOMERS, payments=(NORD, SUD))


def returned(amount_minor: int = -30_000, line_id: int = 9, **fields) -> Line:
    label = fields.pop("label", "IMPAYE")
    return Line(line_id, DAY, amount_minor, "EUR", label, is_return=True, **fields)


def decide(*lines: Line, opening: Opening = BASE):
    return list(decide_all(opening, lines))


def codes(sentences) -> list[str]:
    return [sentence.code for sentence in sentences]


@pytest.mark.parametrize(
    "fields",
    [
        {"end_to_end_id": "E2E-778812"},
        {"payer_iban": IBAN},
        {"label": "REJET VIR FA2026-0024"},
        {"payer_name": "OUTLET NORD"},
    ],
)
def test_the_return_of_a_shared_line_takes_all_its_payments_back(fields):
    (decision,) = decide(returned(**fields))
    assert decision.action == "post"
    (chosen,) = decision.hypotheses
    assert (chosen.returns, chosen.returns_line, chosen.customer_id) == ((NORD, SUD), 5, None)
    assert codes(chosen.evidence).count("match.return_part") == 2


def test_by_its_amount_alone_it_is_proposed():
    (decision,) = decide(returned())
    assert (decision.action, decision.hypotheses[0].returns_line) == ("propose", 5)


def test_a_single_payment_that_bears_more_is_the_one():
    other = NORD._replace(
        payment_id=80, line_id=None, whole_minor=0, amount_minor=30_000, mandate_id="RUM1",
        parts=(),
    )  # fmt: skip
    opening = replace(BASE, payments=(NORD, SUD, other))
    (decision,) = decide(returned(payer_iban=IBAN, mandate_id="RUM1"), opening=opening)
    assert decision.hypotheses[0].returns == (other,)
    (decision,) = decide(returned(payer_iban=IBAN), opening=opening)
    assert (decision.action, len(decision.hypotheses)) == ("propose", 2)


@pytest.mark.parametrize(
    ("spent", "left", "told"),
    [
        ("returned", (SUD,), "match.return_part_gone"),
        ("refunded", (NORD._replace(spent="refunded"), SUD), "match.return_part_refunded"),
    ],
)
def test_a_part_that_has_left_already_is_told_and_nothing_posted(spent, left, told):
    opening = replace(BASE, payments=(NORD._replace(spent=spent), SUD))
    (decision,) = decide(returned(end_to_end_id="E2E-778812"), opening=opening)
    assert decision.action == "propose"
    assert decision.hypotheses[0].returns == left
    assert told in codes(decision.hypotheses[0].evidence)


def test_one_part_returned_in_the_same_run_counts_for_the_whole_line():
    one, whole = decide(
        returned(-10_000, 8, end_to_end_id="E2E-778812"), returned(end_to_end_id="E2E-778812")
    )
    assert (one.action, one.hypotheses[0].returns) == ("post", (NORD,))
    assert (whole.action, whole.hypotheses[0].returns) == ("propose", (SUD,))


def test_all_parts_gone_or_another_amount_is_no_such_line():
    gone = tuple(paid._replace(spent="returned") for paid in (NORD, SUD))
    for line, opening in (
        (returned(end_to_end_id="E2E-778812"), replace(BASE, payments=gone)),
        (returned(-30_001, end_to_end_id="E2E-778812"), BASE),
    ):
        (decision,) = decide(line, opening=opening)
        assert decision.action == "leave"


def test_a_reading_turned_down_does_not_come_back():
    (first,) = decide(returned())
    opening = replace(BASE, refused=frozenset({(9, first.hypotheses[0].key)}))
    (decision,) = decide(returned(end_to_end_id="E2E-778812"), opening=opening)
    assert decision.action == "leave"
