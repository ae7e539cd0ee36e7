"""What customers answered, as figures, words and tasks."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from amiable.apps.dunning.models import Survey
from amiable.apps.insights.alerts import alerts
from amiable.apps.insights.satisfaction import counted, opinion_tasks, opinions
from amiable.apps.insights.timeline import timeline
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.settled_cases import settled
from tests.browser.portfolio import member
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
HOSTILE = "<img src=x onerror=alert(1)> =cmd|' /C calc'!A0"
# step, collector, mark (None = not answered)
ASKED = (
    ("reminder_1", "", 5), ("reminder_1", "", 4), ("reminder_1", "camille", 1),
    ("reminder_2", "camille", 2), ("reminder_2", "sam", None), ("reminder_2", "sam", 3),
)  # fmt: skip


@pytest.fixture
def org():
    org = factories.organization("acme")
    owner = factories.creditor(org)
    for number, (step, collector, score) in enumerate(ASKED):
        case = settled(owner, f"C{number}", on=TODAY, email=f"c{number}@x.example", step=step)
        Survey.objects.create(
            organization=org, case=case, action=case.actions.get(), collector=collector,
            asked_on=TODAY, score=score, answered_at=None if score is None else NOW,
            note=HOSTILE if score == 1 else "", task_on=TODAY if score in {1, 2} else None,
        )  # fmt: skip
    return org


def test_figures_equal_those_counted_by_hand(org, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        found = counted(org.pk, TODAY)
    assert (found.total.asked, found.total.marks.answered, found.spread) == (6, 5, (1, 1, 1, 1, 1))
    assert (str(found.total.marks.mean), found.total.marks.satisfied_pct) == ("3.00", 40)
    steps = {line.code.partition("/")[2]: line for line in found.lines["step"]}
    assert [(steps[f"reminder_{n}"].asked, str(steps[f"reminder_{n}"].marks.mean))
            for n in (1, 2)] == [(3, "3.33"), (3, "2.50")]  # fmt: skip
    collectors = {line.code: line for line in found.lines["collector"]}
    assert {code: (line.asked, line.marks.answered) for code, line in collectors.items()} == {
        "": (2, 2), "camille": (2, 2), "sam": (2, 1),
    }  # fmt: skip
    (scenario,) = found.lines["scenario"]
    assert (scenario.asked, scenario.marks.satisfied) == (6, 2)
    assert counted(org.pk, TODAY - timedelta(days=1)).total.asked == 0
    assert counted(org.pk, TODAY + timedelta(days=400)).total.asked == 0
    assert counted(factories.organization("other").pk, TODAY).total.asked == 0


def test_what_waits_is_an_alert_a_list_and_a_line_of_the_file(org, django_assert_max_num_queries):
    (alert,) = (each for each in alerts(org.pk, TODAY) if each.code == "opinions_wait")
    assert (alert.count, alert.since) == (2, TODAY)
    with django_assert_max_num_queries(2):
        assert [row.score for row in opinion_tasks(org.pk)] == [1, 2]
        assert len(opinions(org.pk, on=TODAY)) == 2
    row = opinion_tasks(org.pk)[0]
    survey = Survey.objects.get(pk=row.id)
    (told,) = (
        each
        for each in timeline(org.pk, row.customer_id, [survey.case_id])
        if each.kind == "survey"
    )
    assert told.facts["score"] == 1


def report(*arguments: str):
    return CliRunner().invoke(
        amiable,
        ["report", "satisfaction", *arguments, "--on", TODAY.isoformat()],
        standalone_mode=False,
    )


def test_the_report_is_for_machines_and_for_people_and_holds_no_words(org):
    found = json.loads(report("--json").stdout)
    assert (found["total"]["asked"], found["total"]["mean"], found["total"]["few"]) == (
        6, "3.00", True,
    )  # fmt: skip
    assert {row["collector"]: row["asked"] for row in found["by_collector"]} == {
        "": 2, "camille": 2, "sam": 2,
    }  # fmt: skip
    assert len(found["by_step"]) == 2
    rows = list(csv.reader(io.StringIO(report("--format", "csv").stdout.lstrip("\ufeff")),
                           delimiter=";"))  # fmt: skip
    assert len(rows) > 6
    assert "onerror" not in report("--format", "csv").stdout


def test_the_page_escapes_words_closes_tasks_and_erases(org):
    client = Client()
    client.force_login(member(org, "manager@x.example", "manager"))
    page = client.get(reverse("console:satisfaction")).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    survey = Survey.objects.get(score=1)
    close = reverse("console:satisfaction_close", args=[survey.pk])
    client.post(close, {"note": ""})
    survey.refresh_from_db()
    assert survey.task_done_on is None
    client.post(close, {"note": "Rappelé"})
    client.post(close, {"note": "Rappelé encore"})
    survey.refresh_from_db()
    assert (survey.task_note, survey.task_done_by) == ("Rappelé", "manager@x.example")
    client.post(reverse("console:satisfaction_erase", args=[survey.pk]))
    survey.refresh_from_db()
    assert survey.note == ""
