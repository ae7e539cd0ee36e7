"""What a move to other scenarios would change, before anything is written.

Computed by the planner itself, on the same facts, once with each case's own scenario and once with
the other; in chunks, a fixed number of queries each, and nothing is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from amiable.apps.dunning.enrollment.enrollments import CaseFilter, Move, left_alone_count, moves
from amiable.apps.dunning.enrollment.switching import Definitions, replaced, step_stays
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.reasons import family, order
from amiable.core import replan
from amiable.core.facts import CaseFacts
from amiable.core.planner import PlannedAction, plan
from amiable.core.scenario import CONTACT_MEDIA, STAGES
from amiable.core.scenario import Scenario as Definition

CHUNK = 1000
NAMED = 50  # customers named in full; figures count them all
FIRM, FORMAL = STAGES.index("firm"), STAGES.index("formal")
# How far ahead the next contact of a case is looked for.
HORIZON = timedelta(days=120)
HOPS = 40

# How the day of the next contact moves, in the order shown.
SHIFTS = (
    "earlier_week", "earlier", "same", "later", "later_week", "begins", "ends", "none",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A case spoken of by name. `stage`, `medium` = what it would get at once."""

    case_id: int
    customer_id: int
    customer_name: str
    stage: str
    medium: str


@dataclass(slots=True)
class MovePreview:
    """What would change. Counts of cases or actions; `looked_at` of `cases` were computed.

    `added` = new actions of today by (medium, stage); `cancelled` = pending ones that would go, by
    family of reasons; `shifts` = cases by how their next contact moves; `firm`, `formal` = cases
    that would receive such a step at once, and `anyway` those of them that would receive one as
    firm today without the move; `targets` = cases by the scenario they would follow.
    """

    on: date
    cases: int = 0
    looked_at: int = 0
    left_alone: int = 0
    targets: Counter[int] = field(default_factory=Counter)
    added: Counter[tuple[str, str]] = field(default_factory=Counter)
    cancelled: Counter[str] = field(default_factory=Counter)
    shifts: Counter[str] = field(default_factory=Counter)
    firm: int = 0
    formal: int = 0
    anyway: int = 0
    named: list[Named] = field(default_factory=list)

    @property
    def added_count(self) -> int:
        """New actions of today."""
        return self.added.total()

    @property
    def cancelled_count(self) -> int:
        """Pending actions that would be cancelled."""
        return self.cancelled.total()

    @property
    def cancelled_rows(self) -> list[tuple[str, int]]:
        """(family of reasons, actions), in the order of the families."""
        return sorted(self.cancelled.items(), key=lambda row: order(row[0]))

    @property
    def shift_rows(self) -> list[tuple[str, int]]:
        """(shift, cases), earliest first."""
        return [(name, self.shifts[name]) for name in SHIFTS if self.shifts[name]]

    @property
    def added_rows(self) -> list[tuple[str, str, int]]:
        """(medium, stage, actions), gentlest first."""
        rows = [(medium, stage, count) for (medium, stage), count in self.added.items()]
        return sorted(rows, key=lambda row: (_rank(row[1]), row[0]))


def move_preview(
    organization_id: int,
    cases: CaseFilter | Collection[int],
    *,
    to: int | None,
    on: date,
    limit: int | None = None,
) -> MovePreview:
    """What enrollments_move would change, looking at no more than `limit` cases in detail.

    Raises EnrollmentError when `to` is not a scenario of the organization.
    """
    found = moves(organization_id, cases, to=to)
    preview = MovePreview(on, cases=len(found))
    if isinstance(cases, CaseFilter):
        preview.left_alone = left_alone_count(organization_id, cases)
    preview.targets.update(move.to.scenario_id for move in found)
    definitions = Definitions(organization_id)
    looked = found if limit is None else found[:limit]
    for facts, move in _facts(organization_id, looked, on):
        _compare(preview, facts, definitions(move.from_id), definitions(move.to.scenario_id))
        preview.looked_at += 1
    return preview


def after_move(facts: CaseFacts, *, old: Definition, new: Definition) -> tuple[CaseFacts, int]:
    """The facts of a case once it was moved, and how many pending actions the move cancelled."""
    kept = tuple(
        action
        for action in facts.pending
        if action.state == "claimed"
        or action.is_agreed
        or step_stays(action.step, old=old, new=new)
    )
    closed = Counter(facts.closed_counts)
    closed.update(action.step for action in facts.pending if action not in kept)
    gone = len(facts.pending) - len(kept)
    return replace(facts, pending=kept, closed_counts=dict(closed)), gone


def next_contact_on(facts: CaseFacts, scenario: Definition, on: date) -> date | None:
    """The day of the next contact if nothing else happens; None = none within the horizon."""
    # Old bank data stops everything alike: what is compared here is the two scenarios.
    facts = replace(facts, bank_data_max_age_days=None)
    day = on
    for _ in range(HOPS):
        decided = plan(facts, scenario, day)
        if any(action.medium in CONTACT_MEDIA for action in decided.actions):
            return decided.day
        # A task does not keep the contact that follows it from coming.
        look = decided.next_look_on
        if look is None or look > on + HORIZON:
            return None
        day = look
    return None


def _facts(
    organization_id: int, found: Sequence[Move], on: date
) -> Iterator[tuple[CaseFacts, Move]]:
    for start in range(0, len(found), CHUNK):
        chunk = {move.case_id: move for move in found[start : start + CHUNK]}
        for case_id, facts in case_facts(organization_id, chunk.keys(), on=on).items():
            yield facts, chunk[case_id]


def _compare(preview: MovePreview, facts: CaseFacts, old: Definition, new: Definition) -> None:
    moved, gone = after_move(facts, old=old, new=new)
    decided = plan(moved, new, preview.on)
    change = replan.change(moved, new, plan=decided)
    preview.added.update((action.medium, action.step.stage) for action in change.add)
    preview.cancelled.update(family(why.code) for _, why in change.cancel)
    if gone:
        preview.cancelled[family(replaced(new.name).code)] += gone
    before = next_contact_on(facts, old, preview.on)
    after = next_contact_on(moved, new, preview.on)
    preview.shifts[_shift(before, after)] += 1
    firmest = _firmest(change.add)
    if firmest and firmest.step.rank >= FIRM:
        unmoved = replan.change(facts, old, plan=plan(facts, old, preview.on))
        present = _firmest(unmoved.add)
        preview.anyway += present is not None and present.step.rank >= firmest.step.rank
        _count_firm(preview, facts, firmest)


def _firmest(added: Sequence[PlannedAction]) -> PlannedAction | None:
    contacts = [action for action in added if action.medium in CONTACT_MEDIA]
    return max(contacts, key=lambda action: action.step.rank, default=None)


def _count_firm(preview: MovePreview, facts: CaseFacts, action: PlannedAction) -> None:
    if action.step.rank >= FORMAL:
        preview.formal += 1
    else:
        preview.firm += 1
    if len(preview.named) < NAMED:
        preview.named.append(
            Named(
                facts.case_id,
                facts.customer_id,
                facts.customer_name,
                action.step.stage,
                action.medium,
            )
        )


def _shift(before: date | None, after: date | None) -> str:
    if before is None or after is None:
        return "none" if before == after else "begins" if before is None else "ends"
    days = (after - before).days
    if abs(days) >= 7:
        return "earlier_week" if days < 0 else "later_week"
    return "same" if days == 0 else "earlier" if days < 0 else "later"


def _rank(stage: str) -> int:
    return STAGES.index(stage)  # type: ignore[arg-type]  # a stage by construction
