"""Each reason not to act, with its sentence, and the day on which the answer may differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from amiable.core.facts import Cap, Hold, Promise
from amiable.core.guards import check
from amiable.core.planner import plan
from amiable.core.promises import commitments
from amiable.core.scenario import Conditions, Scenario, Step, Window
from amiable.core.sentences import Sentence
from amiable.core.shipped import SME_STANDARD
from amiable.core.stops import item_stop
from tests.core.builders import DUE, EVERYWHERE, facts, item, told
from tests.core.simulation import World


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def codes(decided) -> list[str]:
    return [skip.sentence.code for skip in decided.skips]


def one(**fields) -> Scenario:
    step = Step(
        "one",
        **{"offset_days": 1, "medium": "email", "stage": "friendly", "template": "t", **fields},
    )
    return Scenario("test", 1, "Test", (step,))


def noon(offset: int, hour: int = 12) -> datetime:
    return datetime.combine(day(offset), time(hour), tzinfo=UTC)


# -- who may be contacted ------------------------------------------------------------------------


def test_nothing_goes_to_someone_said_to_have_died():
    decided = plan(facts(item(), deceased_since=day(-3)), SME_STANDARD, day(1))
    assert (decided.actions, codes(decided)) == ((), ["stop.deceased"])


@pytest.mark.parametrize("why", ["bounced", "opted_out"])
def test_a_lost_address_says_why_it_is_lost(why):
    case = facts(item(), media=frozenset({"phone"}), lost={"email": why})
    assert codes(plan(case, one(), day(1))) == [f"stop.{why}"]


def test_the_fallback_takes_over_when_the_medium_cannot_reach():
    case = facts(item(), media=frozenset({"letter", "phone"}))
    (action,) = plan(case, one(fallback=("sms", "letter")), day(1)).actions
    assert action.medium == "letter"
    assert action.reasons[-1].code == "plan.fallback"


def test_an_address_lost_between_planning_and_sending_cancels_so_that_the_fallback_is_planned():
    case = facts(item(), media=frozenset({"letter"}), lost={"email": "bounced"})
    step = one(fallback=("letter",)).steps[0]
    verdict = check(case, one(), step=step, item_ids={1}, now=noon(1), medium="email")
    assert verdict.stop.sentence.code == "stop.bounced"
    assert not verdict.postpone


# -- how often -----------------------------------------------------------------------------------

CAPPED = [
    (Cap(2, 7), {"email": (day(-3), day(-1))}, day(4)),
    (Cap(2, 7), {"email": (day(-3),), "phone": (day(-1),)}, day(4)),
    (Cap(1, 7, "email"), {"email": (day(-3),)}, day(4)),
    (Cap(1, 7, "email"), {"phone": (day(-3),)}, None),
    (Cap(2, 7), {"email": (day(-6), day(-1))}, None),  # the older one is seven days old today
    (Cap(1, 7, kind="consumer"), {"email": (day(-1),)}, None),
]


@pytest.mark.parametrize(("cap", "contacts", "until"), CAPPED)
def test_a_cap_counts_contacts_in_its_window_and_says_until_when(cap, contacts, until):
    case = facts(item(), caps=(cap,), contacts=contacts)
    decided = plan(case, one(), day(1))
    if until is None:
        assert decided.actions
        return
    assert codes(decided) == ["stop.cap"]
    # day(4) is a Saturday
    assert decided.skips[0].sentence.params["until"] == until
    assert plan(case, one(), decided.next_look_on).actions


def test_a_consumer_is_contacted_three_times_a_week_at_most():
    cap = Cap(3, 7, kind="consumer")
    scenario = Scenario("test", 1, "Test", tuple(
        Step(f"s{n}", n, "email", "friendly", "t") for n in range(1, 15)))  # fmt: skip
    world = World({1: item()}, scenario=scenario, fields={
        "customer_kind": "consumer", "caps": (cap,)})  # fmt: skip
    days = [on for on, _ in world.between(day(0), day(20))]
    assert len(days) > 4
    for on in days:
        assert sum(0 <= (on - other).days < 7 for other in days) <= 3


def test_two_contacts_leaving_for_one_person_count_for_each_other():
    case = facts(item(), caps=(Cap(1, 1, "email"),))
    step = one().steps[0]
    verdict = check(case, one(), step=step, item_ids={1}, now=noon(1), extra=["email"])
    assert verdict.stop.sentence.code == "stop.cap"
    assert verdict.postpone


# -- when ----------------------------------------------------------------------------------------


def test_a_step_leaves_on_its_weekdays_only():
    thursdays = one(window=Window(weekdays=("thu",)))
    decided = plan(facts(item()), thursdays, day(1))  # a Wednesday
    assert (codes(decided), decided.next_look_on) == (["stop.weekday"], day(2))
    assert plan(facts(item()), thursdays, day(2)).actions


@pytest.mark.parametrize(
    ("hour", "stop"), [(8, "stop.window"), (9, None), (17, None), (18, "stop.window")]
)
def test_a_step_leaves_inside_its_hours_and_waits_otherwise(hour, stop):
    scenario = one(window=Window(from_hour=9, until_hour=18))
    verdict = check(
        facts(item()), scenario, step=scenario.steps[0], item_ids={1}, now=noon(1, hour)
    )
    assert (verdict.stop.sentence.code if verdict.stop else None) == stop
    assert verdict.postpone == (stop is not None)


@pytest.mark.parametrize(("hour", "quiet"), [(7, True), (8, False), (19, False), (20, True)])
def test_texts_wait_for_decent_hours_of_the_customers_own_clock(hour, quiet):
    scenario = one(medium="sms")
    verdict = check(facts(item()), scenario, step=scenario.steps[0], item_ids={1}, now=noon(1),
                    own=noon(1, hour))  # fmt: skip
    assert (verdict.stop is not None) == quiet


# -- what is promised, planned, disputed in part -------------------------------------------------


def test_a_promise_for_a_part_leaves_the_rest_to_be_chased():
    old, recent = item(1), item(2, due=day(-1))
    promise = Promise(120_000, day(20), made_on=day(0))
    decided = plan(facts(old, recent, promises=(promise,)), one(), day(1))
    # Oldest first: the promise speaks for the invoice due first.
    assert [[(i.id, i.open_minor) for i in a.items] for a in decided.actions] == [[(1, 120_000)]]
    assert codes(decided) == ["stop.promise"]


def test_a_promise_for_less_than_an_invoice_leaves_its_rest():
    promise = Promise(50_000, day(20), made_on=day(0))
    decided = plan(facts(item(), promises=(promise,)), one(), day(1))
    assert [i.open_minor for a in decided.actions for i in a.items] == [70_000]


def test_an_invoice_issued_after_the_promise_is_not_covered_by_it():
    promise = Promise(500_000, day(20), made_on=day(0))
    new = item(2, due=day(3), issue_date=day(2))
    decided = plan(facts(item(1), new, promises=(promise,)), one(), day(6))
    assert [[i.id for i in a.items] for a in decided.actions] == [[2]]


def test_an_item_in_a_payment_plan_says_so():
    parts = tuple(Promise(60_000, day(n), made_on=day(0), plan_id=4, id=n) for n in (10, 40))
    decided = plan(facts(item(), promises=parts), one(), day(1))
    assert codes(decided) == ["stop.plan"]


def test_dispute_and_promise_on_one_invoice_add_up():
    case = facts(item(disputed_minor=70_000), promises=(Promise(50_000, day(20), made_on=day(0)),))
    assert codes(plan(case, one(), day(1))) == ["stop.promise"]


# -- conditions ----------------------------------------------------------------------------------

CONDITIONS = [
    (Conditions(min_amount_minor=120_001), {}, "condition.min_amount"),
    (Conditions(max_amount_minor=119_999), {}, "condition.max_amount"),
    (Conditions(segments=("gold",)), {"segment": "silver"}, "condition.segment"),
    (Conditions(kinds=("public",)), {}, "condition.kind"),
    (Conditions(languages=("en",)), {}, "condition.language"),
    (Conditions(creditors=("north",)), {"creditor": "south"}, "condition.creditor"),
    (Conditions(contact_by=("sms",)), {"media": frozenset({"email"})}, "condition.contact"),
    (Conditions(min_score=50), {"score": 49}, "condition.score"),
    (Conditions(max_score=50), {"score": 51}, "condition.score"),
    (Conditions(max_score=50), {}, "condition.no_score"),
    (Conditions(min_stage="firm"), {}, "condition.stage"),
    (Conditions(min_broken_promises=1), {}, "condition.broken"),
    (Conditions(min_days_since_contact=9), {"last_contact_on": day(-5)}, "condition.days_since"),
]


@pytest.mark.parametrize(("asked", "fields", "code"), CONDITIONS)
def test_a_step_whose_condition_is_not_met_is_passed_over_and_says_why(asked, fields, code):
    decided = plan(facts(item(), **fields), one(conditions=asked), day(1))
    assert decided.actions == ()
    (sentence,) = decided.passed_over
    assert sentence.params["why"].code == code
    assert str(sentence).count("{") == 0
    assert Sentence.from_json(sentence.to_json()) == sentence


MET = [
    (Conditions(min_amount_minor=120_000, max_amount_minor=120_000), {}),
    (Conditions(segments=("gold", "silver")), {"segment": "silver"}),
    (Conditions(kinds=("company",), languages=("fr",)), {}),
    (Conditions(min_score=10, max_score=10), {"score": 10}),
    (Conditions(contact_by=("email", "sms")), {"media": EVERYWHERE}),
    (Conditions(min_days_since_contact=6), {"last_contact_on": day(-5)}),
]


@pytest.mark.parametrize(("asked", "fields"), MET)
def test_a_step_whose_conditions_are_met_is_taken(asked, fields):
    assert plan(facts(item(), **fields), one(conditions=asked), day(1)).actions


def test_a_passed_over_step_gives_way_to_the_next():
    scenario = Scenario("test", 1, "Test", (
        Step("small", 1, "email", "friendly", "t", conditions=Conditions(max_amount_minor=100)),
        Step("call", 3, "phone", "friendly"),
    ))  # fmt: skip
    world = World({1: item()}, scenario=scenario)
    assert [a.step.code for _, a in world.between(day(0), day(9))] == ["call"]


def test_a_step_for_large_amounts_comes_when_the_amount_is_reached():
    scenario = one(conditions=Conditions(min_amount_minor=200_000))
    growing = facts(item(1), item(2, due=day(5)))
    decided = plan(growing, scenario, day(1))
    assert decided.actions == ()
    assert decided.next_look_on == day(6)
    assert plan(growing, scenario, day(6)).actions


# -- who confirms --------------------------------------------------------------------------------


def test_a_large_amount_waits_for_a_confirmation():
    scenario = replace(one(), approval_above_minor=100_000)
    (action,) = plan(facts(item()), scenario, day(1)).actions
    assert action.approval == "batch"
    assert action.reasons[-1].code == "plan.large_amount"
    (small,) = plan(facts(item(open_minor=100_000)), scenario, day(1)).actions
    assert small.approval == "automatic"


def test_a_step_to_confirm_in_a_batch_says_so():
    (action,) = plan(facts(item()), one(approval="batch"), day(1)).actions
    assert (action.approval, action.reasons[-1].code) == ("batch", "plan.waiting_batch")


def test_a_hold_on_an_instalment_has_its_own_end():
    hold = Hold("credit note expected", day(0), day(5), item_id=1)
    decided = plan(facts(item(), holds=(hold,)), one(), day(1))
    assert (codes(decided), decided.next_look_on) == (["stop.item_held"], day(6))


# -- in words ------------------------------------------------------------------------------------


def words(decided) -> list[str]:
    return [told(skip.sentence) for skip in decided.skips]


def test_amounts_are_said_in_the_currency_of_the_case():
    swiss = {"currency": "CHF"}
    credit = plan(facts(item(), unallocated_minor=150_000, **swiss), one(), day(1))
    assert words(credit) == [
        "A credit of 1500.00 CHF not yet allocated covers the 1200.00 CHF due."
    ]
    small = plan(
        facts(item(open_minor=900), **swiss), replace(one(), min_amount_minor=1_500), day(1)
    )
    assert words(small) == ["The 9.00 CHF due is below the minimum of 15.00 CHF worth a message."]
    promise = Promise(120_000, day(5), 3, made_on=day(0))
    promised = plan(facts(item(), promises=(promise,), **swiss), one(), day(1))
    assert words(promised) == [
        "FA1: 1200.00 CHF is promised for 2026-09-06; nothing is sent before 2026-09-10."
    ]
    disputed = plan(facts(item(disputed_minor=120_000), **swiss), one(), day(1))
    assert words(disputed) == ["FA1 is disputed for 1200.00 CHF."]


def test_a_credit_lowers_what_is_worth_a_message():
    small = replace(one(), min_amount_minor=1_500)
    other = item(2, due=day(1), steps_done={"one": day(-1)})
    case = facts(item(open_minor=2_000), other, unallocated_minor=501)
    decided = plan(case, small, day(1))
    assert words(decided)[0] == (
        "The 14.99 EUR due is below the minimum of 15.00 EUR worth a message."
    )
    assert decided.next_look_on == day(2)  # another invoice is overdue from then
    assert plan(replace(case, unallocated_minor=500), small, day(1)).actions


def test_invoices_join_the_next_contact_and_say_from_when():
    case = facts(item(), last_contact_on=day(0))
    slow = replace(one(), regroup_days=2)
    decided = plan(case, slow, day(1))
    assert words(decided) == [
        "The customer was contacted on 2026-09-01 about other invoices: these join from 2026-09-03."
    ]
    assert decided.next_look_on == day(2)
    assert plan(case, slow, day(2)).actions


def test_a_cap_for_another_medium_or_kind_does_not_hide_the_one_that_counts():
    caps = (Cap(1, 7, "phone"), Cap(1, 7, kind="consumer"), Cap(1, 7, "email"))
    case = facts(item(), caps=caps, contacts={"email": (day(-1),)})
    assert words(plan(case, one(), day(1))) == [
        "The limit of contacts is reached (contacts: 1, days: 7): the next is not before 2026-09-07."
    ]


def test_an_item_in_a_payment_plan_says_when_the_next_instalment_is_due():
    parts = tuple(Promise(60_000, day(n), 3, made_on=day(0), plan_id=4, id=n) for n in (9, 40))
    decided = plan(facts(item(), promises=parts), one(), day(1))
    assert words(decided) == ["FA1 is in a payment plan; its next instalment is due on 2026-09-10."]
    assert decided.next_look_on == day(13)  # three days of grace later


def test_each_stop_of_an_item_gives_the_day_on_which_it_may_end():
    """Asked for by itself: in a plan, the promise's own end would give that day too."""
    promise = Promise(120_000, day(9), 3, made_on=day(0))
    for made in (promise, replace(promise, plan_id=4)):
        case = facts(item(), promises=(made,))
        given = commitments(case, day(1))
        assert item_stop(case, case.items[0], day(1), given=given).look_on == day(13)


