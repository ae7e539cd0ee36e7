"""A small world in memory: plan each day, carry out what is due, remember it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.planner import PlannedAction, plan
from amiable.core.scenario import Scenario
from amiable.core.shipped import SME_STANDARD
from amiable.core.simulation import carried_out, one_contact
from tests.core.builders import facts


@dataclass
class World:
    """One case whose items can be paid or added between days."""

    items: dict[int, Item]
    scenario: Scenario = SME_STANDARD
    fields: dict = field(default_factory=dict)
    steps: dict[int, dict[str, date]] = field(default_factory=dict)
    stages: dict[int, dict[str, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    last_contact_on: date | None = None
    contacts: dict[str, tuple[date, ...]] = field(default_factory=dict)

    def facts(self) -> CaseFacts:
        items = [
            replace(
                item,
                steps_done=dict(self.steps.get(item.id, {})),
                stages_done=dict(self.stages.get(item.id, {})),
            )
            for item in self.items.values()
        ]
        return facts(
            *items,
            closed_counts=dict(self.counts),
            last_contact_on=self.last_contact_on,
            contacts=dict(self.contacts),
            **self.fields,
        )

    def live(self, day: date) -> list[PlannedAction]:
        """Plan a day and carry out what is due on it: one contact, and what goes with it."""
        before = self.facts()
        planned = plan(before, self.scenario, day).actions
        done = one_contact(action for action in planned if action.due_on == day)
        after = carried_out(before, done, day=day)
        self.steps |= {item.id: dict(item.steps_done) for item in after.items}
        self.stages |= {item.id: dict(item.stages_done) for item in after.items}
        self.counts = dict(after.closed_counts)
        self.last_contact_on = after.last_contact_on
        self.contacts = dict(after.contacts)
        return list(done)

    def between(self, first: date, last: date) -> Iterator[tuple[date, PlannedAction]]:
        """Live every day of a period; yields what was done."""
        day = first
        while day <= last:
            for action in self.live(day):
                yield day, action
            day += timedelta(days=1)
