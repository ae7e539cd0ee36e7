"""Simulates a scenario on the real portfolio: the days ahead, or past days again.

Nothing is written. Facts are loaded set-based, a chunk of cases at a time, and only sums are
kept, so that a million items cost time and no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from django.db.models import Q, QuerySet

from amiable.apps.cases.models import Case
from amiable.apps.dunning.enrollment.assignment import rules_assign
from amiable.apps.dunning.enrollment.scopes import trait_problem
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Enrollment, Scenario
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.simulation.past import SLACK, Known, PastCase, past_cases
from amiable.apps.dunning.simulation.tally import Difference, Earliest, Hindsight, UnitCosts, Work
from amiable.apps.receivables.models import Installment
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario import joined
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.shipped import SHIPPED, SME_STANDARD
from amiable.core.simulation import USUAL, SimulatedContact, Still, replay
from amiable.core.workdays import next_workday

CHUNK = 500
MAX_DAYS = 366
Progress = Callable[[int, int], None]
Kind = Literal["forward", "back_test"]

declare(
    {
        "simulation.across_today": gettext_noop(
            "A period lies wholly ahead, to simulate what is to come, or wholly in the past, to "
            "test on past facts: this one spans {today}. Ask for the two parts separately."
        ),
        "simulation.backwards": gettext_noop("The period ends on {last}, before it begins."),
        "simulation.too_long": gettext_noop("A simulation covers at most {limit} days."),
        "simulation.past_facts": gettext_noop(
            "Invoices, payments, disputes, promises and holds count from the day they were known. "
            "A payment recorded after its date was not known before; what is dated before "
            "{since}, when the work with this software began, counts from its date."
        ),
        "simulation.past_nothing_sent": gettext_noop(
            "What was really sent is left out: the scenario starts from nothing on {first}, with "
            "everything then open, so that the first days show old stock."
        ),
        "simulation.past_today": gettext_noop(
            "Addresses, segments, scores and scenarios are those of today."
        ),
        "simulation.past_influenced": gettext_noop(
            "People paid under the reminders really sent at the time: that they paid within seven "
            "days does not say that they would have without any."
        ),
    }
)


class SimulationError(ValueError):
    """A simulation that cannot be asked for; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases: those of a creditor, a kind of customer, a segment; "" = all."""

    creditor: str = ""
    kind: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A simulation to run. `scenario` "" = each case under the one it runs on.

    `keep` = how many contacts, and how many changed cases, the result names one by one.
    """

    first: date
    last: date
    scenario: str = ""
    version: int | None = None
    scope: Scope = Scope()
    costs: UnitCosts = field(default_factory=UnitCosts)
    keep: int = 0


@dataclass(slots=True)
class Simulation:
    """What a simulation found. `running` and `difference` are None without a scenario to compare;
    `hindsight` is for past days. `scenario` None = the running ones."""

    asked: Asked
    kind: Kind
    scenario: Definition | None
    assumptions: tuple[Sentence, ...]
    work: Work = field(default_factory=Work)
    running: Work | None = None
    difference: Difference | None = None
    hindsight: Hindsight | None = None
    contacts: list[SimulatedContact] = field(default_factory=list)
    numbers: Mapping[int, str] = field(default_factory=dict)
    cases: int = 0


def simulation_kind(first: date, last: date, *, on: date) -> Kind:
    """Which of the two a period asks for. Raises SimulationError for one that is neither."""
    if last < first:
        raise SimulationError(Sentence("simulation.backwards", {"last": last}))
    if (last - first).days >= MAX_DAYS or (first - on).days >= MAX_DAYS:
        raise SimulationError(Sentence("simulation.too_long", {"limit": MAX_DAYS}))
    if first < on <= last:
        raise SimulationError(Sentence("simulation.across_today", {"today": on}))
    return "forward" if first >= on else "back_test"


def scenario_pick(organization_id: int, code: str, *, version: int | None = None) -> Definition:
    """A scenario of the organization (the newest version by default), else a shipped one.

    With what takes over after a broken promise. Raises LookupError naming what exists.
    """
    rows = Scenario.objects.filter(organization_id=organization_id).select_related("after")
    own = list(rows.order_by("code", "-version"))
    for row in own:
        if row.code == code and version in (None, row.version):
            return scenario_of(row)
    shipped = SHIPPED.get(code)
    if shipped is not None and version in (None, shipped.version):
        after = SHIPPED.get(shipped.after_broken)
        return joined(shipped, after) if after else shipped
    known = [f"{row.code} {row.version}" for row in own]
    known += [f"{each.code} {each.version}" for each in SHIPPED.values()]
    named = ", ".join(dict.fromkeys(known))
    raise LookupError(f"no scenario {code!r} of that version; there are: {named}")


def cases_count(organization_id: int, asked: Asked, *, on: date) -> int:
    """How many cases a simulation would look at. Raises SimulationError as simulation_run does."""
    kind = simulation_kind(asked.first, asked.last, on=on)
    _check_scope(organization_id, asked.scope)
    return _cases(organization_id, asked, kind).count()


