"""What simulated contacts add up to: work, cost, and how two scenarios differ case by case."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import get_args

from amiable.apps.dunning.simulation.past import PastCase, settled_by
from amiable.apps.messaging.library.parts import text_parts
from amiable.apps.tenants.settings import settings_of
from amiable.core.scenario import STAGES, Medium, Stage
from amiable.core.simulation import SimulatedContact

# Days within which a payment may have come without the contact that was made before it.
SOON = timedelta(days=7)
# Days late at the first contact of a case; the last class has no end.
FIRST_CONTACT_DAYS = (0, 7, 15, 30, 60, 90)
MEDIA: tuple[Medium, ...] = get_args(Medium)


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What one contact costs the sender, in euro cents, and takes, in minutes.

    Estimates to replace by one's own prices: postage with paper and envelope, a registered letter
    with its receipt, a text message of one part; the time of a call with its notes, of a task.
    """

    cost_minor: Mapping[str, int] = field(
        default_factory=lambda: {"letter": 180, "registered_letter": 850, "sms": 8}
    )
    minutes: Mapping[str, int] = field(default_factory=lambda: {"phone": 6, "task": 10})


def usual_costs(organization_id: int) -> UnitCosts:
    """The estimates, with the price of text messages that the organization pays."""
    usual = UnitCosts()
    part = settings_of(organization_id).sms_part_minor
    return UnitCosts({**usual.cost_minor, "sms": part}, usual.minutes)


@dataclass(slots=True)
class Tally:
    """Sums over contacts. `contacts` reach the debtor; `tasks` stay inside the house.

    `cases` = cases with any contact; `amounts` = per currency, the largest amount asked of each.
    """

    contacts: int = 0
    tasks: int = 0
    cases: int = 0
    cost_minor: int = 0
    minutes: int = 0
    by_medium: Counter[str] = field(default_factory=Counter)
    by_stage: Counter[Stage] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)

    def add(self, contact: SimulatedContact, costs: UnitCosts) -> None:
        """Count one contact."""
        if contact.reaches_customer:
            self.contacts += 1
        else:
            self.tasks += 1
        self.by_medium[contact.medium] += 1
        self.by_stage[contact.stage] += 1
        self.cost_minor += costs.cost_minor.get(contact.medium, 0) * _units(contact)
        self.minutes += costs.minutes.get(contact.medium, 0)


def _units(contact: SimulatedContact) -> int:
    """How often the price of a contact is paid: a text message has as many parts as its text."""
    if contact.medium != "sms":
        return 1
    return text_parts(contact.template, kind=contact.customer_kind, language=contact.language)


@dataclass(slots=True)
class Work:
    """Everything a scenario would do: in all, and day by day."""

    total: Tally = field(default_factory=Tally)
    days: dict[date, Tally] = field(default_factory=dict)

    def add_case(self, contacts: Sequence[SimulatedContact], costs: UnitCosts) -> None:
        """Count the contacts of one case."""
        if not contacts:
            return
        for contact in contacts:
            self.total.add(contact, costs)
            day = self.days.setdefault(contact.day, Tally())
            day.add(contact, costs)
            day.amounts[contact.currency] += contact.amount_minor
        for day_on in {contact.day for contact in contacts}:
            self.days[day_on].cases += 1
        self.total.cases += 1
        largest = max(contact.amount_minor for contact in contacts)
        self.total.amounts[contacts[0].currency] += largest


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """One case under two scenarios: number of contacts, day of the first, firmest stage."""

    case_id: int
    customer_id: int
    customer_name: str
    contacts: tuple[int, int]
    first_on: tuple[date | None, date | None]
    stage: tuple[Stage | None, Stage | None]
    changes: tuple[str, ...]


CHANGES = ("more", "fewer", "earlier", "later", "firmer", "gentler")


@dataclass(slots=True)
class Difference:
    """How the cases change from the running scenario to the simulated one.

    `cases` counts each change ("more", "fewer", "earlier", ...); a case may have several. `rows`
    = the cases that change most, at most `keep`.
    """

    keep: int
    compared: int = 0
    same: int = 0
    cases: Counter[str] = field(default_factory=Counter)
    _kept: list[tuple[int, int, CaseDifference]] = field(default_factory=list)

    def add(
        self, running: Sequence[SimulatedContact], simulated: Sequence[SimulatedContact]
    ) -> None:
        """Compare one case."""
        self.compared += 1
        row = _case_difference(running, simulated)
        if row is None:
            self.same += 1
            return
        self.cases.update(row.changes)
        weight = 10 * abs(row.contacts[0] - row.contacts[1]) + len(row.changes)
        _push(self._kept, (weight, -row.case_id, row), self.keep)

    @property
    def rows(self) -> list[CaseDifference]:
        """The cases that change most, those first."""
        return [row for *_, row in sorted(self._kept, key=lambda kept: kept[:2], reverse=True)]


