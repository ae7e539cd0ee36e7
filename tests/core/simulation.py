"""A small world in memory: plan each day, carry out what is due, remember it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.planner import PlannedAction, plan
from amiable.core.scenario import CONTACT_MEDIA, Scenario, Step
from amiable.core.shipped import SME_STANDARD
from tests.core.builders import facts


@dataclass
class World:
    """One case whose items can be paid or added between days."""

    items: dict[int, Item]
    scenario: Scenario = SME_STANDARD
    fields: dict = field(default_factory=dict)
    steps: dict[int, dict[str, date]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    last_contact_on: date | None = None

    def facts(self) -> CaseFacts:
        items = [
            replace(item, steps_done=dict(self.steps.get(item.id, {})))
            for item in self.items.values()
        ]
        return facts(
            *items,
            closed_counts=dict(self.counts),
            last_contact_on=self.last_contact_on,
            **self.fields,
        )

    def live(self, day: date) -> list[PlannedAction]:
        """Plan a day and carry out what is due on it: one contact, and what goes with it."""
        planned = plan(self.facts(), self.scenario, day).actions
        done = [a for a in planned if a.due_on == day and a.step in self._together(planned)]
        for action in done:
            self.counts[action.step.code] = self.counts.get(action.step.code, 0) + 1
            for each in action.items:
                if each.step:
                    self.steps.setdefault(each.id, {})[each.step] = day
            if action.step.medium in CONTACT_MEDIA:
                self.last_contact_on = day
        return done

    @staticmethod
    def _together(planned: tuple[PlannedAction, ...]) -> list[Step]:
        """As the sender does: the first contact of the day leaves, the others wait."""
        return [
            action.step
            for action in planned
            if action is planned[0] or action.step.accompanies == planned[0].step.code
        ]

    def between(self, first: date, last: date) -> Iterator[tuple[date, PlannedAction]]:
        """Live every day of a period; yields what was done."""
        day = first
        while day <= last:
            for action in self.live(day):
                yield day, action
            day += timedelta(days=1)
