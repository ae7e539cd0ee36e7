"""Scenarios as plain data: read strictly, every problem named, the schema in step with the code."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.scenario_data import (
    ScenarioError,
    scenario_from_json,
    scenario_schema,
    scenario_to_json,
)
from amiable.core.shipped import SHIPPED, SME_STANDARD

PLAIN = scenario_to_json(SME_STANDARD)


def changed(**fields) -> dict:
    return {**copy.deepcopy(PLAIN), **fields}


def with_step(number: int, **fields) -> dict:
    data = copy.deepcopy(PLAIN)
    data["steps"][number] |= fields
    return data


WRONG = [
    ([], "scenario.no_mapping"),
    (changed(steps=[]), "scenario.no_steps"),
    (changed(steps={}), "scenario.wrong_type"),
    (changed(colour="red"), "scenario.unknown_field"),
    ({"code": "x", "version": 1, "name": "X"}, "scenario.missing"),
    (changed(code="sme standard"), "scenario.bad_code"),
    (changed(min_gap_days="1"), "scenario.wrong_type"),
    (changed(min_gap_days=True), "scenario.wrong_type"),
    (changed(min_gap_days=400), "scenario.range"),
    (changed(catch_up="later"), "scenario.not_one_of"),
    (changed(catch_up_step="nowhere"), "scenario.catch_up_step"),
    (with_step(1, offset_days=1.5), "scenario.wrong_type"),
    (with_step(1, offset_days=4), "scenario.order"),
    (with_step(1, offset_days=-1), "scenario.preventive"),
    (with_step(1, code="sms"), "scenario.same_code"),
    (with_step(1, medium="fax"), "scenario.not_one_of"),
    (with_step(1, fallback=["letter", "fax"]), "scenario.not_one_of"),
    (with_step(1, template=""), "scenario.template"),
    (with_step(1, window={"from_hour": 9, "until_hour": 9}), "scenario.window"),
    (with_step(1, window={"opens": 9}), "scenario.unknown_field"),
    (with_step(1, anchor="formal_notice_received"), "scenario.receipt"),
    (with_step(0, anchor="previous_step", stage="friendly", offset_days=1), "scenario.previous"),
    (with_step(2, anchor="payment_returned", offset_days=-2), "scenario.before_event"),
    (with_step(7, accompanies="handover_2"), "scenario.accompanies"),
    (with_step(8, approval="automatic"), "scenario.formal_approval"),
    (with_step(9, template="x"), "scenario.task"),
]


@pytest.mark.parametrize(
    ("data", "code"), WRONG, ids=[f"{n}-{c}" for n, (_, c) in enumerate(WRONG)]
)
def test_a_problem_is_named(data, code):
    with pytest.raises(ScenarioError) as caught:
        scenario_from_json(data)
    assert code in [problem.code for problem in caught.value.problems]
    assert all(str(problem) for problem in caught.value.problems)


def test_every_problem_is_told_at_once():
    data = with_step(1, medium="fax", offset_days="x")
    data["steps"][3]["stage"] = "kind"
    data["colour"] = "red"
    with pytest.raises(ScenarioError) as caught:
        scenario_from_json(data)
    assert len(caught.value.problems) >= 4


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from([*PLAIN, "steps"]), json_values, st.integers(0, 9), st.booleans())
def test_any_value_in_any_place_is_read_or_refused_never_worse(name, value, number, inside):
    data = copy.deepcopy(PLAIN)
    if inside:
        step = data["steps"][number]
        step[sorted(step)[number % len(step)]] = value
    else:
        data[name] = value
    scenario, problems = None, ()
    try:
        scenario = scenario_from_json(data)
    except ScenarioError as error:
        problems = error.problems
    assert bool(problems) == (scenario is None)
    if scenario:
        assert scenario_from_json(scenario_to_json(scenario)) == scenario


def test_the_schema_names_every_field_and_nothing_else():
    schema = scenario_schema()
    step = schema["properties"]["steps"]["items"]
    assert schema["additionalProperties"] is False
    assert step["additionalProperties"] is False
    for scenario in SHIPPED.values():
        data = scenario_to_json(scenario)
        assert set(data) <= set(schema["properties"])
        for each in data["steps"]:
            assert set(each) <= set(step["properties"])
            assert set(step["required"]) <= set(each)
    assert "litigation" in step["properties"]["stage"]["enum"]