@dataclass(slots=True)
class Hindsight:
    """What is known today of those whom a scenario would have contacted.

    Only contacts that reach the debtor count. `had_paid` = what was asked had been settled by the
    day of the contact, as was learned later; `had_paid_known` = although it was known (never).
    `followed` = contacts whose seven days are over; `paid_soon` = of these, all that was asked
    was settled within them, under whatever was really sent at the time.
    """

    had_paid: int = 0
    had_paid_known: int = 0
    followed: int = 0
    paid_soon: int = 0
    calls_paid_soon: int = 0
    minutes_paid_soon: int = 0
    first_contacts: Counter[int] = field(default_factory=Counter)

    def add(
        self,
        case: PastCase,
        contacts: Sequence[SimulatedContact],
        *,
        costs: UnitCosts,
        until: date,
    ) -> None:
        """Look at one case; `until` = the last day whose payments are known."""
        items = {item.id: item for item in case.items}
        reached = [contact for contact in contacts if contact.reaches_customer]
        if reached:
            self.first_contacts[_class(reached[0].days_late)] += 1
        for contact in reached:
            asked = [items[each.id] for each in contact.items if each.open_minor]
            self.had_paid_known += all(item.known_minor(contact.day) <= 0 for item in asked)
            if settled_by(asked, contact.day):
                self.had_paid += 1
            if contact.day + SOON > until:
                continue
            self.followed += 1
            if not settled_by(asked, contact.day) and settled_by(asked, contact.day + SOON):
                self.paid_soon += 1
                self.calls_paid_soon += contact.medium == "phone"
                self.minutes_paid_soon += costs.minutes.get(contact.medium, 0)


@dataclass(slots=True)
class Earliest:
    """The contacts that come first, the largest first within a day: at most `keep` of them."""

    keep: int
    _kept: list[tuple[int, int, int, SimulatedContact]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def add(self, contact: SimulatedContact) -> None:
        """Offer one contact."""
        key = (-contact.day.toordinal(), contact.amount_minor, -next(self._order))
        _push(self._kept, (*key, contact), self.keep)

    @property
    def rows(self) -> list[SimulatedContact]:
        """In order of their days."""
        ordered = sorted(self._kept, key=lambda kept: kept[:3], reverse=True)
        return [contact for *_, contact in ordered]


def _push(kept: list, row: tuple, keep: int) -> None:  # type: ignore[type-arg]  # a heap
    if len(kept) < keep:
        heapq.heappush(kept, row)
    elif keep:
        heapq.heappushpop(kept, row)


def _case_difference(
    running: Sequence[SimulatedContact], simulated: Sequence[SimulatedContact]
) -> CaseDifference | None:
    """What changes for a case; None when its customer notices nothing."""
    before = [contact for contact in running if contact.reaches_customer]
    after = [contact for contact in simulated if contact.reaches_customer]
    firsts = (before[0].day if before else None, after[0].day if after else None)
    stages = (_firmest(before), _firmest(after))
    changes = []
    if len(before) != len(after):
        changes.append("more" if len(after) > len(before) else "fewer")
    if firsts[0] and firsts[1] and firsts[0] != firsts[1]:
        changes.append("earlier" if firsts[1] < firsts[0] else "later")
    ranks = [-1 if stage is None else STAGES.index(stage) for stage in stages]
    if before and after and ranks[0] != ranks[1]:
        changes.append("firmer" if ranks[1] > ranks[0] else "gentler")
    if not changes:
        return None
    some = (after or before)[0]
    return CaseDifference(
        some.case_id, some.customer_id, some.customer_name, (len(before), len(after)), firsts,
        stages, tuple(changes),
    )  # fmt: skip


def _firmest(contacts: Sequence[SimulatedContact]) -> Stage | None:
    ranks = [STAGES.index(contact.stage) for contact in contacts]
    return STAGES[max(ranks)] if ranks else None


def _class(days_late: int) -> int:
    """The first limit that is not passed; one more than all of them beyond the last."""
    return next(
        (i for i, limit in enumerate(FIRST_CONTACT_DAYS) if days_late <= limit),
        len(FIRST_CONTACT_DAYS),
    )
