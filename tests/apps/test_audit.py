"""The evidence: every change of a past event shows."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, transaction

from amiable.apps.audit.append_only import refuse_changes
from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants, chain_breaks
from amiable.apps.audit.services import Happening, event_record, events_record
from tests import factories

DAY = date(2026, 11, 20)


def _chain(organization_id: int) -> None:
    events_record(
        organization_id,
        [
            Happening("sent", DAY, "amiable", case_id, {"amount_minor": 12_000, "to": "é"})
            for case_id in (1, 2, None)
            for _ in range(4)
        ],
    )
    event_record(organization_id, Happening("paid", DAY, "amiable", 1))


def _edit(column: str, value: object) -> None:
    """Change the third event as someone with the rights of the database's owner could."""
    guard = refuse_changes(Event._meta.db_table)
    with connection.schema_editor(atomic=False) as editor:
        guard.reverse_code(None, editor)
    third = Event.objects.order_by("id")[2]
    Event.objects.filter(id=third.id).update(**{column: value})
    with connection.schema_editor(atomic=False) as editor:
        guard.code(None, editor)


@pytest.mark.django_db
def test_untouched_chain_holds():
    _chain(factories.organization().id)
    assert list(chain_breaks()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "someone"), ("on_date", date(2026, 1, 1)), ("payload", {}), ("kind", "called")],
)
def test_edited_event_shows(column, value):
    _chain(factories.organization().id)
    _edit(column, value)
    assert len(list(chain_breaks())) == 1
    assert [(b.app, b.name) for b in broken_invariants()] == [
        ("audit", "every event follows the one before it, unchanged")
    ]


@pytest.mark.django_db
def test_any_number_of_events_takes_few_queries(django_assert_max_num_queries):
    organization = factories.organization()
    with django_assert_max_num_queries(16):
        events_record(
            organization.id, [Happening("sent", DAY, "amiable", case_id) for case_id in range(900)]
        )


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_one_case_do_not_fork_its_chain():
    organization = factories.organization()
    errors = []

    def write() -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    event_record(organization.id, Happening("sent", DAY, "amiable", 7))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Event.objects.count() == 30
    assert list(chain_breaks()) == []
