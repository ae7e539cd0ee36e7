"""Statements in: what only informs books nothing, formats agree, gaps are told and healed."""

from __future__ import annotations

import pytest

from amiable.apps.banking.models import Statement, StatementLine
from amiable.apps.banking.services import StatementError, statement_import
from amiable.core.records import StatementRecord
from amiable.plugins.sniffing import read_file
from tests import factories
from tests.factories import TODAY
from tests.plugins.statement_facts import SAMPLES

pytestmark = pytest.mark.django_db


@pytest.fixture
def org():
    organization = factories.organization()
    factories.creditor(organization)
    return organization


def take(org, *records: StatementRecord, **options) -> dict[str, int]:
    return statement_import(org.id, records, source="test", on=TODAY, actor="test", **options)


def statements(name: str) -> tuple[StatementRecord, ...]:
    found = read_file(SAMPLES / name, kind="statement")
    assert not found.errors
    return found.statements


@pytest.mark.parametrize("name", ["camt053/notification.xml", "mt940/intraday.sta"])
def test_reports_and_notifications_book_nothing(org, name):
    with pytest.raises(StatementError) as refusal:
        take(org, *statements(name))
    assert refusal.value.sentence.code == "bank.information_only"
    assert not StatementLine.objects.exists()


def test_a_notification_beside_statements_is_left_out_and_counted(org):
    both = (*statements("camt053/notification.xml"), *statements("mt940/releve.sta"))
    counts = take(org, *both)
    assert (counts["informative"], counts["statements"], counts["lines"]) == (1, 2, 7)
    assert Statement.objects.count() == 2
