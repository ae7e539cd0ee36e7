"""Every anchor a step can count from, every approval, and scenarios lived to their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.apps.cases.services import (
    PlanTerms,
    dispute_close,
    dispute_open,
    plan_record,
    plan_schedule,
    promise_record,
)
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.services import action_approve, action_refuse
from amiable.core.scenario import Scenario, Step
from amiable.core.shipped import AFTER_BROKEN, KEY_ACCOUNTS, RISKY, SHIPPED, SME_STANDARD
from tests.stories.portfolio.office import CLAIRE, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday
WHO = {"actor": CLAIRE}


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def scenario(*steps: Step, **policies) -> Scenario:
    return Scenario("story", 1, "Story", steps, **policies)


def mail(code: str, offset: int, **fields) -> Step:
    fields = {"medium": "email", "stage": "friendly", "template": "reminder_1", **fields}
    return Step(code, offset, **fields)


def letter(code: str, offset: int, **fields) -> Step:
    fields = {"medium": "letter", "stage": "firm", "template": "reminder_firm", **fields}
    return Step(code, offset, **fields)


def call(code: str, offset: int, **fields) -> Step:
    return Step(code, offset, **{"medium": "phone", "stage": "friendly", **fields})


def notice(offset: int, **fields) -> Step:
    return Step(
        "notice", offset, "registered_letter", "formal", "formal_notice", "manual", **fields
    )


REVIEW = Step(
    "review", 10, "task", "litigation", anchor="formal_notice_received", task="review"
)  # fmt: skip


def days_of(told, first: date = DUE) -> list[tuple[int, str]]:
    return [((on - first).days, step) for on, step, _ in told]


# -- what a step counts from ---------------------------------------------------------------------


def test_from_the_due_date_in_calendar_and_in_working_days():
    office = Office(scenario(mail("three", 3), mail("ten", 10, days="working")))
    office.invoice(office.customer(), due=DUE)
    # Ten working days after Monday the 2nd is Monday the 16th.
    assert days_of(office.live(day(-5), day(30))) == [(3, "three"), (14, "ten")]


def test_from_the_issue_date():
    welcome = mail("welcome", 2, anchor="issue_date", stage="preventive",
                   template="reminder_preventive")  # fmt: skip
    office = Office(scenario(welcome, mail("late", 1)))
    office.invoice(office.customer(), issued=day(-28), due=DUE)
    assert days_of(office.live(day(-28), day(3))) == [(-26, "welcome"), (1, "late")]


def test_from_the_day_the_step_before_was_delivered_not_from_the_day_it_left():
    office = Office(scenario(mail("first", 1), mail("second", 5, anchor="previous_step")))
    office.invoice(office.customer(), due=DUE)
    assert days_of(office.live(DUE, day(2))) == [(1, "first")]
    office.event(office.last_message().id, "delivered", on=day(4))
    # Delivered on Friday the 6th: five days later is Wednesday the 11th.
    assert days_of(office.live(day(4), day(20))) == [(9, "second")]


def test_from_a_broken_promise_the_scenario_for_broken_promises_takes_over():
    office = Office(replace(SME_STANDARD, code="mine", after_broken="after-broken"))
    customer = office.customer(phone="+33612345678")
    office.invoice(customer, due=DUE)
    assert days_of(office.live(day(1), day(1))) == [(1, "reminder_1")]
    promise_record(
        office.id, office.case(customer), amount_minor=120_000, due_on=day(4), on=day(2), **WHO
    )
    # Promised for Friday, with three days of grace: Tuesday the 10th it is broken.
    assert office.live(day(2), day(7)) == []
    assert days_of(office.live(day(8), day(12))) == [
        (8, "after-broken.broken_email"), (10, "after-broken.broken_call"),
    ]  # fmt: skip
    assert "6 mars 2026" in office.last_message().text.replace("\u00a0", " ")


def test_a_broken_promise_is_one_step_higher_where_no_scenario_takes_over():
    office = Office(SME_STANDARD)
    customer = office.customer(phone="+33612345678")
    office.invoice(customer, due=DUE)
    assert [step for _, step in days_of(office.live(day(1), day(7)))] == [
        "reminder_1", "call_1", "reminder_2",
    ]  # fmt: skip
    case = office.case(customer)
    promise_record(office.id, case, amount_minor=120_000, due_on=day(30), on=day(8), **WHO)
    assert office.live(day(8), day(33)) == []
    # The third day of grace is Saturday the 4th of April, and then comes Easter Monday.
    assert office.live(day(34), day(35)) == []
    told = days_of(office.live(day(36), day(36)))
    assert told == [(36, "last_email"), (36, "last_call")]
    reasons = office.actions(step="last_email").get().reasons
    assert reasons[0]["code"] == "plan.one_step_higher"


def test_from_a_missed_instalment_while_the_plan_goes_on():
    office = Office(replace(SME_STANDARD, code="mine", after_broken="after-broken"))
    customer = office.customer(phone="+33612345678")
    office.invoice(customer, due=DUE)
    case = office.case(customer)
    terms = PlanTerms(120_000, 3, first_on=day(14))  # Monday the 16th of each month or so
    parts = plan_schedule(office.id, case, terms, on=DUE)
    plan_record(office.id, case, instalments=parts, on=DUE, **WHO)
    assert office.live(DUE, day(17)) == []
    # Friday the 20th it is missed; two working days later somebody calls.
    told = days_of(office.live(day(18), day(22)))
    assert told == [(18, "after-broken.missed_email"), (22, "after-broken.missed_call")]
    # Only what was missed is asked for: the other two instalments are still to come.
    action = office.actions(step="after-broken.missed_email").get()
    assert [row.open_minor for row in action.items.all()] == [40_000]


def test_from_a_returned_payment_with_the_banks_reason():
    office = Office(RISKY)
    customer = office.customer(phone="+33612345678")
    item = office.invoice(customer, due=DUE)
    payment = office.pay(customer, 1200, on=day(1), parts={item: 1200})
    assert office.live(day(1), day(3)) == []
    office.returned(payment, on=day(4), reason="AM04")
    assert days_of(office.live(day(4), day(9))) == [(4, "returned_call"), (7, "returned_email")]
    (reason,) = office.actions(step="returned_call").get().reasons
    assert (reason["code"], reason["params"]["reason"]) == ("plan.payment_returned", "AM04")


def test_from_a_closed_dispute():
    office = Office(scenario(
        mail("first", 1), mail("later", 20),
        call("after_dispute", 1, anchor="dispute_closed", days="working"),
    ))  # fmt: skip
    item = office.invoice(office.customer(phone="0612345678"), due=DUE)
    assert days_of(office.live(DUE, day(1))) == [(1, "first")]
    dispute = dispute_open(office.id, item, reason="price", on=day(2), **WHO)
    assert office.live(day(2), day(8)) == []
    dispute_close(office.id, dispute, outcome="delivered as ordered", on=day(9), **WHO)
    # Closed on Wednesday the 11th: the next working day, then the dates go on.
    assert days_of(office.live(day(9), day(25))) == [(10, "after_dispute"), (21, "later")]


def test_from_the_receipt_of_the_formal_notice_which_has_to_be_known():
    office = Office(scenario(letter("firm", 5), notice(15), REVIEW))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    assert days_of(office.live(DUE, day(60))) == [(7, "firm"), (15, "notice")]
    assert office.why_not(customer, day(60)) == ["plan.awaits_receipt"]
    office.event(office.last_message().id, "delivered", on=day(61))
    assert days_of(office.live(day(61), day(90))) == [(71, "review")]


# -- who lets a step leave -----------------------------------------------------------------------


def test_a_batch_is_confirmed_together_and_nothing_leaves_before():
    office = Office(scenario(mail("first", 1, approval="batch")))
    for number in range(3):
        office.invoice(office.customer(f"C{number}"), due=DUE)
    assert office.live(day(1), day(5), approve=False) == []
    waiting = list(office.actions(state="to_approve").values_list("id", flat=True))
    assert action_approve(office.id, waiting[:2], on=day(7), **WHO) == 2
    assert len(office.live(day(7), day(7), approve=False)) == 2
    assert action_refuse(office.id, waiting[2:], on=day(7), reason="key account", **WHO) == 1
    assert office.live(day(8), day(30)) == []
    refused = Action.objects.get(id=waiting[2])
    assert (refused.state, refused.outcome[0]["code"]) == ("skipped", "action.refused")


def test_a_formal_notice_waits_for_a_person_while_fresh_invoices_go_on():
    office = Office(scenario(mail("first", 1), letter("firm", 5), notice(15)))
    customer = office.customer()
    office.invoice(customer, "OLD", due=DUE)
    assert days_of(office.live(DUE, day(13))) == [(1, "first"), (7, "firm")]
    assert office.live(day(14), day(15), approve=False) == []
    office.invoice(customer, "NEW", due=day(20), on=day(16))
    told = office.live(day(16), day(21), approve=False)
    assert days_of(told) == [(21, "first")]
    assert office.actions(step="notice").get().state == "to_approve"
    assert days_of(office.live(day(22), day(22))) == [(22, "notice")]


def test_an_approval_is_not_lost_to_a_reminder_about_another_invoice():
    office = Office(scenario(mail("first", 1), letter("firm", 5), notice(15), min_gap_days=3))
    customer = office.customer()
    office.invoice(customer, "OLD", due=DUE)
    office.live(DUE, day(8))
    office.live(day(9), day(15), approve=False)
    office.invoice(customer, "NEW", due=day(20), on=day(16))
    assert days_of(office.live(day(16), day(21), approve=False)) == [(21, "first")]
    waiting = office.actions(step="notice").get()
    assert action_approve(office.id, [waiting.id], on=day(22), **WHO) == 1
    # Two days after the reminder is too soon; three are enough.
    assert days_of(office.live(day(22), day(24), approve=False)) == [(24, "notice")]


def test_a_large_amount_is_confirmed_by_a_person_and_a_small_one_leaves_by_itself():
    office = Office(scenario(mail("first", 1), approval_above_minor=500_000))
    office.invoice(office.customer("LARGE"), due=DUE, euros=5001)
    office.invoice(office.customer("SMALL"), due=DUE, euros=5000)
    assert len(office.live(day(1), day(1), approve=False)) == 1
    waiting = office.actions(state="to_approve").get()
    assert waiting.case.customer.code == "LARGE"
    assert waiting.reasons[-1]["code"] == "plan.large_amount"
    assert len(office.live(day(2), day(2))) == 1


# -- calendars -----------------------------------------------------------------------------------


def test_a_leap_day_is_a_day_like_others():
    office = Office(scenario(mail("one", 1), mail("two", 2), mail("four", 32)))
    office.invoice(office.customer(), due=date(2028, 2, 28))  # a Monday of a leap year
    told = office.live(date(2028, 2, 28), date(2028, 4, 5))
    # D+32 is the 31st of March, a Friday.
    assert [on for on, _, _ in told] == [date(2028, 2, 29), date(2028, 3, 1), date(2028, 3, 31)]


def test_the_end_of_a_month_and_of_a_year():
    office = Office(scenario(mail("one", 1), mail("two", 32)))
    office.invoice(office.customer(), due=date(2026, 11, 30))
    told = office.live(date(2026, 11, 30), date(2027, 1, 10))
    # D+32 is the first of January: the next working day is Monday the 4th.
    assert [on for on, _, _ in told] == [date(2026, 12, 1), date(2027, 1, 4)]


def test_an_instalment_of_the_31st_falls_due_on_the_last_day_of_shorter_months():
    office = Office(SME_STANDARD)
    customer = office.customer()
    office.invoice(customer, due=date(2027, 12, 1))
    terms = PlanTerms(120_000, 4, first_on=date(2027, 12, 31))
    parts = plan_schedule(office.id, office.case(customer), terms, on=date(2027, 12, 2))
    # The 29th of February 2028 is the last day of its month.
    assert [part.due_on for part in parts] == [
        date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31),
    ]  # fmt: skip


@pytest.mark.parametrize("changes_on", [date(2026, 3, 29), date(2026, 10, 25)])
def test_around_the_change_of_the_clock_every_step_leaves_once_and_on_its_day(changes_on):
    office = Office(scenario(mail("before", 1), mail("after", 4)))
    office.invoice(office.customer(), due=changes_on - timedelta(days=3))  # a Thursday
    told = []
    for offset in range(-3, 4):
        on = changes_on + timedelta(days=offset)
        office.plan(on)
        for hour, minute in ((0, 30), (2, 30), (2, 30), (3, 30), (23, 59)):
            before = len(office.handed)
            office.send(on, hour, minute)
            told += [(offset, office.told(h, on)[1]) for h in office.handed[before:]]
    assert told == [(-2, "before"), (1, "after")]


# -- the eight shipped ones ----------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code in SHIPPED if code != AFTER_BROKEN.code])
def test_a_shipped_scenario_lives_to_its_end_with_real_texts(code):
    agency = {"is_agency": True, "address": ["1 quai de Saône", "69002 LYON"]}
    office = Office(SHIPPED[code], agency if code == "agency-45-days" else {})
    customer = office.customer(phone="+33612345678")
    office.invoice(customer, "FA-1", due=DUE, euros=9000, issued=day(-40))
    told = office.live(day(-40), day(130))
    assert not office.actions(state__in=["failed", "cancelled", "unknown"]).exists()
    stages = list(office.actions(state="done").order_by("closed_on", "id"))
    order = ["preventive", "friendly", "firm", "formal", "litigation"]
    ranks = [order.index(action.stage) for action in stages]
    assert ranks == sorted(ranks)
    by_dates = {
        step.code for step in SHIPPED[code].steps
        if step.code in SHIPPED[code].course().position or step.accompanies
    }  # fmt: skip
    missing = by_dates - {step for _, step, _ in told}
    # What waits for the receipt of the formal notice waits for a fact.
    assert missing <= {s.code for s in SHIPPED[code].steps if s.anchor == "formal_notice_received"}
    texts = "".join(message.text for message in customer.cases.get().messages.all())
    assert "FA-1" in texts
    assert "{{" not in texts


def test_the_key_accounts_scenario_writes_to_accounts_payable_first_and_confirms_in_batches():
    office = Office(KEY_ACCOUNTS)
    office.invoice(office.customer(phone="+33612345678"), due=DUE, euros=9000)
    told = office.live(day(-15), day(22), approve=False)
    assert [step for _, step in days_of(told)] == ["preventive_call", "statement_1", "call_1"]
    assert office.actions(state="to_approve").get().step == "statement_2"
