"""Figures that each process keeps until events move: counted once, told again for nothing.

Whatever moves a figure leaves an event in the transaction that moves it. The last event alone does
not say that all before it are seen: of two transactions the one that began later may end first. So
the mark holds who is still writing as well, and is another as soon as one of them has ended.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from django.db.models import CharField, Func, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat

from amiable.apps.audit.models import Event
from amiable.apps.tenants.models import Organization

MOST = 256
T = TypeVar("T")


class _Writing(Func):
    """Who holds a chain of an organization's events now, "" = nobody (`audit.events_record`: a
    writer locks the chains before its events get their numbers, until its transaction ends)."""

    output_field = CharField()
    arity = 1
    # One writer at a time, whose events are numbered in the order in which they are seen.
    template = "''"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """The transactions that hold one of its advisory locks."""
        template = (
            "COALESCE((SELECT STRING_AGG(DISTINCT virtualtransaction, ' ') FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted AND objsubid = 2"
            " AND classid = MOD(%(expressions)s, 2147483648)::oid"
            " AND database = (SELECT oid FROM pg_database WHERE datname = CURRENT_DATABASE())), '')"
        )
        return self.as_sql(compiler, connection, template=template, **context)


def events_mark() -> Concat:
    """Of organizations, to annotate them with: a text that is another once an event is seen that
    was not; "" where there is none. Read it before what is kept under it."""
    latest = Event.objects.filter(organization_id=OuterRef("pk")).order_by("-id")
    last = Coalesce(Subquery(latest.values("hash")[:1]), Value(""))
    return Concat(last, Value(" "), _Writing("pk"), output_field=CharField())


def mark_of(organization_id: int) -> str:
    """The mark of one organization: one query."""
    found = Organization.objects.filter(pk=organization_id).annotate(mark=events_mark())
    return str(found.values_list("mark", flat=True).first() or "")


class Kept(Generic[T]):
    """What `count` answers for an organization (and more arguments), until its mark is another.
    The `most` lately counted answers are kept."""

    def __init__(self, count: Callable[..., T], *, most: int = MOST) -> None:
        self._count, self._most = count, most
        self._found: OrderedDict[Hashable, tuple[str, T]] = OrderedDict()

    def __call__(self, organization_id: int, *others: Hashable, mark: str) -> T:
        """The answer counted under this mark; where nothing ever happened none is kept."""
        if not mark.strip():
            return self._count(organization_id, *others)
        key = (organization_id, *others)
        kept = self._found.get(key)
        if kept is None or kept[0] != mark:
            kept = (mark, self._count(organization_id, *others))
            self._found[key] = kept
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        return kept[1]
