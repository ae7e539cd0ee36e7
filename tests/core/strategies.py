"""Any valid scenario, any case: what the properties of the planner are asked of."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from amiable.core.facts import Cap, CaseFacts, Hold, Item, Promise, Receipt
from amiable.core.scenario import (
    EVENTS,
    STAGES,
    WEEKDAYS,
    Conditions,
    Scenario,
    Step,
    Window,
    joined,
)
from amiable.core.scenario_data import scenario_problems
from amiable.core.shipped import AFTER_BROKEN, SHIPPED
from tests.core.builders import EVERYWHERE, facts, item

START = date(2026, 1, 5)
days = st.integers(0, 240).map(lambda n: START + timedelta(days=n))
conditions = st.builds(
    Conditions,
    min_amount_minor=st.sampled_from([0, 0, 50_000]),
    max_amount_minor=st.sampled_from([None, None, 200_000]),
    kinds=st.sampled_from([(), (), ("company",), ("consumer",)]),
    min_score=st.sampled_from([None, None, 50]),
    min_stage=st.sampled_from([None, None, "friendly", "firm"]),
    contact_by=st.sampled_from([(), (), ("sms",)]),
    min_days_since_contact=st.sampled_from([0, 0, 4]),
    min_broken_promises=st.sampled_from([0, 0, 1]),
)
windows = st.builds(
    Window,
    weekdays=st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(
        lambda chosen: tuple(d for d in WEEKDAYS if d in chosen)
    ),
)
_MESSAGES = ("email", "letter", "sms", "registered_letter")


@st.composite
def _course(draw, event: str):
    """The steps of one course, in order; stages only rise."""
    steps = []
    offset = draw(st.integers(-20, 5)) if not event else draw(st.integers(0, 3))
    stages = ["friendly", "firm", "formal", "litigation"]
    at = 0
    for number in range(draw(st.integers(1, 5)) if not event else draw(st.integers(0, 3))):
        anchor = event or "due_date"
        stage = "preventive" if not event and offset < 0 else stages[at]
        if steps and stage != "preventive" and draw(st.integers(0, 4)) == 0:
            anchor = "previous_step"
        if anchor == "due_date" and not event and number == 0 and offset >= 0:
            anchor = draw(st.sampled_from(["due_date", "due_date", "issue_date"]))
        medium = draw(st.sampled_from([*_MESSAGES, "phone", "task"]))
        contact = medium in _MESSAGES
        steps.append(
            Step(
                code=f"{event or 'd'}{number}",
                offset_days=max(offset, 1) if anchor == "previous_step" else offset,
                medium=medium,
                stage=stage,
                template="t" if contact else "",
                approval="manual"
                if stage == "formal"
                else draw(st.sampled_from(["automatic", "automatic", "batch"])),
                anchor=anchor,
                days=draw(st.sampled_from(["calendar", "calendar", "working"])),
                fallback=draw(st.sampled_from([(), ("letter",), ("sms", "letter")]))
                if contact
                else (),
                window=draw(windows),
                conditions=draw(st.just(Conditions()) | conditions),
            )
        )
        offset += draw(st.integers(1, 15))
        at = min(3, at + draw(st.integers(0, 1))) if stage != "preventive" else at
    return steps


@st.composite
def _random_scenarios(draw):
    steps = draw(_course(""))
    for event in EVENTS:
        steps += draw(_course(event))
    after_due = [s.code for s in steps if s.code.startswith("d") and s.stage != "preventive"]
    return Scenario(
        "random",
        1,
        "Random",
        tuple(steps),
        min_amount_minor=draw(st.sampled_from([0, 1500, 100_000])),
        min_gap_days=draw(st.integers(0, 10)),
        regroup_days=draw(st.integers(0, 7)),
        catch_up=draw(st.sampled_from(["catch_up_step", "jump", "one_by_one"])),
        catch_up_step=draw(st.sampled_from(["", *after_due])),
        deadline_days=draw(st.integers(1, 20)),
        event_days=draw(st.integers(0, 30)),
        approval_above_minor=draw(st.sampled_from([None, 100_000])),
    )


def _usable(scenario: Scenario) -> bool:
    return not scenario_problems(scenario)


scenarios = st.sampled_from(
    [*SHIPPED.values(), joined(SHIPPED["sme-standard"], AFTER_BROKEN)]
) | _random_scenarios().filter(_usable)


@st.composite
def _stages(draw, scenario: Scenario, codes: tuple[str, ...]) -> dict[str, str]:
    """How firm the messages were in which these steps were taken, where that is known."""
    tones = {code: ["", *STAGES[scenario.by_code[code].rank :][:2]] for code in codes}
    return {code: draw(st.sampled_from(tones[code])) for code in codes if draw(st.booleans())}


@st.composite
def items(draw, number: int, scenario: Scenario) -> Item:
    total = draw(st.integers(1, 500_000))
    due = draw(days)
    codes = [step.code for step in scenario.steps if not step.accompanies]
    done = draw(st.dictionaries(st.sampled_from(codes), days, max_size=4))
    return item(
        number,
        due=due,
        issue_date=due - timedelta(days=draw(st.sampled_from([0, 8, 30, 60]))),
        open_minor=draw(st.integers(0, total)),
        total_minor=total,
        disputed_minor=draw(st.sampled_from([0, 0, 0, total, total // 2])),
        missing_from_export=draw(st.sampled_from([False, False, False, True])),
        steps_done=done,
        stages_done=draw(_stages(scenario, tuple(done))),
        events=draw(
            st.dictionaries(
                st.sampled_from(["payment_returned", "dispute_closed", "formal_notice_received"]),
                days,
                max_size=2,
            )
        ),
    )


@st.composite
def promises(draw) -> Promise:
    made = draw(days)
    return Promise(
        draw(st.integers(1, 400_000)),
        made + timedelta(days=draw(st.integers(0, 40))),
        draw(st.integers(0, 5)),
        made_on=made,
        plan_id=draw(st.sampled_from([None, None, 1])),
        id=draw(st.integers(1, 9)),
    )


@st.composite
def cases(draw, scenario: Scenario) -> CaseFacts:
    count = draw(st.integers(0, 5))
    holds = st.builds(
        lambda start, length, who: Hold("reason", start, start + timedelta(days=length), who),
        days, st.integers(0, 30), st.sampled_from([None, 1, 2]),
    )  # fmt: skip
    return facts(
        *[draw(items(number, scenario)) for number in range(1, count + 1)],
        unallocated_minor=draw(st.sampled_from([0, 0, 5_000, 10_000_000])),
        media=draw(st.sampled_from([EVERYWHERE, frozenset({"email", "task"}), frozenset()])),
        holds=tuple(draw(st.lists(holds, max_size=2))),
        promises=tuple(draw(st.lists(promises(), max_size=3))),
        receipts=tuple(
            Receipt(on, amount)
            for on, amount in draw(
                st.lists(st.tuples(days, st.integers(-50_000, 200_000)), max_size=3)
            )
        ),
        last_contact_on=draw(st.none() | days),
        contacts=draw(
            st.dictionaries(st.sampled_from(["email", "phone"]), st.lists(days).map(tuple))
        ),
        caps=draw(st.sampled_from([(), (Cap(2, 7),), (Cap(1, 30, "email"), Cap(1, 1, "phone"))])),
        score=draw(st.sampled_from([None, 40, 60])),
        customer_kind=draw(st.sampled_from(["company", "consumer", "public"])),
        closed_counts=draw(st.dictionaries(st.sampled_from(["d0", "sms"]), st.integers(1, 3))),
        insolvent_since=draw(st.sampled_from([None, None, None, START])),
        deceased_since=draw(st.sampled_from([None, None, None, START])),
        delay_days=draw(st.sampled_from([0, 0, 5])),
        answered_on=draw(st.none() | st.none() | days),
        answer_hold_days=draw(st.sampled_from([0, 5, 30])),
    )


@st.composite
def situations(draw) -> tuple[CaseFacts, Scenario, date]:
    """A case, the scenario it follows, and a day."""
    scenario = draw(scenarios)
    return draw(cases(scenario)), scenario, draw(days)
