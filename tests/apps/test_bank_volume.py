"""Many lines at once: windows decide what one pass would, and memory does not follow the lines."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import timedelta

import pytest

from amiable.apps.banking import matching
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import lines_match, statement_import
from amiable.apps.cases.models import Case
from amiable.apps.receivables.models import Installment
from amiable.core.matching.engine import decide_all
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY
WHO = {"on": TODAY, "actor": "test"}
OURS = "FR1420041010050500013M02606"


def take(org: int, entries: list[StatementEntry], reference: str = "1") -> None:
    record = StatementRecord(OURS, "EUR", None, None, TODAY, TODAY, tuple(entries), reference)
    statement_import(org, [record], source="test.xml", **WHO)


def line(
    number: int, amount_minor: int, label: str, *, days: int = 0, **more: str
) -> StatementEntry:
    day = TODAY - timedelta(days=days)
    return StatementEntry(number, day, day, amount_minor, "EUR", label, **more)


def story(slug: str) -> int:
    """Payments, a double one, a return of one, a payer without a number, and one unknown."""
    debtor = factories.customer(factories.creditor(factories.organization(slug)))
    for number in range(1, 7):
        factories.invoice(debtor, f"FA2026-{number:04d}", total_minor=10_000 + number)
    entries = [
        line(n, 10_000 + n, f"VIR FACTURE FA2026-{n:04d}", days=9 - n, payer_name=debtor.name,
             end_to_end_id=f"E{n}")
        for n in range(1, 6)
    ]  # fmt: skip
    entries += [
        line(6, 10_003, "VIR FACTURE FA2026-0003", days=3, payer_name=debtor.name),
        line(7, -10_002, "REJET FA2026-0002", days=2, is_return=True, end_to_end_id="E2"),
        line(8, 4_000, "ACOMPTE", days=1, payer_name=debtor.name),
        line(9, 777, "VIR INCONNU", days=1, payer_name="Personne"),
        line(10, 10_002, "VIR FACTURE FA2026-0002", payer_name=debtor.name),
    ]
    take(debtor.organization_id, entries)
    return debtor.organization_id


def decided(org: int) -> dict[str, object]:
    lines = StatementLine.objects.filter(organization_id=org).order_by("booked_on", "id")
    matches = Match.objects.filter(organization_id=org).order_by(
        "line__booked_on", "line_id", "rank", "state"
    )
    open_items = Installment.objects.filter(organization_id=org, settled_on__isnull=True)
    return {
        "lines": [(row.label, row.state, [each["code"] for each in row.evidence]) for row in lines],
        "matches": list(matches.values_list("line__label", "state", "kind", "rank")),
        "open": sorted(open_items.values_list("invoice__number", flat=True)),
        "cases": Case.objects.filter(organization_id=org).count(),
    }


@pytest.mark.parametrize("window", [1, 3])
def test_windows_decide_what_one_pass_decides(monkeypatch, window):
    whole = story("whole")
    counts = lines_match(whole, on=TODAY)
    assert counts["lines"] == 10
    assert counts["returned"] == 1
    pieces = story("pieces")
    monkeypatch.setattr(matching, "WINDOW", window)
    told = []
    assert lines_match(pieces, on=TODAY, progress=lambda *said: told.append(said)) == counts
    assert decided(pieces) == decided(whole)
    assert {total for _, total in told} == {10}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (10, 10)
    # And again: what waits is looked at in windows too.
    assert lines_match(pieces, on=TODAY) == lines_match(whole, on=TODAY)
    assert decided(pieces) == decided(whole)


def test_the_collector_rests_while_lines_are_decided(monkeypatch):
    """Only what a chunk has left is looked through, once it is entered."""
    monkeypatch.setattr(matching, "CHUNK", 3)
    org, on, collected = story("rest"), [], []

    def watched(*given):
        for decision in decide_all(*given):
            on.append(gc.isenabled())
            yield decision

    def noted(phase, info):
        if phase == "start" and not gc.isenabled():
            collected.append(info["generation"])

    monkeypatch.setattr(matching, "decide_all", watched)
    gc.callbacks.append(noted)
    try:
        lines_match(org, on=TODAY)
    finally:
        gc.callbacks.remove(noted)
    assert on == [False] * 10
    assert collected == [0, 0, 0, 0]  # after 3, 6, a return, and 3 more
    assert gc.isenabled()


def test_memory_does_not_follow_the_lines_that_wait(monkeypatch):
    """Four times the lines take no more memory: a window and eight bytes a line."""
    monkeypatch.setattr(matching, "WINDOW", 200)
    monkeypatch.setattr(matching, "CHUNK", 100)
    factories.invoice(factories.customer(factories.creditor(factories.organization())))
    org = Installment.objects.values_list("organization_id", flat=True).get()

    def peak(first: int, count: int) -> int:
        # Of few texts: what the engine has read of a text is kept, up to a limit of its own.
        more = [line(n, 500 + n % 50, f"VIR {n % 50}") for n in range(first, first + count)]
        take(org, more, str(first))
        gc.collect()
        tracemalloc.start()
        lines_match(org, on=TODAY)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(0, 200)  # what the first run keeps for ever
    few = peak(1_000, 300)  # 500 wait
    assert peak(2_000, 1_500) <= 1.3 * few  # 2,000 wait
