"""The list of calls, the page of one, and the figures of calls."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case, Hold, Promise
from amiable.apps.cases.services import CallOutcome, dispute_open, promise_record
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.calling.closing import call_close
from amiable.apps.dunning.calling.listing import call_list, call_order
from amiable.apps.dunning.calling.sheet import call_sheet, dialed
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.services import call_record, plan_tick
from amiable.apps.insights.calls import call_figures, next_step
from amiable.apps.messaging.library.resolution import Place
from amiable.apps.messaging.library.samples import Use
from amiable.apps.messaging.library.templates import template_save
from amiable.apps.receivables.models import Installment
from amiable.core.scenario import Scenario, Step
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db

MORNING = timezone.make_aware(datetime.combine(TODAY, time(10)))
SUNDAY = timezone.make_aware(datetime.combine(date(2026, 11, 22), time(10)))
WHO = {"on": TODAY, "actor": "claire@vauban.example"}
SCENARIO = Scenario("calls", 1, "Calls", (
    Step("call", 1, "phone", "friendly"), Step("mail", 30, "email", "friendly", "reminder_1"),
))  # fmt: skip


@pytest.fixture
def organization():
    found = factories.organization()
    scenario_import(found.pk, SCENARIO, make_default=True)
    return found


@pytest.fixture
def creditor(organization):
    return factories.creditor(organization)


def debtor(creditor, number: int = 1, *, euros: int = 1200, late: int = 5, **fields):
    """A customer with a telephone and one overdue invoice."""
    row = factories.customer(
        creditor, f"C{number:03d}", email=f"c{number}@client.example", **{"name": f"Client {number}", **fields}
    )  # fmt: skip
    ContactPoint.objects.create(
        organization=row.organization, customer=row, kind="phone", value=f"+3324000{number:04d}"
    )
    factories.invoice(
        row, f"FA-{number}", total_minor=euros * 100, due=TODAY - timedelta(days=late)
    )
    return row


def planned(organization) -> list[Action]:
    plan_tick(organization.pk, on=TODAY)
    return list(
        Action.objects.filter(medium="phone", state="todo").order_by("case__customer__code")
    )


def names(rows) -> list[str]:
    return [row.line.customer_name for row in rows]


def the_list(organization, now=MORNING):
    return call_list(organization.pk, on=now.astimezone().date(), now=now)


def test_the_list_is_ordered_by_what_is_expected_and_says_why(organization, creditor):
    for number, euros in ((1, 500), (2, 9000), (3, 2000)):
        debtor(creditor, number, euros=euros)
    planned(organization)
    found = the_list(organization)
    assert names(found.rows) == ["Client 2", "Client 3", "Client 1"]
    assert (found.kept_back, found.total) == ([], 3)
    said = [str(reason) for reason in found.rows[0].rank.reasons]
    assert said[:2] == ["9000.00 EUR to ask for", "days late: 5"]
    assert call_order(organization.pk, on=TODAY, now=MORNING) == [r.line.id for r in found.rows]


def test_the_payers_own_habit_weighs(organization, creditor):
    usual, never = debtor(creditor, 1), debtor(creditor, 2)
    for place in range(8):
        due = TODAY - timedelta(days=100 + place)
        for row, delay in ((usual, 7), (never, 80)):
            paid = factories.invoice(row, f"OLD-{row.pk}-{place}", due=due)
            paid.settled_on = due + timedelta(days=delay)
            paid.save()
    planned(organization)
    assert names(the_list(organization).rows) == ["Client 2", "Client 1"]


def test_what_speaks_against_a_call_keeps_it_back_with_the_reason(organization, creditor):
    rows = [debtor(creditor, number) for number in range(1, 5)]
    planned(organization)
    item = Installment.objects.get(customer=rows[0])
    dispute_open(organization.pk, item.pk, reason="price", **WHO)
    case = Case.objects.get(customer=rows[1])
    promise_record(
        organization.pk, case.pk, amount_minor=120_000, due_on=TODAY + timedelta(days=9), **WHO
    )
    ContactPoint.objects.filter(customer=rows[2], kind="phone").update(opted_out_at=MORNING)
    found = the_list(organization)
    assert names(found.rows) == ["Client 4"]
    codes = {row.line.customer_name: row.why_not.code for row in found.kept_back}
    assert codes == {
        "Client 1": "stop.disputed", "Client 2": "stop.promise", "Client 3": "stop.opted_out",
    }  # fmt: skip


def test_a_call_agreed_for_this_hour_comes_first_and_its_pause_does_not_keep_it_back(
    organization, creditor
):
    debtor(creditor, 1, euros=50), debtor(creditor, 2, euros=50_000)
    (small, _) = planned(organization)
    before = TODAY - timedelta(days=1)
    call_close(
        organization.pk, small.pk,
        CallOutcome("callback", callback_on=TODAY, callback_at=time(9, 30)), on=before, actor="c",
    )  # fmt: skip
    found = the_list(organization)
    assert names(found.rows) == ["Client 1", "Client 2"]
    assert found.rows[0].rank.reasons[0].code == "call.agreed"
    early = MORNING.replace(hour=8, minute=30)
    assert names(the_list(organization, early).rows) == ["Client 2", "Client 1"]


def test_the_number_of_queries_does_not_grow(organization, creditor, django_assert_max_num_queries):
    for number in range(1, 31):
        debtor(creditor, number)
    planned(organization)
    with django_assert_max_num_queries(38):
        assert len(the_list(organization).rows) == 30
    Action.objects.filter(case__customer__code__gt="C002").update(state="cancelled")
    with django_assert_max_num_queries(38):
        assert len(the_list(organization).rows) == 2


def test_nothing_due_costs_one_look(organization, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        assert the_list(organization).rows == []


def test_calls_of_others_are_not_listed(organization, creditor):
    debtor(creditor, 1)
    (action,) = planned(organization)
    other = factories.organization("other")
    assert the_list(other).total == 0
    assert call_sheet(other.pk, action.pk, on=TODAY, now=MORNING) is None


# -- the page of a call ---------------------------------------------------------------------------


def test_the_page_tells_whom_what_and_why(organization, creditor, django_assert_max_num_queries):
    row = debtor(creditor, 1, late=20)
    contact = row.contacts.create(
        organization=organization, name="Anne Le Goff", role="accounts_payable"
    )
    row.points.filter(kind="phone").update(contact=contact)
    (action,) = planned(organization)
    with django_assert_max_num_queries(60):
        sheet = call_sheet(organization.pk, action.pk, on=TODAY, now=MORNING)
    assert [(n.name, n.address) for n in sheet.numbers] == [("Anne Le Goff", "tel:+33240000001")]
    assert sheet.why_not is None
    assert [fact.code for fact in sheet.facts] == [
        "call.oldest", "call.word_none", "call.nothing_sent",
    ]  # fmt: skip
    assert "20 jours de retard" in " ".join(sheet.script.parts[1].lines).replace("\xa0", " ")
    assert [part.title for part in sheet.script.parts][:3] == [
        "Ouverture", "Objet", "Question à poser",
    ]  # fmt: skip
    assert sheet.defaults.amount_minor == 120_000
    assert (sheet.attempt, sheet.tries) == (1, 3)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (SUNDAY, "call.not_worked"),
        (MORNING.replace(hour=7), "stop.quiet_hours"),
        (MORNING.replace(hour=20), "stop.quiet_hours"),
    ],
)
def test_outside_decent_hours_the_page_says_so(organization, creditor, now, code):
    debtor(creditor, 1)
    (action,) = planned(organization)
    sheet = call_sheet(organization.pk, action.pk, on=now.astimezone().date(), now=now)
    assert sheet.why_not.code == code


def test_the_hour_is_that_of_the_customer(organization, creditor):
    debtor(creditor, 1, postcode="97400", city="Saint-Denis")
    (action,) = planned(organization)
    evening = MORNING.replace(hour=17)
    sheet = call_sheet(organization.pk, action.pk, on=TODAY, now=evening)
    assert sheet.elsewhere
    assert sheet.own.hour == 20
    assert sheet.why_not.code == "stop.quiet_hours"


def test_a_promise_that_was_broken_is_the_last_word(organization, creditor):
    row = debtor(creditor, 1)
    (action,) = planned(organization)
    Promise.objects.create(
        organization=organization, case=Case.objects.get(customer=row), amount_minor=50_000,
        made_on=TODAY - timedelta(days=20), due_on=TODAY - timedelta(days=10),
    )  # fmt: skip
    sheet = call_sheet(organization.pk, action.pk, on=TODAY, now=MORNING)
    assert sheet.facts[1].code == "call.word_broken"
    assert "call.broken" in [reason.code for reason in sheet.rank.reasons]


def test_the_organizations_own_words_are_read(organization, creditor):
    debtor(creditor, 1)
    (action,) = planned(organization)
    place = Place("call_friendly", "phone", "fr")
    text = "Chez nous\n# Bonjour\nIci {{ creditor }}, pour {{ total }}.\n"
    use = Use("call_friendly", "phone", "fr")
    template_save(organization.pk, place, text, use=use, now=MORNING, actor="claire")
    sheet = call_sheet(organization.pk, action.pk, on=TODAY, now=MORNING)
    assert sheet.script.title == "Chez nous"
    assert sheet.script.parts[0].title == "Bonjour"


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("tel:{number}", "02 40 00 00 01", "tel:+33240000001"),
        ("sip:{number}@pbx.example", "+44 20 7946 0000", "sip:+442079460000@pbx.example"),
        ("https://phone.example/?n={number}", "3949", "https://phone.example/?n=3949"),
        ("tel:{number}", "+33 (0)2 40 00 00 01", "tel:+33240000001"),
        ("tel:{number}", "0044 20 7946 0000", "tel:+442079460000"),
    ],
)
def test_a_number_is_dialed_as_the_settings_say(template, value, expected):
    assert dialed(template, value) == expected


# -- figures and what comes next ------------------------------------------------------------------


def test_calls_are_counted_by_what_they_reached(organization, creditor):
    for number in range(1, 6):
        debtor(creditor, number)
    results = ("promise", "refused", "no_answer", "voicemail", "wrong_number")
    for action, result in zip(planned(organization), results, strict=True):
        call_record(organization.pk, action.pk, result=result, **WHO)
    found = call_figures(organization.pk, on=TODAY)
    assert (found.made, found.reached, found.promised) == (5, 2, 1)
    assert (found.reached_pct, found.promised_pct) == (40, 50)
    later = call_figures(organization.pk, on=TODAY + timedelta(days=40))
    assert (later.made, later.reached_pct, later.promised_pct) == (0, None, None)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (CallOutcome("promise", amount_minor=120_000, due_on=date(2026, 12, 1)), "next.promise"),
        (CallOutcome("callback", callback_on=date(2026, 12, 1)), "next.call"),
        (CallOutcome("no_answer"), "next.call_at"),
        (CallOutcome("refused"), "next.message"),
        (CallOutcome("already_paid", pause_until=date(2026, 12, 1)), "next.message"),
    ],
)
def test_what_comes_next_is_said(organization, creditor, outcome, code):
    debtor(creditor, 1)
    (action,) = planned(organization)
    call_close(organization.pk, action.pk, outcome, now=MORNING, **WHO)
    assert next_step(organization.pk, action.case_id, on=TODAY).code == code


def test_the_history_keeps_what_a_call_brought(organization, creditor):
    debtor(creditor, 1)
    (action,) = planned(organization)
    done = call_close(
        organization.pk, action.pk, CallOutcome("callback", callback_on=date(2026, 12, 1)),
        confirm=True, now=MORNING, **WHO,
    )  # fmt: skip
    told = Event.objects.get(kind="call.recorded").payload["brought"]
    assert told == {
        "hold": Hold.objects.get().pk, "followed": [done.follow_ups[0].action_id],
        "confirmation": done.confirmation,
    }  # fmt: skip