def simulation_run(
    organization_id: int, asked: Asked, *, on: date, progress: Progress | None = None
) -> Simulation:
    """Simulate; `on` = today. Reads only.

    Raises SimulationError for an impossible period and for a segment or creditor that does not
    exist, LookupError for an unknown scenario.
    """
    kind = simulation_kind(asked.first, asked.last, on=on)
    _check_scope(organization_id, asked.scope)
    scenario = None
    if asked.scenario:
        scenario = scenario_pick(organization_id, asked.scenario, version=asked.version)
    found = Simulation(asked, kind, scenario, _assumptions(organization_id, asked, kind))
    if kind == "back_test":
        found.hindsight = Hindsight()
    if scenario:
        found.running, found.difference = Work(), Difference(asked.keep)
    earliest = Earliest(asked.keep)
    ids = list(_cases(organization_id, asked, kind).order_by("id").values_list("id", flat=True))
    running = _Running(organization_id)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        definitions = running.of(chunk)
        for case_id, world in _worlds(organization_id, asked, kind, chunk, on):
            _add(found, earliest, world, definitions[case_id], on)
        found.cases += len(chunk)
        if progress:
            progress(found.cases, len(ids))
    found.contacts = earliest.rows
    found.numbers = _numbers(organization_id, found.contacts)
    return found


def _check_scope(organization_id: int, scope: Scope) -> None:
    """Refuse a name that nothing bears: it would be simulated as nobody at all."""
    problem = trait_problem(organization_id, segment=scope.segment, creditor=scope.creditor)
    if problem:
        raise SimulationError(problem)


def _add(
    found: Simulation, earliest: Earliest, world: Still | PastCase, running: Definition, on: date
) -> None:
    """Live one case under the scenario asked for, and under its own to compare."""
    asked, costs = found.asked, found.asked.costs
    start = on if found.kind == "forward" else asked.first
    definition = found.scenario or running

    def lived(under: Definition) -> list[SimulatedContact]:
        contacts = replay(world, under, first=start, last=asked.last)
        return [contact for contact in contacts if contact.day >= asked.first]

    contacts = lived(definition)
    found.work.add_case(contacts, costs)
    for contact in contacts:
        earliest.add(contact)
    if found.running is not None and found.difference is not None:
        same = definition == running
        before = contacts if same else lived(running)
        found.running.add_case(before, costs)
        found.difference.add(before, contacts)
    if found.hindsight is not None and isinstance(world, PastCase):
        found.hindsight.add(world, contacts, costs=costs, until=on)


def _worlds(
    organization_id: int, asked: Asked, kind: Kind, case_ids: list[int], on: date
) -> Iterator[tuple[int, Still | PastCase]]:
    if kind == "back_test":
        yield from past_cases(organization_id, case_ids, first=asked.first, last=asked.last).items()
        return
    for case_id, facts in case_facts(organization_id, case_ids, on=on).items():
        yield case_id, Still(facts, next_workday(on, facts.holidays_zone))


def _cases(organization_id: int, asked: Asked, kind: Kind) -> QuerySet[Case]:
    """Cases of the scope with anything open, now or in the past period."""
    opens = Q(settled_on__isnull=True)
    if kind == "back_test":
        opens |= Q(settled_on__gte=asked.first - SLACK)
    owed = Installment.objects.filter(
        opens, organization_id=organization_id, invoice__issue_date__lte=asked.last
    )
    cases = Case.objects.filter(
        organization_id=organization_id, customer_id__in=owed.values("customer_id")
    )
    wanted = {
        "customer__creditor__code": asked.scope.creditor,
        "customer__kind": asked.scope.kind,
        "customer__segment": asked.scope.segment,
    }
    return cases.filter(**{name: value for name, value in wanted.items() if value})


class _Running:
    """The scenario each case runs on, or would start on: read only."""

    def __init__(self, organization_id: int) -> None:
        self.organization_id = organization_id
        rows = Scenario.objects.filter(organization_id=organization_id)
        default = rows.filter(is_default=True).values_list("id", flat=True).first()
        self.default_id = default or 0
        self.parsed: dict[int, Definition] = {0: SME_STANDARD}

    def of(self, case_ids: list[int]) -> dict[int, Definition]:
        """Definition per case."""
        enrolled = dict(
            Enrollment.objects.filter(
                organization_id=self.organization_id, case_id__among=case_ids
            ).values_list("case_id", "scenario_id")
        )
        fresh = [case_id for case_id in case_ids if case_id not in enrolled]
        assigned = rules_assign(self.organization_id, fresh, default_id=self.default_id)
        enrolled |= {case_id: chosen.scenario_id for case_id, chosen in assigned.items()}
        missing = set(enrolled.values()) - self.parsed.keys()
        for row in Scenario.objects.filter(id__in=missing).select_related("after"):
            self.parsed[row.id] = scenario_of(row)
        return {case_id: self.parsed[scenario_id] for case_id, scenario_id in enrolled.items()}


def _assumptions(organization_id: int, asked: Asked, kind: Kind) -> tuple[Sentence, ...]:
    """What the figures rest on; the first sentence is what they cannot say."""
    said = (Sentence("simulation.no_claim"), *USUAL.sentences())
    if kind == "forward":
        return (*said, Sentence("simulation.nobody_pays"))
    return (
        *said,
        Sentence("simulation.past_nothing_sent", {"first": asked.first}),
        Sentence("simulation.past_facts", {"since": Known.of(organization_id).since}),
        Sentence("simulation.past_today"),
        Sentence("simulation.past_influenced"),
    )


def _numbers(organization_id: int, contacts: list[SimulatedContact]) -> dict[int, str]:
    """Invoice numbers of the items that the named contacts ask for."""
    ids = {item.id for contact in contacts for item in contact.items}
    rows = Installment.objects.filter(organization_id=organization_id, id__among=ids)
    return dict(rows.values_list("id", "invoice__number"))
