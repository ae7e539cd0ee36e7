"""Scenarios a portfolio is lived under: the shipped ones, and any valid one with texts that exist."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from amiable.core.scenario import ANY, Scenario
from amiable.core.scenario_data import scenario_problems
from amiable.core.shipped import AFTER_BROKEN, SHIPPED
from tests.core.strategies import scenarios as any_scenario

_TEXTS = {
    "email": "reminder_1", "sms": "reminder_sms", "letter": "reminder_firm",
    "registered_letter": "formal_notice",
}  # fmt: skip
SHIPPED_ONES = [
    *(scenario for code, scenario in SHIPPED.items() if code not in {AFTER_BROKEN.code}),
    *(
        replace(SHIPPED[code], code=f"{code}-after", after_broken=AFTER_BROKEN.code)
        for code in ("sme-standard", "risky", "consumer-subscription")
    ),
]


class Chosen:
    """A scenario that shows in few words what it is."""

    def __init__(self, definition: Scenario) -> None:
        self.definition = definition

    def __repr__(self) -> str:
        steps = [
            f"{s.code} {s.anchor}{s.offset_days:+d} {s.days} {s.medium} {s.stage} {s.approval}"
            f"{' if ' + str(s.conditions) if s.conditions != ANY else ''}"
            for s in self.definition.steps
        ]
        return f"<{self.definition.code}: {'; '.join(steps)}; {_policies(self.definition)}>"


def _policies(scenario: Scenario) -> str:
    return (
        f"gap {scenario.min_gap_days}, regroup {scenario.regroup_days}, {scenario.catch_up}"
        f" {scenario.catch_up_step}, minimum {scenario.min_amount_minor}"
    )


def _written(scenario: Scenario, number: int) -> Scenario:
    """The same scenario with texts that exist, under a code of its own."""
    steps = tuple(
        replace(
            step,
            template=_TEXTS.get(step.medium, ""),
            fallback=("letter",) if "letter" in step.fallback and step.medium == "email" else (),
        )
        for step in scenario.steps
    )
    return replace(scenario, code=f"random{number}", after_broken="", steps=steps)


def _usable(scenario: Scenario) -> bool:
    return not scenario_problems(scenario) and all("." not in s.code for s in scenario.steps)


_ANY = st.sampled_from(SHIPPED_ONES) | st.builds(
    _written, any_scenario.filter(_usable), st.integers(1, 99)
)


@st.composite
def scenarios(draw) -> Chosen:
    """A scenario of either sort."""
    return Chosen(draw(_ANY))
