"""Who is left out of the batch and why: every case with something overdue that is not in it.

The planner itself answers, case by case, so that the reasons are those it acts on. Computed in
chunks, kept for some minutes, and computed anew as soon as something happened meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, Model, OuterRef
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import CasePlan, plan_preview
from amiable.apps.dunning.reasons import family, order
from amiable.apps.receivables.models import Allocation, Entry, Installment
from amiable.core.money import Money
from amiable.core.planner import PlannedAction
from amiable.core.scenario import HUMAN_MEDIA
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import next_workday

KEPT = timedelta(minutes=10)
# What a page computes while somebody waits; the dry run has no limit.
MAX_CASES = 5000
NAMED = 100

declare(
    {
        "left_out.batch": gettext_noop("It joins the batch with the next planning."),
        "left_out.manual": gettext_noop("It waits for an approval of its own."),
        "left_out.human": gettext_noop("On {on} a person calls or has something to do."),
        "left_out.automatic": gettext_noop("Its message of {on} leaves by itself."),
        "left_out.later": gettext_noop(
            "It is worked on again on {on}: the day is a holiday there."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case with overdue items that is not in the batch. `overdue` = open and past due."""

    case_id: int
    customer_id: int
    customer_name: str
    overdue: Money
    reasons: tuple[Sentence, ...]


@dataclass(slots=True)
class LeftOutGroup:
    """Cases left out for reasons of one family: all counted, the largest named."""

    family: str
    count: int = 0
    amounts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rows: list[LeftOut] = field(default_factory=list)

    @property
    def totals(self) -> tuple[Money, ...]:
        """What is overdue, one amount per currency."""
        return tuple(Money(amount, currency) for currency, amount in sorted(self.amounts.items()))


@dataclass(slots=True)
class Exclusions:
    """Of the working day `on`: `overdue` cases have something overdue; `looked_at` of them were
    computed, `included` wait to be confirmed, the rest stands in `groups` by family of reasons;
    `ahead` more wait with nothing overdue yet."""

    on: date
    computed_at: datetime
    overdue: int = 0
    looked_at: int = 0
    included: int = 0
    ahead: int = 0
    groups: list[LeftOutGroup] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """Cases that are not in the batch."""
        return sum(group.count for group in self.groups)


def exclusions(
    organization_id: int, *, on: date, limit: int | None = MAX_CASES, fresh: bool = False
) -> Exclusions:
    """Who is not in the batch of `on`, or of the next working day, and why; kept while nothing
    happens, at most ten minutes.

    Events, payments, invoices and actions end what is kept; `fresh` does so at once.
    """
    on = next_workday(on)
    key = f"exclusions:{organization_id}:{on}:{limit}:{_stamp(organization_id)}"
    found: Exclusions | None = None if fresh else cache.get(key)
    if found is None:
        found = exclusions_compute(organization_id, on=on, limit=limit)
        cache.set(key, found, KEPT.total_seconds())
    return found


def exclusions_compute(
    organization_id: int, *, on: date, limit: int | None = None
) -> Exclusions:  # fmt: skip
    """The same, computed now; a number of queries that grows by chunk of cases only."""
    on = next_workday(on)
    ids = _overdue_cases(organization_id, on)
    looked = ids if limit is None else ids[:limit]
    result = Exclusions(on, timezone.now(), overdue=len(ids), looked_at=len(looked))
    groups: dict[str, LeftOutGroup] = {}
    waiting = _waiting(organization_id, on)
    result.ahead = len(waiting.difference(ids))
    for each in plan_preview(organization_id, on=on, case_ids=looked):
        if each.facts.case_id in waiting:
            result.included += 1
            continue
        name, reasons = left_out_reasons(each, on)
        group = groups.setdefault(name, LeftOutGroup(name))
        _add(group, each, reasons, on)
    for group in groups.values():
        group.rows.sort(key=lambda row: (-row.overdue.amount_minor, row.customer_name))
        del group.rows[NAMED:]
        group.amounts = dict(group.amounts)
    result.groups = sorted(groups.values(), key=lambda group: (order(group.family), group.family))
    return result


def left_out_reasons(each: CasePlan, on: date) -> tuple[str, tuple[Sentence, ...]]:
    """The family under which a case stands, and every reason that belongs to it."""
    if each.plan.actions:
        action = each.plan.actions[0]
        if action.due_on > on:
            return "waiting", (Sentence("left_out.later", {"on": action.due_on}),)
        kind = _kind(action)
        return kind, (Sentence(f"left_out.{kind}", {"on": on}),)
    overdue = {item.id for item in each.facts.items if item.due_date < on}
    whole = [skip.sentence for skip in each.plan.skips if skip.item_id is None]
    items = [skip.sentence for skip in each.plan.skips if skip.item_id in overdue]
    # What stops the case as a whole comes first; items may each have a reason of their own.
    main = whole or sorted(items, key=lambda sentence: order(family(sentence.code)))
    main = main or [Sentence("stop.nothing_due")]
    return family(main[0].code), tuple(_unique(main + items))


def _unique(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Each sentence once, in order."""
    found: list[Sentence] = []
    for sentence in sentences:
        if sentence not in found:
            found.append(sentence)
    return found


def _add(group: LeftOutGroup, each: CasePlan, reasons: tuple[Sentence, ...], on: date) -> None:
    facts = each.facts
    amount = sum(item.open_minor for item in facts.items if item.due_date < on)
    group.count += 1
    group.amounts[facts.currency] += amount
    overdue = Money(amount, facts.currency)
    group.rows.append(
        LeftOut(facts.case_id, facts.customer_id, facts.customer_name, overdue, reasons)
    )


def _waiting(organization_id: int, on: date) -> frozenset[int]:
    """Cases with an action that waits to be confirmed in the batch."""
    rows = Action.objects.filter(
        organization_id=organization_id,
        state=Action.State.TO_APPROVE,
        approval="batch",
        due_on__lte=on,
    )
    return frozenset(rows.values_list("case_id", flat=True))


def _kind(action: PlannedAction) -> str:
    return "human" if action.medium in HUMAN_MEDIA else action.approval


def _overdue_cases(organization_id: int, on: date) -> list[int]:
    overdue = Installment.objects.filter(
        organization_id=organization_id,
        customer_id=OuterRef("customer_id"),
        currency=OuterRef("currency"),
        settled_on__isnull=True,
        due_date__lt=on,
    )
    rows = Case.objects.filter(Exists(overdue), organization_id=organization_id)
    return list(rows.order_by("id").values_list("id", flat=True))


def _stamp(organization_id: int) -> str:
    """Changes as soon as something was written that a plan depends on."""
    models: tuple[type[Model], ...] = (Event, Entry, Allocation, Action)
    newest = [_newest(model, organization_id) for model in models]
    pending = Action.objects.filter(organization_id=organization_id, state__in=Action.PENDING)
    return "-".join(map(str, [*newest, pending.count()]))


def _newest(model: Any, organization_id: int) -> int:
    rows = model.objects.filter(organization_id=organization_id).order_by("-id")
    return rows.values_list("id", flat=True).first() or 0
