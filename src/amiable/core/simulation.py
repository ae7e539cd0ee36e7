"""Lives the days ahead, or past ones again, in memory: plan, carry out, remember, look again.

Uses the planner of the night and invents nothing else. What it takes for granted is data
(`Assumed`); a day costs something only when a case has to be looked at. It says what would be
done, never what it would bring in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Protocol

from amiable.core.facts import CaseFacts, Item
from amiable.core.planner import PlannedAction, PlannedItem, plan
from amiable.core.records import CustomerKind
from amiable.core.scenario import CONTACT_MEDIA, Approval, Medium, Scenario, Stage
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import next_workday

declare(
    {
        "simulation.no_claim": gettext_noop(
            "This simulates work, not payments: it says whom the scenario would contact and what "
            "that costs. Nobody can tell from it how much more, or how much sooner, people would "
            "pay."
        ),
        "simulation.approved": gettext_noop(
            "Every approval is given and every call and task is done on its day."
        ),
        "simulation.delivered": gettext_noop(
            "Everything arrives the day it leaves; a formal notice is received {days} days later."
        ),
        "simulation.nobody_pays": gettext_noop(
            "Nobody pays, disputes or promises anything, and no invoice is added: the work of the "
            "later days is the most it can be."
        ),
        "simulation.case_by_case": gettext_noop(
            "Limits on contacts are counted customer by customer: people who answer for several "
            "may be contacted a little less than shown."
        ),
        "simulation.bank_fresh": gettext_noop("Bank statements keep coming in on time."),
    }
)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a simulation takes for granted. `receipt_days` = from sending to the receipt of a
    formal notice."""

    receipt_days: int = 3

    def sentences(self) -> tuple[Sentence, ...]:
        """In words, whatever the days that are lived."""
        return (
            Sentence("simulation.approved"),
            Sentence("simulation.delivered", {"days": self.receipt_days}),
            Sentence("simulation.bank_fresh"),
            Sentence("simulation.case_by_case"),
        )


USUAL = Assumed()


@dataclass(frozen=True, slots=True)
class SimulatedContact:
    """One action the scenario would carry out. `amount_minor` = what it asks for, credit deducted.

    A task inside the house is one too; `reaches_customer` tells them apart.
    """

    day: date
    case_id: int
    customer_id: int
    customer_name: str
    currency: str
    step: str
    medium: Medium
    stage: Stage
    approval: Approval
    items: tuple[PlannedItem, ...]
    amount_minor: int
    reasons: tuple[Sentence, ...]
    days_late: int
    template: str = ""
    language: str = ""
    customer_kind: CustomerKind = "company"

    @property
    def reaches_customer(self) -> bool:
        return self.medium in CONTACT_MEDIA


class World(Protocol):
    """A case whose facts change with the days, whatever the simulation does."""

    @property
    def zone(self) -> str:
        """The customer's holidays, as core.workdays knows them."""
        ...

    def on(self, day: date) -> CaseFacts:
        """What is known on a day, without anything the simulation did."""
        ...

    def next_change(self, day: date) -> date | None:
        """The first later day on which something else is known."""
        ...


@dataclass(frozen=True, slots=True)
class Still:
    """Facts that stay as they are. Bank data too old on `first` stops that day alone: from the
    next one on, statements are assumed to come in on time."""

    facts: CaseFacts
    first: date

    @property
    def zone(self) -> str:
        """The customer's holidays."""
        return self.facts.holidays_zone

    def on(self, day: date) -> CaseFacts:
        """The same facts."""
        facts = self.facts
        if facts.bank_data_max_age_days is None or (self._stale and day <= self.first):
            return facts
        return replace(facts, bank_data_max_age_days=None)

    def next_change(self, day: date) -> date | None:
        """The day after the first, where old bank data stopped everything."""
        return day + timedelta(days=1) if self._stale and day <= self.first else None

    @property
    def _stale(self) -> bool:
        age, until = self.facts.bank_data_max_age_days, self.facts.bank_data_until
        if age is None:
            return False
        return until is None or until + timedelta(days=age) < self.first


def simulate(
    facts: CaseFacts, scenario: Scenario, *, first: date, last: date, assumed: Assumed = USUAL
) -> Iterator[SimulatedContact]:
    """What the scenario would do with a case from `first` to `last`, were nothing else to happen.

    On the first worked day it is what the planner plans, one contact to the customer.
    """
    start = next_workday(first, facts.holidays_zone)
    return replay(Still(facts, start), scenario, first=first, last=last, assumed=assumed)


def replay(
    world: World, scenario: Scenario, *, first: date, last: date, assumed: Assumed = USUAL
) -> Iterator[SimulatedContact]:
    """What the scenario would do with a case whose facts change with the days.

    1. A day is looked at when the planner said so, or when something else is known.
    2. One contact a day leaves, with what accompanies it, as the sender does it.
    3. What was done is remembered over all later facts.
    """
    done = _Done()
    day, changed = next_workday(first, world.zone), True
    facts, change_on = world.on(day), None
    while day <= last:
        if changed:
            facts = done.over(world.on(day))
            change_on = world.next_change(day)
        planned = plan(facts, scenario, day)
        actions = one_contact(planned.actions)
        looks = [planned.next_look_on, change_on]
        if actions:
            yield from (_contact(facts, action, day) for action in actions)
            facts = carried_out(facts, actions, day=day, assumed=assumed)
            done.remember(facts)
            looks.append(_after(planned.actions, actions, day, assumed))
        known = [look for look in looks if look is not None]
        if not known:
            return
        day = next_workday(max(min(known), day + timedelta(days=1)), world.zone)
        changed = change_on is not None and change_on <= day


