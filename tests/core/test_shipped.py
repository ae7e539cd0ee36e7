"""The eight shipped scenarios live: each from before the due date to its end, for one invoice."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from amiable.core.facts import Promise
from amiable.core.planner import plan
from amiable.core.scenario import CONTACT_MEDIA, STAGES, joined
from amiable.core.scenario_data import scenario_from_json, scenario_problems, scenario_to_json
from amiable.core.sentences import CATALOG
from amiable.core.shipped import AFTER_BROKEN, PUBLIC_BODIES, SHIPPED, SME_STANDARD
from tests.core.builders import DUE, facts, item
from tests.core.simulation import World

AMOUNT = 1_000_000
BY_DATES = [code for code in SHIPPED if code != "after-broken"]


def lived(code: str, *, first: int = -40, last: int = 150, **fields) -> list[tuple[int, object]]:
    world = World(
        {1: item(open_minor=AMOUNT, issue_date=DUE - timedelta(days=45))},
        scenario=SHIPPED[code],
        fields=fields,
    )
    days = world.between(DUE + timedelta(days=first), DUE + timedelta(days=last))
    return [((on - DUE).days, action) for on, action in days]


@pytest.mark.parametrize("code", SHIPPED)
def test_it_is_well_formed_and_survives_a_round_trip(code):
    scenario = SHIPPED[code]
    assert scenario_problems(scenario) == []
    assert scenario_from_json(scenario_to_json(scenario)) == scenario
    assert scenario.description
    assert all(step.name for step in scenario.steps)


@pytest.mark.parametrize("code", BY_DATES)
def test_a_life_climbs_the_ladder_of_tones_and_takes_every_step_once(code):
    scenario = SHIPPED[code]
    taken = [action.step for _, action in lived(code)]
    wanted = {step.code for step in scenario.steps if step.code in scenario.course().position}
    # What counts from the receipt of a formal notice waits for it.
    wanted -= {s.code for s in scenario.steps if s.anchor == "formal_notice_received"}
    assert wanted <= {step.code for step in taken}
    ranks = [step.rank for step in taken]
    assert ranks == sorted(ranks)
    assert len({step.code for step in taken}) == len(taken)


@pytest.mark.parametrize("code", BY_DATES)
def test_two_contacts_never_come_nearer_than_the_scenario_says(code):
    contacts = [
        on
        for on, action in lived(code)
        if action.step.medium in CONTACT_MEDIA and not action.step.accompanies
    ]
    gaps = [later - earlier for earlier, later in pairwise(contacts)]
    assert min(gaps, default=99) >= SHIPPED[code].min_gap_days


@pytest.mark.parametrize("code", BY_DATES)
def test_old_stock_never_begins_with_a_formal_notice_nor_twice_a_day(code):
    contacts = [(on, a) for on, a in lived(code, first=200, last=300) if not a.step.accompanies]
    assert contacts[0][1].step.stage in {"friendly", "firm"}
    assert len({on for on, _ in contacts}) == len(contacts)


def test_a_public_body_hears_of_no_formal_notice_before_two_months():
    for on, action in lived("public-bodies", customer_kind="public"):
        if STAGES.index(action.step.stage) >= STAGES.index("formal"):
            assert on >= 60
    assert all(s.template != "reminder_last" for s in PUBLIC_BODIES.steps)


def test_a_good_payer_gets_nothing_firm_by_itself():
    firm = STAGES.index("firm")
    assert all(a.step.rank < firm for _, a in lived("good-payers"))


def test_a_consumer_can_be_reached_without_an_email_address():
    media = {a.medium for _, a in lived("consumer-subscription", customer_kind="consumer",
                                        media=frozenset({"sms", "letter", "registered_letter",
                                                         "task"}))}  # fmt: skip
    assert "email" not in media
    assert {"sms", "letter"} <= media


def test_every_formal_notice_waits_for_a_person():
    formal = [s for scenario in SHIPPED.values() for s in scenario.steps if s.stage == "formal"]
    assert len(formal) == 7
    assert {step.approval for step in formal} == {"manual"}


def test_after_a_broken_promise_the_case_ends_formally_within_six_weeks():
    world = World(
        {1: item(open_minor=AMOUNT, issue_date=DUE - timedelta(days=30))},
        scenario=joined(SME_STANDARD, AFTER_BROKEN),
        fields={"promises": (Promise(AMOUNT, DUE + timedelta(days=6), 3, made_on=DUE),)},
    )
    taken = [
        ((on - DUE).days, a.step.code)
        for on, a in world.between(DUE + timedelta(days=1), DUE + timedelta(days=60))
    ]
    assert taken[0] == (10, "after-broken.broken_email")
    assert [code for _, code in taken][:5] == [
        "after-broken.broken_email", "after-broken.broken_call", "after-broken.broken_sms",
        "after-broken.broken_letter", "after-broken.formal_notice",
    ]  # fmt: skip
    assert all(on <= 52 for on, _ in taken)


def test_key_accounts_call_first_only_for_large_sums():
    small = facts(item(open_minor=400_000, issue_date=DUE - timedelta(days=45)))
    on = DUE - timedelta(days=8)
    decided = plan(small, SHIPPED["key-accounts"], on)
    assert decided.actions == ()
    assert decided.passed_over[0].params["step"] == "preventive_call"


@pytest.mark.parametrize("code", SHIPPED)
def test_every_reason_given_in_a_life_is_a_declared_sentence(code):
    for _, action in lived(code):
        for sentence in action.reasons:
            assert sentence.code in CATALOG
            assert isinstance(str(sentence), str)


def test_daylight_saving_does_not_move_a_day():
    for due in (date(2026, 3, 27), date(2026, 10, 23)):
        world = World({1: item(due=due)})
        after = due + timedelta(days=1)
        days = [on for on, _ in world.between(after, after + timedelta(days=8))]
        assert days[0] == due + timedelta(days=3)  # Friday + 1 = Saturday: the Monday after