def test_a_hold_begins_on_its_first_day_and_ends_after_its_last():
    hold = Hold("sales talks", day(1), day(2))
    case = facts(item(), holds=(hold,))
    assert [bool(plan(case, one(), day(n)).actions) for n in (1, 2, 3)] == [False, False, True]
    assert plan(facts(item(due=day(-1)), holds=(hold,)), one(), day(0)).actions


@pytest.mark.parametrize(
    ("until", "text"),
    [
        (None, "No bank statement was imported yet: import one"),
        (day(-3), "The last bank statement is of 2026-08-29: import a newer one"),
    ],
)
def test_old_bank_data_is_looked_at_again_every_day(until, text):
    case = facts(item(), bank_data_max_age_days=3, bank_data_until=until)
    decided = plan(case, one(), day(1))
    assert words(decided)[0].startswith(text)
    assert decided.next_look_on == day(2)


def test_old_bank_data_may_be_renewed_the_next_day_and_over_a_weekend():
    case = facts(item(), bank_data_max_age_days=3)
    assert plan(case, one(), day(1)).next_look_on == day(2)
    # Planned ahead on Saturday the 5th: Monday is looked at on Monday.
    assert plan(case, one(), day(4)).next_look_on == day(6)
    assert plan(case, one(), day(6)).next_look_on == day(7)


