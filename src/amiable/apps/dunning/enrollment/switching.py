"""What a change of scenario makes of the actions that wait: the same step stays, another goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from amiable.apps.dunning.library.names import name_known
from amiable.apps.dunning.models import Action, Scenario
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.messaging.services import messages_withdraw
from amiable.core.scenario import Scenario as Definition
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "enroll.replaced": gettext_noop(
            "The customer now follows the scenario {scenario}, which asks for something else."
        ),
    }
)


@dataclass(slots=True)
class Definitions:
    """Scenario versions by id, read once."""

    organization_id: int
    parsed: dict[int, Definition] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def __call__(self, scenario_id: int) -> Definition:
        if scenario_id not in self.parsed:
            rows = Scenario.objects.select_related("after")
            row = rows.get(organization_id=self.organization_id, id=scenario_id)
            self.parsed[scenario_id] = scenario_of(row)
        return self.parsed[scenario_id]

    def name(self, scenario_id: int) -> str:
        """What the organization calls the scenario."""
        if scenario_id not in self.names:
            name = self(scenario_id).name
            self.names[scenario_id] = name_known(self.organization_id, name)
        return self.names[scenario_id]


def pending_renew(
    organization_id: int, changed: Mapping[int, tuple[int, int]], on: date
) -> None:  # fmt: skip
    """Settle what was planned: the same step goes on under the new version, another is cancelled.

    `changed` = old and new scenario id by case. What is on its way is left to the guards, and a
    call that the customer expects stays.
    """
    definitions = Definitions(organization_id)
    rows = list(
        Action.objects.filter(
            organization_id=organization_id,
            case_id__among=changed.keys(),
            state__in=set(Action.PENDING) - {Action.State.CLAIMED},
        )
        .exclude(state=Action.State.TODO, retry_at__isnull=False)
        .select_for_update(no_key=True, of=("self",))
        .order_by("id")
        .values_list("id", "case_id", "step", "message_id")
    )
    same: dict[int, list[int]] = defaultdict(list)
    other: dict[int, list[int]] = defaultdict(list)
    for action_id, case_id, step, _ in rows:
        old_id, new_id = changed[case_id]
        kept = step_stays(step, old=definitions(old_id), new=definitions(new_id))
        (same if kept else other)[new_id].append(action_id)
    for scenario_id, ids in same.items():
        Action.objects.filter(id__among=ids).update(scenario_id=scenario_id)
    for scenario_id, ids in other.items():
        Action.objects.filter(id__among=ids).update(
            state=Action.State.CANCELLED,
            outcome=[replaced(definitions.name(scenario_id)).to_json()],
            closed_on=on,
        )
    gone = {action_id for ids in other.values() for action_id in ids}
    written = [message for action_id, _, _, message in rows if message and action_id in gone]
    if written:
        messages_withdraw(organization_id, written)


def step_stays(code: str, *, old: Definition, new: Definition) -> bool:
    """Whether a step planned under one version is the very same step under another."""
    step = old.by_code.get(code)
    return step is not None and step == new.by_code.get(code)


def replaced(name: str) -> Sentence:
    """Why what was planned is cancelled by a move to the scenario of that name."""
    return Sentence("enroll.replaced", {"scenario": name})