def one_contact(actions: Iterable[PlannedAction]) -> tuple[PlannedAction, ...]:
    """What is carried out of a day's plan: the first contact and what goes with it; every task."""
    taken: list[PlannedAction] = []
    contacted = False
    for action in actions:
        if action.step.accompanies:
            together = any(other.step.code == action.step.accompanies for other in taken)
        else:
            together = action.medium not in CONTACT_MEDIA or not contacted
        if together:
            taken.append(action)
            contacted = contacted or action.medium in CONTACT_MEDIA
    return tuple(taken)


def carried_out(
    facts: CaseFacts, actions: Iterable[PlannedAction], *, day: date, assumed: Assumed = USUAL
) -> CaseFacts:
    """The facts once these actions were carried out on a day."""
    counts, contacts = dict(facts.closed_counts), dict(facts.contacts)
    last = facts.last_contact_on
    steps: dict[int, dict[str, date]] = {}
    stages: dict[int, dict[str, str]] = {}
    received: set[int] = set()
    for action in actions:
        counts[action.step.code] = counts.get(action.step.code, 0) + 1
        for each in action.items:
            if each.step:
                steps.setdefault(each.id, {})[each.step] = day
                stages.setdefault(each.id, {})[each.step] = _reached(action)
        if action.medium in CONTACT_MEDIA:
            last = day
            contacts[action.medium] = (*contacts.get(action.medium, ()), day)
            if action.step.stage == "formal":
                received |= {e.id for e in action.items if e.step == action.step.code}
    receipt = day + timedelta(days=assumed.receipt_days)
    items = tuple(
        _stepped(item, steps[item.id], stages[item.id], receipt if item.id in received else None)
        if item.id in steps
        else item
        for item in facts.items
    )
    return replace(
        facts, items=items, closed_counts=counts, contacts=contacts, last_contact_on=last
    )


def _reached(action: PlannedAction) -> str:
    """How firm what reached the customer was; "" = nothing did."""
    return action.step.stage if action.medium in CONTACT_MEDIA else ""


@dataclass(slots=True)
class _Done:
    """What the simulation did, kept apart from facts that change beneath it."""

    steps: dict[int, Mapping[str, date]] = field(default_factory=dict)
    stages: dict[int, Mapping[str, str]] = field(default_factory=dict)
    receipts: dict[int, date] = field(default_factory=dict)
    case: CaseFacts | None = None

    def remember(self, facts: CaseFacts) -> None:
        """Keep what facts just carried out say was done."""
        self.case = facts
        for item in facts.items:
            if item.steps_done:
                self.steps[item.id] = item.steps_done
                self.stages[item.id] = item.stages_done
                if receipt := item.events.get("formal_notice_received"):
                    self.receipts[item.id] = receipt

    def over(self, base: CaseFacts) -> CaseFacts:
        """Facts of another day, with what was done before it."""
        if self.case is None:
            return base
        items = tuple(
            _stepped(item, self.steps[item.id], self.stages[item.id], self.receipts.get(item.id))
            if item.id in self.steps
            else item
            for item in base.items
        )
        return replace(
            base,
            items=items,
            closed_counts=self.case.closed_counts,
            contacts=self.case.contacts,
            last_contact_on=self.case.last_contact_on,
        )


def _stepped(
    item: Item, steps: Mapping[str, date], stages: Mapping[str, str], receipt: date | None
) -> Item:
    events = item.events
    if receipt is not None:
        events = {**events, "formal_notice_received": receipt}
    return replace(
        item,
        steps_done={**item.steps_done, **steps},
        stages_done={**item.stages_done, **stages},
        events=events,
    )


def _after(
    planned: tuple[PlannedAction, ...],
    actions: tuple[PlannedAction, ...],
    day: date,
    assumed: Assumed,
) -> date | None:
    """When to look again after acting: tomorrow for what had to wait, else on a receipt."""
    if len(actions) < len(planned):
        return day + timedelta(days=1)
    if any(action.step.stage == "formal" for action in actions):
        return day + timedelta(days=assumed.receipt_days)
    return None


def _contact(facts: CaseFacts, action: PlannedAction, day: date) -> SimulatedContact:
    asked = sum(item.open_minor for item in action.items)
    dues = {item.id: item.due_date for item in facts.items}
    oldest = min(dues[item.id] for item in action.items)
    return SimulatedContact(
        day=day,
        case_id=facts.case_id,
        customer_id=facts.customer_id,
        customer_name=facts.customer_name,
        currency=facts.currency,
        step=action.step.code,
        medium=action.medium,
        stage=action.step.stage,
        approval=action.approval,
        items=action.items,
        amount_minor=max(0, asked - facts.unallocated_minor),
        reasons=action.reasons,
        days_late=(day - oldest).days,
        template=action.step.template,
        language=facts.language,
        customer_kind=facts.customer_kind,
    )