def test_a_cent_is_owed_and_nothing_is_not():
    assert plan(facts(item(open_minor=1)), one(), day(1)).actions
    assert words(plan(facts(item(open_minor=0)), one(), day(1))) == ["FA1 is paid."]


def test_an_invoice_gone_from_the_accounts_is_to_be_checked():
    assert words(plan(facts(item(missing_from_export=True)), one(), day(1))) == [
        "FA1 is absent from the last full export of the accounts: check whether it was paid or "
        "cancelled."
    ]


MISSING = [
    ("email", "No valid email address is known: add one."),
    ("phone", "No phone number is known: add one."),
    ("sms", "No mobile number for text messages is known: add one."),
    ("letter", "The postal address is incomplete: complete it."),
    ("registered_letter", "The postal address is incomplete: complete it."),
]


@pytest.mark.parametrize(("medium", "text"), MISSING)
def test_what_cannot_be_reached_says_what_to_add(medium, text):
    case = facts(item(), media=frozenset())
    assert words(plan(case, one(medium=medium), day(1))) == [text]
    # The fallbacks cannot either: what is said is about the step's own medium.
    assert words(plan(case, one(medium=medium, fallback=("sms", "letter")), day(1))) == [text]


# -- conditions in words -------------------------------------------------------------------------

UNMET = [
    (Conditions(min_amount_minor=120_001), {}, "less than 1200.01 CHF is overdue."),
    (Conditions(max_amount_minor=119_999), {}, "more than 1199.99 CHF is overdue."),
    (
        Conditions(segments=("gold", "silver")),
        {},
        "the customer is not of the segment gold, silver.",
    ),
    (Conditions(max_score=50), {"score": 51}, "the customer's score is not between 0 and 50."),
    (Conditions(min_score=50), {"score": 49}, "the customer's score is not between 50 and 100."),
    (Conditions(min_broken_promises=2), {}, "fewer than 2 promises were broken."),
    (
        Conditions(min_days_since_contact=7),
        {"last_contact_on": day(-5)},
        "the last contact was less than 7 days ago.",
    ),
]


