"""Calls, lived: nobody answers, a promise is made, confirmed and kept, an outcome is taken back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.cases.services import (
    CallOutcome,
    CaseError,
    hold_lift,
    point_mark,
    promise_cancel,
)
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.calling.closing import Closed, call_close
from amiable.apps.dunning.calling.undoing import call_reopen
from amiable.apps.dunning.models import Action
from amiable.apps.messaging.models import Message
from amiable.core.scenario import Scenario, Step
from amiable.plugins.base import Outcome
from tests.stories.portfolio.office import CLAIRE, PARIS, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday
WHO = {"actor": CLAIRE}
MOBILE, FIXED = "+33612345678", "+33240000000"


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def at(offset: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day(offset), time(hour, minute), PARIS)


def story(**call) -> Scenario:
    """A call on the day after the due date, an email two weeks later."""
    return Scenario("story", 1, "Story", (
        Step("call", 1, "phone", "friendly", **call),
        Step("mail", 15, "email", "friendly", "reminder_1"),
    ))  # fmt: skip


def waiting(office: Office, offset: int = 1, **scope) -> Action:
    """The call that stands on the agenda, once the day is planned."""
    office.plan(day(offset))
    return office.actions(state="todo", medium="phone", **scope).get()


def close(office: Office, call: Action, result: str, now: datetime, **outcome) -> Closed:
    confirm = outcome.pop("confirm", False)
    given = CallOutcome(result, **outcome)
    done = call_close(
        office.id, call.id, given, on=now.date(), now=now, confirm=confirm, **WHO
    )  # fmt: skip
    assert done is not None
    return done


def an_office(scenario: Scenario | None = None, **policies) -> tuple[Office, int]:
    office = Office(scenario or story(), policies)
    return office, office.invoice(office.customer(phone=MOBILE), due=DUE)


# -- nobody answers -------------------------------------------------------------------------------


def test_nobody_answers_three_times_at_other_hours_then_the_scenario_goes_on():
    office, _ = an_office()
    moments = []
    for _ in range(3):
        call = office.actions(state="todo").first() or waiting(office)
        now = timezone.localtime(call.retry_at) if call.retry_at else at(1, 9)
        moments.append(now)
        office.plan(now.date())
        close(office, call, "no_answer", now)
    assert [each.hour for each in moments] == [9, 15, 10]
    assert [(each.date() - DUE).days for each in moments] == [1, 2, 3]
    assert not office.actions(state="todo").exists()
    assert office.live(day(4), day(14)) == []
    assert [step for _, step, _ in office.live(day(15), day(15))] == ["mail"]


def test_the_call_stays_one_step_while_it_is_tried():
    office, _ = an_office()
    close(office, waiting(office), "no_answer", at(1, 9))
    for offset in range(1, 4):
        office.plan(day(offset))
        assert office.actions(state="todo").count() == 1
        assert not office.actions(state="cancelled").exists()
    assert office.actions(state="todo").get().items.get().step == "call"


def test_the_fallback_medium_takes_over_after_the_last_try():
    scenario = story(tries=1, fallback=("email",), template="reminder_1")
    office, _ = an_office(scenario)
    done = close(office, waiting(office), "no_answer", at(1, 9))
    assert [each.kind for each in done.follow_ups] == ["medium"]
    assert office.live(day(1), day(14)) == [(day(1), "call", "email")]


def test_a_step_may_have_its_own_number_of_tries():
    office, _ = an_office(story(tries=1))
    assert close(office, waiting(office), "no_answer", at(1, 9)).follow_ups == ()
    office, _ = an_office_of("two", call_tries=2, call_retry_days=0)
    first = close(office, waiting(office), "no_answer", at(1, 9)).follow_ups[0]
    assert first.at == at(1, 15)
    assert close(office, waiting(office), "no_answer", first.at).follow_ups == ()


def an_office_of(slug: str, **policies) -> tuple[Office, int]:
    office = Office(story(), policies, slug)
    return office, office.invoice(office.customer(phone=MOBILE), due=DUE)


def test_a_message_on_a_voicemail_is_a_contact_and_the_next_try_waits_for_another_day():
    office, _ = an_office(call_retry_days=0)
    (follow,) = close(office, waiting(office), "voicemail", at(1, 9)).follow_ups
    assert follow.at == at(2, 15)
    office.plan(day(1))
    assert office.actions(state="todo").get().pk == follow.action_id
    office.plan(day(2))
    assert office.actions(state="todo").get().pk == follow.action_id


def test_who_pays_meanwhile_is_not_called_again():
    office, item = an_office()
    close(office, waiting(office), "no_answer", at(1, 9))
    office.pay(office.customers().get(), 1200, on=day(1), parts={item: 1200})
    office.plan(day(2))
    assert office.actions(state="cancelled").get().outcome[0]["code"] == "stop.settled"


def test_a_message_of_the_scenario_overtakes_the_tries():
    office, _ = an_office(call_retry_days=20)
    close(office, waiting(office), "no_answer", at(1, 9))
    assert [step for _, step, _ in office.live(day(2), day(15), calls=False)] == ["mail"]
    assert office.actions(state="cancelled").get().outcome[0]["code"] == "plan.overtaken"


# -- wrong numbers --------------------------------------------------------------------------------


def test_after_a_wrong_number_the_next_one_is_called_at_once():
    office, _ = an_office()
    customer = office.customers().get()
    ContactPoint.objects.create(
        organization=office.organization, customer=customer, kind="phone", value=FIXED, position=1
    )
    done = close(office, waiting(office), "wrong_number", at(1, 9), phone=MOBILE)
    assert [each.kind for each in done.follow_ups] == ["number"]
    again = office.actions(state="todo").get()
    assert (again.due_on, again.step) == (day(1), "call")
    assert customer.points.get(value=MOBILE).invalid_since is not None


def test_without_another_number_somebody_is_asked_to_find_one():
    office, _ = an_office(story(fallback=("email",), template="reminder_1"))
    done = close(office, waiting(office), "wrong_number", at(1, 9), phone=MOBILE)
    assert [each.kind for each in done.follow_ups] == ["medium", "task"]
    task = office.actions(medium="task").get()
    assert (task.state, task.reasons[0]["code"]) == ("todo", "action.no_number")
    office.plan(day(2))
    assert office.actions(medium="task", state="todo").exists()


# -- what was agreed is confirmed -----------------------------------------------------------------


def promised(office: Office, **outcome) -> Closed:
    given = {"amount_minor": 120_000, "due_on": day(8), "confirm": True, **outcome}
    return close(office, waiting(office), "promise", at(1, 9), **given)


def test_a_promise_is_confirmed_once_and_then_kept():
    office, item = an_office()
    done = promised(office)
    assert office.send(day(1), 9, 5).sent == 0
    assert office.confirmed == []  # there is still a way back
    for minute in (10, 30):
        office.send(day(1), 9, minute)
    assert office.confirmed == [done.confirmation]
    message = Message.objects.get(id=done.confirmation)
    assert message.state == "sent"
    assert "10 mars 2026" in message.text.replace("\xa0", " ")
    assert "1\u202f200,00" in message.text
    assert Event.objects.filter(kind="message.sent", payload__message=message.id).exists()
    assert office.live(day(2), day(7)) == []
    office.pay(office.customers().get(), 1200, on=day(7), parts={item: 1200})
    assert office.live(day(8), day(20)) == []


def test_a_confirmation_counts_in_no_limit_of_contacts():
    office, _ = an_office(contact_caps=[{"medium": "", "kind": "", "count": 1, "days": 30}])
    promised(office, amount_minor=60_000)
    office.send(day(1), 12)
    assert len(office.confirmed) == 1
    contacts = office.actions(state="done", medium__in=["phone", "email"])
    assert [each.medium for each in contacts] == ["phone"]


@pytest.mark.parametrize(
    ("result", "outcome", "words"),
    [
        ("callback", {"callback_on": day(4), "callback_at": time(14, 30)}, "6 mars 2026 à 14h30"),
        ("dispute", {"reason": "quality"}, "la qualité"),
        ("already_paid", {"pause_until": day(8)}, "est réglée"),
    ],
)
def test_other_outcomes_are_confirmed_in_their_words(result, outcome, words):
    office, item = an_office()
    if result == "dispute":
        outcome = {**outcome, "installment_id": item}
    done = close(office, waiting(office), result, at(1, 9), confirm=True, **outcome)
    text = Message.objects.get(id=done.confirmation).text
    assert words in text.replace("\xa0", " ")
    assert "F-C001" in text


def test_without_an_address_nothing_is_confirmed_and_it_is_said():
    office, _ = an_office()
    point_mark(
        office.id, office.point(office.customers().get()), "opted_out", on=day(0), reason="", **WHO
    )
    done = promised(office)
    assert done.confirmation is None
    assert done.unconfirmed.code == "confirm.no_email"
    assert Promise.objects.filter(cancelled_on=None).count() == 1


def test_in_test_mode_the_confirmation_stays_in_the_house():
    office, _ = an_office(test_recipient="essai@vauban.example")
    done = promised(office)
    office.send(day(1), 12)
    assert Message.objects.get(id=done.confirmation).recipient == "essai@vauban.example"


def test_a_pause_that_was_lifted_is_not_confirmed():
    office, _ = an_office()
    close(office, waiting(office), "callback", at(1, 9), callback_on=day(4), confirm=True)
    hold_lift(office.id, Hold.objects.get().pk, on=day(1), **WHO)
    office.send(day(1), 12)
    assert office.confirmed == []


@pytest.mark.parametrize("undone", ["promise", "objection"])
def test_what_holds_no_more_is_not_confirmed(undone):
    office, _ = an_office()
    done = promised(office)
    if undone == "promise":
        promise_cancel(office.id, Promise.objects.get().pk, on=day(1), **WHO)
    else:
        point = office.point(office.customers().get())
        point_mark(office.id, point, "opted_out", on=day(1), reason="", **WHO)
    office.send(day(1), 12)
    assert office.confirmed == []
    assert Message.objects.get(id=done.confirmation).state == "withdrawn"


def test_a_confirmation_that_another_worker_holds_is_left_alone_until_its_lease_is_over():
    office, _ = an_office()
    done = promised(office)
    rows = Message.objects.filter(id=done.confirmation)
    rows.update(state="sending", retry_at=at(1, 12, 30))
    office.send(day(1), 12)
    assert rows.get().state == "sending"
    office.send(day(1), 13)
    assert rows.get().state in {"sent", "unknown"}
    assert len(office.confirmed) <= 1


def test_a_channel_that_fails_for_a_while_gets_the_confirmation_later_and_once():
    office, _ = an_office()
    done = promised(office)
    office.answer = lambda _message: Outcome("retry", detail="busy", retry_after_seconds=600)
    office.send(day(1), 12)
    assert Message.objects.get(id=done.confirmation).state == "frozen"
    office.answer = None
    for minute in (5, 30, 45):
        office.send(day(1), 12, minute)
    assert Message.objects.get(id=done.confirmation).state == "sent"
    sent = Event.objects.filter(kind="message.sent", payload__message=done.confirmation)
    assert sent.count() == 1


def test_it_goes_to_the_person_who_was_called():
    office, _ = an_office()
    customer = office.customers().get()
    contact = customer.contacts.create(organization=office.organization, name="Anne Le Goff")
    customer.points.filter(kind="phone").update(contact=contact)
    ContactPoint.objects.create(
        organization=office.organization, customer=customer, kind="email", contact=contact,
        value="anne@client.example", position=5,
    )  # fmt: skip
    done = promised(office, phone=MOBILE)
    assert Message.objects.get(id=done.confirmation).recipient == "anne@client.example"


# -- the way back ---------------------------------------------------------------------------------


def same_as_before(office: Office, call: Action) -> None:
    found = Action.objects.get(id=call.id)
    assert (found.state, found.result, found.closed_on) == ("todo", "", None)
    office.plan(day(1))
    assert office.actions(state="todo").get().pk == call.id
    assert not office.actions(state="cancelled").exists()


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("promise", {"amount_minor": 1000, "due_on": day(8), "confirm": True}),
        ("callback", {"callback_on": day(4), "confirm": True}),
        ("dispute", {"reason": "price", "confirm": True}),
        ("already_paid", {"pause_until": day(8), "confirm": True}),
        ("no_answer", {}),
        ("voicemail", {}),
        ("wrong_number", {"phone": MOBILE}),
        ("refused", {"note": "never"}),
    ],
)
def test_an_outcome_can_be_taken_back_with_all_it_brought(result, outcome):
    office, item = an_office()
    call = waiting(office)
    if result == "dispute":
        outcome = {**outcome, "installment_id": item}
    done = close(office, call, result, at(1, 9), **outcome)
    call_reopen(office.id, call.id, on=day(1), **WHO)
    same_as_before(office, call)
    assert not Promise.objects.filter(cancelled_on=None).exists()
    assert not Dispute.objects.filter(closed_on=None).exists()
    assert not Hold.objects.filter(ends_on__gte=day(1)).exists()
    assert not ContactPoint.objects.exclude(invalid_since=None).exists()
    office.send(day(1), 12)
    assert office.confirmed == []
    if done.confirmation:
        assert Message.objects.get(id=done.confirmation).state == "withdrawn"
    assert Event.objects.filter(kind="call.reopened").count() == 1


def test_it_can_be_closed_again_and_confirmed_anew():
    office, _ = an_office()
    call = waiting(office)
    promised(office)
    call_reopen(office.id, call.id, on=day(1), **WHO)
    done = promised(office, due_on=day(9))
    office.send(day(1), 12)
    assert office.confirmed == [done.confirmation]
    text = Message.objects.get(id=done.confirmation).text
    assert "11 mars 2026" in text.replace("\xa0", " ")


def test_what_has_left_is_not_taken_back():
    office, _ = an_office()
    call = waiting(office)
    promised(office)
    office.send(day(1), 12)
    with pytest.raises(CaseError) as refused:
        call_reopen(office.id, call.id, on=day(1), **WHO)
    assert refused.value.sentence.code == "call.undo_sent"
    assert Promise.objects.filter(cancelled_on=None).count() == 1


def test_nor_on_another_day_nor_once_the_next_call_is_made():
    office, _ = an_office(call_retry_days=0)
    call = waiting(office)
    close(office, call, "no_answer", at(1, 9))
    with pytest.raises(CaseError) as other_day:
        call_reopen(office.id, call.id, on=day(2), **WHO)
    assert other_day.value.sentence.code == "call.undo_day"
    again = office.actions(state="todo").get()
    close(office, again, "refused", at(1, 15))
    with pytest.raises(CaseError) as followed:
        call_reopen(office.id, call.id, on=day(1), **WHO)
    assert followed.value.sentence.code == "call.undo_followed"
