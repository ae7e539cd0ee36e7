"""Every reason not to contact somebody, lived: it stops, says why, and ends when it should."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from amiable.apps.cases.services import (
    CallOutcome,
    PlanTerms,
    call_outcome_apply,
    customer_fact_set,
    dispute_close,
    dispute_open,
    hold_lift,
    hold_place,
    plan_cancel,
    plan_record,
    plan_schedule,
    point_mark,
    promise_cancel,
    promise_record,
)
from amiable.apps.dunning.calling.closing import call_close
from amiable.apps.dunning.services import SendCounts, action_approve, call_record, send_tick
from amiable.core.scenario import Scenario, Step, Window
from amiable.core.shipped import CONSUMER_SUBSCRIPTION, SME_STANDARD
from tests.stories.portfolio.office import CLAIRE, PARIS, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday
WHO = {"actor": CLAIRE}
MOBILE = "+33612345678"


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def mails(*offsets: int, **policies) -> Scenario:
    """A scenario of emails, each firmer in words only."""
    steps = tuple(
        Step(f"d{n}", n, "email", "friendly", "reminder_1", fallback=("letter",)) for n in offsets
    )
    return Scenario("story", 1, "Story", steps, **policies)


def texts(*offsets: int, **fields) -> Scenario:
    return Scenario("story", 1, "Story", tuple(
        Step(f"d{n}", n, "sms", "firm", "reminder_sms", **fields) for n in offsets))  # fmt: skip


def days_of(told) -> list[tuple[int, str]]:
    return [((on - DUE).days, step) for on, step, _ in told]


def asked(office: Office) -> list[int]:
    """Euros that the last message asked for, item by item."""
    rows = office.actions(id=office.handed[-1].action_id).get().items.order_by("installment_id")
    return [row.open_minor // 100 for row in rows]


# -- holds ---------------------------------------------------------------------------------------


def test_a_hold_on_the_case_stops_everything_until_its_last_day():
    office = Office(mails(1, 4, 20))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    hold_place(office.id, office.case(customer), reason="talks", on=day(1), ends_on=day(8), **WHO)
    assert office.live(day(1), day(8)) == []
    assert office.why_not(customer, day(8)) == ["stop.held"]
    assert days_of(office.live(day(9), day(9))) == [(9, "d4")]


def test_a_hold_lifted_by_hand_frees_the_same_day():
    office = Office(mails(1))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    hold = hold_place(office.id, office.case(customer), reason="talks", on=DUE, **WHO)
    assert office.live(DUE, day(20)) == []
    assert office.why_not(customer, day(20)) == ["stop.held_open"]
    assert hold_lift(office.id, hold, on=day(21), **WHO)
    assert days_of(office.live(day(21), day(21))) == [(21, "d1")]


def test_a_hold_on_one_invoice_leaves_the_other_to_be_chased():
    office = Office(mails(1, 4))
    customer = office.customer()
    held = office.invoice(customer, "HELD", due=DUE, euros=500)
    office.invoice(customer, "FREE", due=DUE, euros=700)
    hold_place(
        office.id, office.case(customer), reason="credit note", on=DUE, installment_id=held, **WHO
    )
    assert days_of(office.live(day(1), day(1))) == [(1, "d1")]
    assert asked(office) == [700]
    assert "stop.item_held_open" in office.why_not(customer, day(2))


def test_a_call_back_is_a_pause_until_that_day():
    office = Office(Scenario("story", 1, "Story", (
        Step("call", 1, "phone", "friendly"), Step("mail", 3, "email", "friendly", "reminder_1"),
    )))  # fmt: skip
    customer = office.customer(phone=MOBILE)
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1), calls=False)
    call = office.actions(state="todo").get()
    case = office.case(customer)
    call_outcome_apply(
        office.id, case, CallOutcome("callback", callback_on=day(10)), on=day(1), **WHO
    )
    call_record(office.id, call.id, result="callback", on=day(1), **WHO)
    assert office.live(day(2), day(10)) == []
    assert days_of(office.live(day(11), day(11))) == [(11, "mail")]


def test_a_call_agreed_with_the_customer_comes_on_its_day_and_no_letter_overtakes_it():
    office = Office(Scenario("story", 1, "Story", (
        Step("call", 1, "phone", "friendly"), Step("mail", 3, "email", "friendly", "reminder_1"),
    )))  # fmt: skip
    customer = office.customer(phone=MOBILE)
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1), calls=False)
    call = office.actions(state="todo").get()
    again = CallOutcome("callback", "ask for Anne", callback_on=day(10), callback_at=time(14, 30))
    assert call_close(office.id, call.id, again, on=day(1), **WHO)
    assert office.live(day(2), day(9), calls=False) == []
    agreed = office.actions(state="todo").get()
    assert (agreed.due_on, timezone.localtime(agreed.retry_at).time()) == (day(10), time(14, 30))
    assert office.live(day(10), day(11)) == [(day(10), "call", "phone"), (day(11), "mail", "email")]


def test_a_call_agreed_goes_with_what_it_was_about():
    office = Office(Scenario("story", 1, "Story", (Step("call", 1, "phone", "friendly"),)))
    customer = office.customer(phone=MOBILE)
    item = office.invoice(customer, due=DUE)
    office.live(day(1), day(1), calls=False)
    call = office.actions(state="todo").get()
    again = CallOutcome("callback", callback_on=day(10))
    call_close(office.id, call.id, again, on=day(1), **WHO)
    office.pay(customer, 1200, on=day(3), parts={item: 1200})
    office.plan(day(4))
    assert office.actions(state="todo").count() == 0
    gone = office.actions(state="cancelled").get()
    assert gone.outcome[0]["code"] == "stop.settled"


def test_a_call_agreed_goes_when_a_credit_that_is_not_allocated_yet_covers_it():
    office = Office(Scenario("story", 1, "Story", (Step("call", 1, "phone", "friendly"),)))
    customer = office.customer(phone=MOBILE)
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1), calls=False)
    call = office.actions(state="todo").get()
    call_close(office.id, call.id, CallOutcome("callback", callback_on=day(10)), on=day(1), **WHO)
    office.pay(customer, 1100, on=day(3))
    office.plan(day(4))
    assert office.actions(state="todo").count() == 1  # 100 EUR are still to be spoken of
    office.pay(customer, 100, on=day(5))
    office.plan(day(6))
    assert office.actions(state="todo").count() == 0
    gone = office.actions(state="cancelled").get()
    assert gone.outcome[0]["code"] == "stop.credit_covers"


# -- disputes ------------------------------------------------------------------------------------


def test_a_dispute_of_the_whole_invoice_stops_it():
    office = Office(mails(1, 9))
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    dispute = dispute_open(office.id, item, reason="quality", on=DUE, **WHO)
    assert office.live(DUE, day(7)) == []
    assert office.why_not(customer, day(7)) == ["stop.disputed"]
    dispute_close(office.id, dispute, outcome="settled", on=day(8), **WHO)
    assert days_of(office.live(day(8), day(8))) == [(8, "d1")]


def test_a_partial_dispute_leaves_the_rest_to_be_chased():
    office = Office(mails(1, 4))
    customer = office.customer()
    item = office.invoice(customer, due=DUE, euros=1200)
    dispute_open(office.id, item, reason="price", amount_minor=50_000, on=DUE, **WHO)
    assert days_of(office.live(DUE, day(1))) == [(1, "d1")]
    assert asked(office) == [700]
    # What was not disputed is paid: nothing is left to ask for.
    office.pay(customer, 700, on=day(2), parts={item: 700})
    assert office.live(day(2), day(10)) == []
    assert office.why_not(customer, day(10)) == ["stop.disputed"]


# -- promises and plans --------------------------------------------------------------------------


def test_a_promise_kept_is_never_followed_by_a_reminder():
    office = Office(mails(1, 9))
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    case = office.case(customer)
    promise_record(office.id, case, amount_minor=120_000, due_on=day(10), on=DUE, **WHO)
    assert office.live(DUE, day(10)) == []
    assert office.why_not(customer, day(10)) == ["stop.promise"]
    office.pay(customer, 1200, on=day(11), parts={item: 1200})
    assert office.live(day(11), day(40)) == []


def test_a_promise_partly_kept_is_asked_for_the_rest_once_it_is_broken():
    office = Office(mails(1, 9))
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    case = office.case(customer)
    promise_record(office.id, case, amount_minor=120_000, due_on=day(4), on=DUE, **WHO)
    office.pay(customer, 700, on=day(4), parts={item: 700})
    assert office.live(DUE, day(7)) == []
    assert days_of(office.live(day(8), day(8))) == [(8, "d1")]
    assert asked(office) == [500]


def test_a_promise_broken_resumes_and_one_cancelled_resumes_at_once():
    office = Office(mails(1, 9, 30))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    case = office.case(customer)
    assert days_of(office.live(day(1), day(1))) == [(1, "d1")]
    promise_record(office.id, case, amount_minor=120_000, due_on=day(4), on=day(2), **WHO)
    # The grace ends on Monday the 9th after Friday the 6th.
    assert days_of(office.live(day(2), day(8))) == [(8, "d9")]
    again = promise_record(office.id, case, amount_minor=120_000, due_on=day(60), on=day(9), **WHO)
    assert office.live(day(9), day(31)) == []
    assert promise_cancel(office.id, again, on=day(32), **WHO)
    assert days_of(office.live(day(32), day(32))) == [(32, "d30")]


def test_a_promise_for_a_part_leaves_the_rest():
    office = Office(mails(1))
    customer = office.customer()
    office.invoice(customer, due=DUE, euros=1200)
    case = office.case(customer)
    promise_record(office.id, case, amount_minor=50_000, due_on=day(30), on=DUE, **WHO)
    assert days_of(office.live(DUE, day(1))) == [(1, "d1")]
    assert asked(office) == [700]


def test_a_plan_stops_reminders_one_missed_instalment_asks_for_it_and_a_second_breaks_the_plan():
    office = Office(mails(1, 40, 100))
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    case = office.case(customer)
    parts = plan_schedule(office.id, case, PlanTerms(120_000, 4, first_on=day(14)), on=DUE)
    plan_record(office.id, case, instalments=parts, on=DUE, **WHO)
    assert office.live(DUE, day(14)) == []
    assert office.why_not(customer, day(14)) == ["stop.plan"]
    office.pay(customer, 300, on=day(14), parts={item: 300})
    # The second instalment, of Thursday the 16th of April, does not come.
    assert office.live(day(14), day(48)) == []
    assert days_of(office.live(day(49), day(49))) == [(49, "d40")]
    assert asked(office) == [300]
    # Nor does the third, of Monday the 18th of May: the plan is broken, all that is open is asked.
    assert days_of(office.live(day(50), day(81))) == [(81, "d100")]
    assert asked(office) == [900]


def test_a_plan_that_is_cancelled_covers_nothing_any_more():
    office = Office(mails(1, 40))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    case = office.case(customer)
    parts = plan_schedule(office.id, case, PlanTerms(120_000, 3, first_on=day(14)), on=DUE)
    agreed = plan_record(office.id, case, instalments=parts, on=DUE, **WHO)
    assert office.live(DUE, day(9)) == []
    assert plan_cancel(office.id, agreed, on=day(10), **WHO)
    assert days_of(office.live(day(10), day(10))) == [(10, "d1")]
    assert asked(office) == [1200]


# -- money ---------------------------------------------------------------------------------------


def test_a_payment_stops_and_a_returned_payment_opens_the_debt_again():
    office = Office(mails(1, 4, 12))
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    payment = office.pay(customer, 1200, on=DUE, parts={item: 1200})
    assert office.live(DUE, day(7)) == []
    office.returned(payment, on=day(8))
    assert days_of(office.live(day(8), day(8))) == [(8, "d4")]
    assert asked(office) == [1200]


def test_a_credit_not_yet_allocated_that_covers_the_debt_stops_it():
    office = Office(mails(1, 4))
    customer = office.customer()
    office.invoice(customer, due=DUE, euros=1200)
    office.invoice(customer, "AV1", due=DUE, euros=1200, kind="credit_note")
    assert office.live(DUE, day(9)) == []
    assert office.why_not(customer, day(9)) == ["stop.credit_covers"]
    # Another invoice falls due: what the credit does not cover is asked for.
    office.invoice(customer, "MORE", due=day(10), euros=300)
    assert days_of(office.live(day(10), day(11))) == [(11, "d4")]
    assert asked(office) == [1200, 300]
    assert "300,00" in office.last_message().text


def test_an_invoice_paid_before_it_was_imported_is_never_chased():
    office = Office(mails(1))
    office.invoice(office.customer(), due=DUE, left=0)
    assert office.live(DUE, day(30)) == []


def test_small_sums_wait_until_together_they_are_worth_a_message():
    office = Office(mails(1, 30, min_amount_minor=5_000))
    customer = office.customer()
    office.invoice(customer, "SMALL1", due=DUE, euros=30)
    office.invoice(customer, "SMALL2", due=day(10), euros=30)
    assert office.live(day(1), day(10)) == []
    assert "stop.below_minimum" in office.why_not(customer, day(10))
    assert days_of(office.live(day(11), day(11))) == [(11, "d1")]
    assert asked(office) == [30, 30]


# -- bank data -----------------------------------------------------------------------------------


def test_without_a_recent_bank_statement_nobody_is_reminded():
    office = Office(mails(1, 9), {"bank_data_max_age_days": 3})
    customer = office.customer()
    office.invoice(customer, due=DUE)
    assert office.live(DUE, day(1)) == []
    assert office.why_not(customer, day(1)) == ["stop.no_bank"]
    office.statement(until=day(1))
    assert days_of(office.live(day(2), day(2))) == [(2, "d1")]
    # The statement is of the 3rd: on the 11th it is too old to remind anybody.
    assert office.live(day(3), day(11)) == []
    assert office.why_not(customer, day(11)) == ["stop.stale_bank"]
    office.statement(until=day(11))
    assert days_of(office.live(day(14), day(14))) == [(14, "d9")]


def test_a_statement_that_grows_old_between_planning_and_sending_stops_what_was_planned():
    office = Office(mails(1), {"bank_data_max_age_days": 3})
    office.invoice(office.customer(), due=DUE)
    office.statement(until=day(1))
    office.plan(day(4))  # the plan of Friday, sent on Monday by a worker that was away
    assert office.send(day(7)).cancelled == 1
    assert office.handed == []
    assert office.actions().get().outcome[0]["code"] == "stop.stale_bank"


# -- how often -----------------------------------------------------------------------------------


def test_a_consumer_is_contacted_three_times_in_a_week_at_most():
    office = Office(mails(1, 2, 3, 4, 7, 8, 9, 10, 11))
    customer = office.customer(kind="consumer")
    office.invoice(customer, due=DUE)
    told = days_of(office.live(day(1), day(20)))
    assert told[:3] == [(1, "d1"), (2, "d2"), (3, "d3")]
    for on, _ in told:
        assert sum(0 <= on - other < 7 for other, _ in told) <= 3
    assert office.live(day(21), day(40)) == []


def test_one_call_a_day_to_a_person_who_answers_for_two_customers():
    call = Scenario("story", 1, "Story", (Step("call", 1, "phone", "friendly"),))
    office = Office(call)
    for code in ("NORTH", "SOUTH"):
        office.invoice(office.customer(code, phone=MOBILE), due=DUE)
    assert len(office.live(day(1), day(1))) == 1
    assert office.actions(state="cancelled").get().outcome[0]["code"] == "stop.cap"
    assert len(office.live(day(2), day(2))) == 1


def test_the_limit_counts_messages_to_the_same_person_across_customers_and_scenarios():
    cap = {"contact_caps": [{"medium": "email", "kind": "", "count": 1, "days": 7}]}
    office = Office(mails(1, 4), cap)
    office.invoice(office.customer("NORTH", email="same@client.example"), due=DUE)
    office.invoice(office.customer("SOUTH", email="same@client.example"), due=DUE)
    assert len(office.live(day(1), day(1))) == 1
    assert office.live(day(2), day(7)) == []
    assert len(office.live(day(8), day(8))) == 1


def _second_worker_runs_meanwhile(office: Office) -> list[SendCounts]:
    """While the first message of the day is on its way, another worker sends what it can take."""
    ran: list[SendCounts] = []

    def answer(_message):
        office.answer = None
        ran.append(send_tick(office.id, now=office.now, routes=office.routes, chunk=1))

    office.answer = answer
    office.now = datetime.combine(day(1), time(10), tzinfo=PARIS)
    office.plan(day(1))
    send_tick(office.id, now=office.now, routes=office.routes, chunk=1)
    return ran


def test_the_limit_counts_what_another_worker_is_sending_at_that_moment():
    cap = {"contact_caps": [{"medium": "email", "kind": "", "count": 1, "days": 7}]}
    office = Office(mails(1, 4), cap)
    office.invoice(office.customer("NORTH", email="same@client.example"), due=DUE)
    office.invoice(office.customer("SOUTH", email="same@client.example"), due=DUE)
    (other,) = _second_worker_runs_meanwhile(office)
    assert (other.sent, other.postponed) == (0, 1)
    assert len(office.handed) == 1


def test_two_workers_send_at_the_same_moment_to_persons_who_have_nothing_in_common():
    cap = {"contact_caps": [{"medium": "email", "kind": "", "count": 1, "days": 7}]}
    office = Office(mails(1, 4), cap)
    for code in ("NORTH", "SOUTH"):
        office.invoice(office.customer(code), due=DUE)
    (other,) = _second_worker_runs_meanwhile(office)
    assert (other.sent, other.postponed) == (1, 0)


def test_the_gap_counts_from_the_last_message_that_arrived_and_a_bounced_one_does_not_count():
    office = Office(mails(1, 2, min_gap_days=10))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    assert days_of(office.live(day(1), day(1))) == [(1, "d1")]
    assert office.live(day(2), day(3)) == []
    assert office.why_not(customer, day(3)) == ["stop.gap"]
    # It comes back: nobody was contacted, and the letter does not wait ten days.
    office.event(office.last_message().id, "bounced", on=day(4))
    point_mark(office.id, office.point(customer), "invalid", on=day(4), reason="550", **WHO)
    assert [(on, medium) for on, _, medium in office.live(day(4), day(4))] == [(day(4), "letter")]


def test_a_call_that_reached_nobody_is_no_contact():
    office = Office(Scenario("story", 1, "Story", (
        Step("call", 1, "phone", "friendly"), Step("mail", 2, "email", "friendly", "reminder_1"),
    ), min_gap_days=5))  # fmt: skip
    office.invoice(office.customer(phone=MOBILE), due=DUE)
    office.live(day(1), day(1), calls=False)
    call = office.actions(state="todo").get()
    call_record(office.id, call.id, result="no_answer", on=day(1), **WHO)
    assert days_of(office.live(day(2), day(2))) == [(2, "mail")]


# -- at which hours ------------------------------------------------------------------------------


def test_texts_wait_for_decent_hours():
    office = Office(texts(1))
    office.invoice(office.customer(phone=MOBILE), due=DUE)
    office.plan(day(1))
    assert office.send(day(1), 6).postponed == 1
    assert office.actions().get().outcome[0]["code"] == "stop.quiet_hours"
    assert office.send(day(1), 8).sent == 1


def test_the_hours_are_those_of_the_customer_in_reunion():
    office = Office(texts(1))
    office.invoice(office.customer("PARIS", phone=MOBILE), due=DUE)
    overseas = {"postcode": "97400", "city": "Saint-Denis", "phone": "+33639123456"}
    office.invoice(office.customer("REUNION", **overseas), due=DUE)
    office.plan(day(1))
    # Six in Paris in winter is nine in Saint-Denis.
    office.send(day(1), 6)
    assert [office.actions(id=h.action_id).get().case.customer.code for h in office.handed] == [
        "REUNION"
    ]  # fmt: skip
    office.send(day(1), 18)
    assert len(office.handed) == 2


@pytest.mark.parametrize(("due", "sent"), [(date(2026, 3, 26), 1), (date(2026, 3, 30), 0)])
def test_an_overseas_clock_does_not_change_in_summer(due, sent):
    # Five in Paris is eight in Saint-Denis before the 29th of March 2026, and seven after it.
    office = Office(texts(1))
    overseas = {"postcode": "97400", "city": "Saint-Denis", "phone": "+33639123456"}
    office.invoice(office.customer(**overseas), due=due)
    on = due + timedelta(days=1)
    office.plan(on)
    assert office.send(on, 5).sent == sent


def test_a_step_leaves_in_its_window_of_days_and_hours():
    window = Window(weekdays=("tue", "thu"), from_hour=14, until_hour=16)
    office = Office(Scenario("story", 1, "Story", (
        Step("one", 1, "email", "friendly", "reminder_1", window=window),)))  # fmt: skip
    customer = office.customer()
    office.invoice(customer, due=day(1))
    assert office.live(day(2), day(2)) == []  # a Wednesday
    assert office.why_not(customer, day(2)) == ["stop.weekday"]
    office.plan(day(3))
    assert office.send(day(3), 13).postponed == 1
    assert office.send(day(3), 15).sent == 1


def test_holidays_of_alsace_keep_messages_from_leaving_there_only():
    office = Office(mails(1))
    good_friday = date(2026, 4, 3)
    office.invoice(office.customer("NANTES"), due=date(2026, 4, 2))
    office.invoice(
        office.customer("STRASBOURG", postcode="67000", city="Strasbourg"), due=date(2026, 4, 2)
    )
    assert len(office.live(good_friday, good_friday)) == 1
    # Easter Monday is a holiday everywhere.
    assert office.live(date(2026, 4, 4), date(2026, 4, 6)) == []
    assert len(office.live(date(2026, 4, 7), date(2026, 4, 7))) == 1


# -- who may be contacted, and how ---------------------------------------------------------------


def test_an_opted_out_address_gives_way_to_a_letter():
    office = Office(mails(1))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    point_mark(office.id, office.point(customer), "opted_out", on=DUE, **WHO)
    assert [medium for *_, medium in office.live(day(1), day(1))] == ["letter"]
    assert "plan.fallback" in [r["code"] for r in office.actions().get().reasons]


def test_an_opted_out_number_leaves_the_text_message_out_and_says_so():
    office = Office(texts(1))
    customer = office.customer(phone=MOBILE)
    office.invoice(customer, due=DUE)
    point_mark(office.id, office.point(customer, "phone"), "opted_out", on=DUE, **WHO)
    assert office.live(day(1), day(20)) == []
    assert office.why_not(customer, day(20)) == ["stop.opted_out"]


def test_an_address_that_bounces_before_it_leaves_gives_way_to_a_letter():
    office = Office(mails(1))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.plan(day(1))
    point_mark(office.id, office.point(customer), "invalid", on=day(1), reason="550", **WHO)
    assert office.send(day(1)).cancelled == 1
    assert office.actions().get().outcome[0]["code"] == "stop.bounced"
    assert [medium for *_, medium in office.live(day(1), day(2))] == ["letter"]


def test_without_any_address_the_file_says_what_to_add():
    office = Office(mails(1))
    customer = office.customer(email="", postcode="", city="")
    office.invoice(customer, due=DUE)
    assert office.live(day(1), day(30)) == []
    assert office.why_not(customer, day(30)) == ["stop.no_email"]


@pytest.mark.parametrize(
    ("fact", "code"), [("insolvent_since", "stop.insolvent"), ("deceased_since", "stop.deceased")]
)
def test_who_is_insolvent_or_dead_is_not_contacted_even_by_what_was_approved(fact, code):
    office = Office(SME_STANDARD)
    customer = office.customer(phone=MOBILE)
    office.invoice(customer, due=DUE)
    office.plan(day(1))
    customer_fact_set(office.id, customer.id, fact, value=day(1), on=day(1), **WHO)
    assert office.send(day(1)).cancelled == 1
    assert office.actions().get().outcome[0]["code"] == code
    assert office.live(day(1), day(90)) == []
    assert office.why_not(customer, day(90)) == [code]


def test_a_death_learned_by_mistake_is_taken_back():
    office = Office(mails(1, 9))
    customer = office.customer(kind="consumer")
    office.invoice(customer, due=DUE)
    customer_fact_set(office.id, customer.id, "deceased_since", value=DUE, on=DUE, **WHO)
    assert office.live(DUE, day(7)) == []
    customer_fact_set(office.id, customer.id, "deceased_since", value=None, on=day(8), **WHO)
    assert days_of(office.live(day(8), day(8))) == [(8, "d1")]


def test_a_consumer_gets_the_neutral_texts_of_a_subscription_and_no_formal_notice_for_little():
    office = Office(CONSUMER_SUBSCRIPTION)
    customer = office.customer(kind="consumer", phone=MOBILE)
    office.invoice(customer, due=DUE, euros=40)
    told = office.live(DUE, day(60))
    steps = [step for _, step in days_of(told)]
    assert steps[:4] == [
        "subscription_1", "subscription_sms", "subscription_2", "subscription_last",
    ]  # fmt: skip
    assert "formal_notice" not in steps
    assert "stop.condition" in office.why_not(customer, day(60))


def test_a_preventive_message_confirmed_after_the_due_date_does_not_leave():
    early = Step("before", -5, "email", "preventive", "reminder_preventive", "batch")
    office = Office(Scenario("story", 1, "Story", (early,)))
    office.invoice(office.customer(), due=DUE)
    assert office.live(day(-5), day(-3), approve=False) == []
    office.send(day(-3))
    waiting = office.actions(state="to_approve").get()
    action_approve(office.id, [waiting.id], on=day(1), **WHO)
    assert office.send(day(1)).cancelled == 1
    assert office.actions().get().outcome[0]["code"] == "stop.nothing_due"