@pytest.mark.parametrize(("asked", "fields", "why"), UNMET)
def test_a_condition_says_what_it_asks_for(asked, fields, why):
    case = facts(item(), currency="CHF", **fields)
    (sentence,) = plan(case, one(conditions=asked), day(1)).passed_over
    assert told(sentence) == f"The step one is passed over: {why}"


@pytest.mark.parametrize(("bounds", "score"), [({"max_score": 0}, 0), ({"min_score": 100}, 100)])
def test_the_ends_of_the_scale_of_scores_are_inside(bounds, score):
    assert plan(facts(item(), score=score), one(conditions=Conditions(**bounds)), day(1)).actions


def test_a_preventive_step_weighs_everything_open():
    early = one(offset_days=-5, stage="preventive", conditions=Conditions(max_amount_minor=239_999))
    case = facts(item(1), item(2, due=day(9)), currency="CHF")
    (sentence,) = plan(case, early, day(-5)).passed_over
    assert told(sentence).endswith("more than 2399.99 CHF is open.")
    late = one(offset_days=-5, stage="preventive", conditions=Conditions(min_amount_minor=240_001))
    (sentence,) = plan(case, late, day(-5)).passed_over
    assert told(sentence).endswith("less than 2400.01 CHF is open.")


def test_less_than_the_organization_minds_is_never_asked_for_whatever_the_scenario():
    small = facts(item(open_minor=1_999), currency="CHF", min_amount_minor=2_000)
    decided = plan(small, one(), day(1))
    assert not decided.actions
    assert words(decided) == [
        "The 19.99 CHF due is below the 20.00 CHF for which anybody is reminded at all."
    ]
    assert plan(facts(item(open_minor=2_000), min_amount_minor=2_000), one(), day(1)).actions
    credit = facts(item(open_minor=2_500), unallocated_minor=501, min_amount_minor=2_000)
    assert not plan(credit, one(), day(1)).actions
    together = facts(item(1, open_minor=1_000), item(2, open_minor=1_000), min_amount_minor=2_000)
    assert plan(together, one(), day(1)).actions


