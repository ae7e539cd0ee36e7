"""No gentler message about an invoice in the days after a firmer one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.core.planner import plan
from amiable.core.scenario import Scenario, Step
from amiable.core.shipped import SHIPPED
from amiable.core.stops import TONE_DAYS, tone_stop
from tests.core.builders import facts, item, told
from tests.core.simulation import World

MONDAY = date(2026, 9, 14)
GENTLE, FIRM = (Step(tone, 1, "email", tone, "t") for tone in ("friendly", "firm"))


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def lettered(stage="firm", on=MONDAY, **fields):
    """An invoice that took its gentle step in a message as firm as `stage`."""
    return item(1, steps_done={"call": on}, stages_done={"call": stage}, **fields)


def test_gentler_message_waits_a_week_and_says_since_when():
    stop = tone_stop(lettered(), GENTLE, day(1))
    assert stop.look_on == day(TONE_DAYS)
    assert told(stop.sentence) == (
        "FA1: a firmer message left on 2026-09-14; a gentler one waits until 2026-09-21."
    )
    assert tone_stop(lettered(), GENTLE, day(TONE_DAYS - 1)) is not None
    assert tone_stop(lettered(), GENTLE, day(TONE_DAYS)) is None


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        (FIRM, "firm"),  # as firm
        (FIRM, "friendly"),  # firmer
        (GENTLE, ""),  # what reached nobody
        (Step("x", 1, "task", "friendly"), "firm"),  # a task says nothing to the customer
    ],
)
def test_message_as_firm_or_firmer_and_task_do_not_wait(step, stage):
    assert tone_stop(lettered(stage), step, day(1)) is None


def test_call_waits_like_a_message():
    assert tone_stop(lettered(), Step("x", 1, "phone", "friendly"), day(1)) is not None


def test_message_of_unknown_tone_holds_nothing_back():
    assert tone_stop(item(steps_done={"call": MONDAY}), GENTLE, day(1)) is None


def test_the_last_of_several_firmer_messages_counts():
    twice = item(
        steps_done={"a": day(-3), "b": day(0), "c": day(2)},
        stages_done={"a": "formal", "b": "firm", "c": "friendly"},
    )
    assert tone_stop(twice, GENTLE, day(3)).look_on == day(TONE_DAYS)


def test_what_happened_since_is_answered_at_once():
    for since, waits in ((day(-1), True), (day(0), False), (day(1), False)):
        assert (tone_stop(lettered(), GENTLE, day(2), since=since) is not None) is waits


def two_steps(**fields) -> Scenario:
    return Scenario("test", 1, "Test", (
        Step("call", 3, "phone", "friendly"),
        Step("mail", 7, "email", "friendly", "t"),
        Step("letter", 15, "letter", "firm", "t"),
    ), catch_up="jump", **fields)  # fmt: skip


def test_invoice_of_a_firm_letter_gets_no_email_of_its_own_the_next_day():
    held = plan(facts(lettered(due=day(-6)), last_contact_on=MONDAY), two_steps(), day(1))
    assert held.actions == ()
    assert [(s.item_id, s.sentence.code) for s in held.skips] == [(1, "stop.firmer_before")]
    assert held.next_look_on == day(TONE_DAYS)
    (mail,) = plan(facts(lettered(due=day(-6))), two_steps(), held.next_look_on).actions
    assert mail.step.code == "mail"


def test_other_invoices_do_not_wait_with_it():
    fresh = item(2, due=day(-2))
    (call,) = plan(facts(lettered(due=day(-6)), fresh), two_steps(), day(1)).actions
    assert (call.step.code, [each.id for each in call.items]) == ("call", [2])


def test_it_joins_another_message_as_firm_as_its_last_one():
    old = item(2, due=day(-16), steps_done={"mail": day(-9)}, stages_done={"mail": "friendly"})
    (letter,) = plan(facts(lettered(due=day(-6)), old), two_steps(), day(1)).actions
    assert letter.step.code == "letter"
    assert {each.id: each.step for each in letter.items} == {1: "mail", 2: "letter"}


def test_risky_customer_is_not_written_to_gently_the_day_after_a_firm_letter():
    """After 1 May, one invoice reaches its registered letter on the Monday and takes along another,
    six days late; that one's own reminder would be on the Tuesday."""
    letter_on, last = date(2026, 5, 4), date(2026, 7, 1)
    old, fresh = item(1, due=date(2026, 4, 17)), item(2, due=date(2026, 4, 28))
    world = World({1: old, 2: fresh}, scenario=SHIPPED["risky"])
    lived = [(on, a.step.code, {each.id for each in a.items})
             for on, a in world.between(date(2026, 4, 13), last)]  # fmt: skip
    assert (letter_on, "firm_letter", {1, 2}) in lived
    later = [(on, code) for on, code, items in lived if letter_on < on and 2 in items]
    # Without the rule: its gentle reminder on the 5th.
    assert later[0] == (date(2026, 5, 11), "sms")


def test_event_after_the_firm_letter_is_answered_though_gently():
    scenario = Scenario("test", 1, "Test", (
        *two_steps().steps,
        Step("broken", 1, "email", "friendly", "t", anchor="payment_returned"),
    ), catch_up="jump")  # fmt: skip
    returned = lettered(due=day(-6), events={"payment_returned": day(1)})
    (mail,) = plan(facts(returned), scenario, day(2)).actions
    assert mail.step.code == "broken"
    early = lettered(due=day(-6), events={"payment_returned": day(-1)})
    assert plan(facts(early), scenario, day(1)).actions == ()


RETURNED = Scenario("test", 1, "Test", (
    Step("returned", 4, "email", "friendly", "t", anchor="payment_returned"),
))  # fmt: skip


def test_an_event_dated_ahead_is_looked_at_on_its_day_and_one_of_today_on_that_of_its_step():
    """An event of today has been looked at: tomorrow brings nothing new."""
    ahead = item(1, due=day(-9), events={"payment_returned": day(2)})
    assert plan(facts(ahead), RETURNED, MONDAY).next_look_on == day(2)
    today = item(1, due=day(-9), events={"payment_returned": MONDAY})
    assert plan(facts(today), RETURNED, MONDAY).next_look_on == day(4)
