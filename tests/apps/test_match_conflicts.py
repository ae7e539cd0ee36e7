"""The match tick when somebody moves the accounts meanwhile: read again, one line aside, all others
decided."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import StatementLine
from amiable.apps.banking.services import line_ignore, lines_match, statement_import
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.queries import installment_balances
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "lea@example.org"}


@pytest.fixture
def debtor():
    yield factories.customer(factories.creditor(factories.organization()))
    assert broken_invariants() == []


def load(debtor, *rows: tuple[int, str, dict]) -> None:
    entries = tuple(
        StatementEntry(n, TODAY, TODAY, amount, "EUR", label, **more)
        for n, (amount, label, more) in enumerate(rows, 1)
    )
    ours = "FR1420041010050500013M02606"
    record = StatementRecord(ours, "EUR", None, None, TODAY, TODAY, entries, "1")
    statement_import(debtor.organization_id, [record], source="test.xml", **WHO)


def pay(debtor, number: str, item, *, on=TODAY, **more) -> None:
    amount = installment_balances(debtor.organization_id, [item.id])[item.id]
    incoming = PaymentIn(debtor.id, amount, "EUR", on, number, parts=((item.id, amount),), **more)
    payment_record(debtor.organization_id, incoming, cases={}, **WHO)


def returned(debtor, n: int) -> tuple[int, str, dict]:
    """A line that takes a payment back: it ends its chunk, so that something may happen after."""
    item = factories.invoice(debtor, f"OLD-{n}", total_minor=3_000 + n)
    pay(debtor, f"debit-{n}", item, on=TODAY - timedelta(3), reference=f"E2E-{n}")
    return (-3_000 - n, "REJET", {"is_return": True, "end_to_end_id": f"E2E-{n}"})


def states() -> list[str]:
    return list(StatementLine.objects.order_by("id").values_list("state", flat=True))


def test_what_cannot_be_posted_is_left_to_a_person_and_the_others_go_on(debtor):
    items = [
        factories.invoice(debtor, f"FA2026-001{n}", total_minor=total)
        for n, total in enumerate((11_100, 22_200, 33_300, 44_400))
    ]
    first, second = returned(debtor, 1), returned(debtor, 2)
    load(
        debtor,
        first,
        (11_100, "FACT FA2026-0010", {}),
        second,
        (22_200, "FACT FA2026-0011", {}),
        (33_300, "FACT FA2026-0012", {}),
        (44_400, "FACT FA2026-0013", {}),
    )
    org, moved = debtor.organization_id, iter(items)

    def meanwhile(done: int, total: int) -> None:
        """After each return somebody enters by hand what the very next line was to pay."""
        if done < total and (item := next(moved, None)) in items[:2]:
            pay(debtor, f"hand-{item.id}", item)

    counts = lines_match(org, on=TODAY, progress=meanwhile)
    # The first conflict was over once the accounts were read again: a double payment, proposed.
    assert states() == ["posted", "proposed", "posted", "left", "posted", "posted"]
    line = StatementLine.objects.get(label="FACT FA2026-0011")
    (said,) = line.evidence
    assert said["code"] == "bank.not_postable"
    assert said["params"]["why"][1]["code"] == "allocation.item_exceeded"
    assert counts == {
        "lines": 6, "posted": 2, "returned": 2, "proposed": 1, "left": 1, "ignored": 0,
    }  # fmt: skip
    lines_match(org, on=TODAY)
    assert states()[3] == "proposed"  # the next run sees it paid already


def test_a_line_that_a_person_decides_meanwhile_stays_as_decided(debtor):
    item = factories.invoice(debtor, "FA2026-0010", total_minor=11_100)
    load(debtor, returned(debtor, 1), (11_100, "FACT FA2026-0010", {}))
    line = StatementLine.objects.get(label="FACT FA2026-0010")

    def meanwhile(done: int, total: int) -> None:
        if done < total:
            line_ignore(debtor.organization_id, line.id, **WHO)

    counts = lines_match(debtor.organization_id, on=TODAY, progress=meanwhile)
    assert states() == ["posted", "ignored"]
    assert (counts["returned"], counts["posted"]) == (1, 0)
    assert installment_balances(debtor.organization_id, [item.id])[item.id] == 11_100
