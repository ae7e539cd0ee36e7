"""What is kept until events move is counted anew after every event that is seen, in any order."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.insights.bank_waits import bank_waits
from amiable.apps.insights.board import board
from amiable.apps.insights.keeping import MOST, Kept, mark_of
from amiable.apps.payments.services import PaymentIn, payment_record
from tests import factories

TODAY = factories.TODAY
WHO = {"on": TODAY, "actor": "ann", "cases": {}}


def happen(organization_id: int, case_id: int | None = None) -> None:
    event_record(organization_id, Happening("test", TODAY, "ann", case_id))


@pytest.mark.django_db(transaction=True)
def test_what_began_first_and_ended_last_is_counted():
    """Two payments: the event of the first has the lower number and is seen last."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time by design")
    debtor = factories.customer(factories.creditor(factories.organization()))
    org = debtor.organization_id
    counted: dict[str, Callable[[], int]] = {
        "money": lambda: bank_waits(org),
        "board": lambda: -board(org, TODAY).main.net_minor,
    }
    written, seen = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                payment_record(org, PaymentIn(debtor.pk, 5_000, "EUR", TODAY, "p1"), **WHO)
                event_record(org, Happening("test", TODAY, "ann", 1))
                written.set()
                seen.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert written.wait(20)
    for case_id in range(2, 300):  # more than any window of the last ones would hold
        happen(org, case_id)
    assert {name: count() for name, count in counted.items()} == {"money": 0, "board": 0}
    seen.set()
    thread.join()
    assert {name: count() for name, count in counted.items()} == {"money": 1, "board": 5_000}


@pytest.mark.django_db
def test_an_answer_is_kept_for_each_organization_and_day_until_its_own_events_move():
    one, other = factories.organization(), factories.organization("other")
    asked = []
    kept = Kept(lambda *key: asked.append(key) or len(asked))

    def ask(organization_id: int, day: int) -> int:
        return kept(organization_id, day, mark=mark_of(organization_id))

    assert [ask(one.pk, 1), ask(one.pk, 1)] == [1, 2]  # nothing ever happened: nothing to go by
    happen(one.pk)
    happen(other.pk)
    assert [ask(one.pk, 1), ask(one.pk, 2), ask(other.pk, 1)] == [3, 4, 5]
    assert [ask(one.pk, 1), ask(one.pk, 2), ask(other.pk, 1)] == [3, 4, 5]
    happen(one.pk)
    assert [ask(one.pk, 1), ask(other.pk, 1)] == [6, 5]


def test_no_more_is_kept_than_the_latest():
    kept = Kept(lambda *key: list(key))
    first = kept(1, 0, mark="m")
    assert kept(1, 0, mark="m") is first
    for day in range(1, MOST + 1):
        kept(1, day, mark="m")
    assert kept(1, 0, mark="m") is not first