def test_a_step_that_waits_for_silence_is_looked_at_when_it_has_lasted():
    asked = Conditions(min_days_since_contact=7)
    decided = plan(facts(item(), last_contact_on=day(0)), one(conditions=asked), day(1))
    assert decided.next_look_on == day(7)
    silent = plan(facts(item(), last_contact_on=day(0)), one(conditions=asked), day(7))
    assert silent.actions


REACHED = [("friendly", "friendly", True), ("firm", "friendly", False), ("firm", "formal", True)]


@pytest.mark.parametrize(("asked", "reached", "taken"), REACHED)
def test_a_step_may_ask_for_the_level_that_a_message_has_reached(asked, reached, taken):
    before = Step("before", 1, "email", reached, "t")
    last = Step("last", 9, "email", "litigation", "t", conditions=Conditions(min_stage=asked))
    scenario = Scenario("test", 1, "Test", (before, last))
    case = facts(item(steps_done={"before": day(1)}))
    assert (plan(case, scenario, day(9)).passed_over == ()) is taken


def test_the_level_reached_under_another_scenario_counts_and_a_message_that_came_back_does_not():
    asked = one(offset_days=9, conditions=Conditions(min_stage="firm"))
    for stage, taken in (("firm", True), ("friendly", False), ("", False)):
        reminded = item(steps_done={"other": day(2)}, stages_done={"other": stage})
        assert (plan(facts(reminded), asked, day(9)).passed_over == ()) is taken
    # As firm as it was when it left, whatever the step of that code is now.
    firm = Step("two", 20, "email", "firm", "t")
    both = replace(asked, steps=(replace(asked.steps[0], stage="firm"), firm))
    gentle = item(steps_done={"two": day(2)}, stages_done={"two": "friendly"})
    assert plan(facts(gentle), both, day(9)).passed_over != ()


def test_before_any_message_no_level_is_reached_not_even_the_gentlest():
    asked = Conditions(min_stage="preventive")
    (sentence,) = plan(facts(item()), one(conditions=asked), day(1)).passed_over
    assert told(sentence).endswith("no message has reached that level yet.")
