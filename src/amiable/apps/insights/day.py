"""The day: what customers answer and the bank says, what is due, what leaves, and the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from amiable.apps.banking.services import lines_match
from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.dunning.services import PlanCounts, SendCounts, plan_tick, send_tick
from amiable.apps.imports.drops import DropCounts
from amiable.apps.insights.intake import drops_take
from amiable.apps.insights.services import snapshot_take
from amiable.apps.messaging.replies.incoming import Incoming, incoming_read

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What each tick of the day did."""

    drops: DropCounts
    mail: Incoming
    match: dict[str, int]
    debits: dict[str, int]
    plan: PlanCounts
    send: SendCounts

    def to_json(self) -> dict[str, Any]:
        return {
            "drops": self.drops.to_json(),
            "mail": asdict(self.mail),
            "match": self.match,
            "debits": self.debits,
            "plan": asdict(self.plan),
            "send": asdict(self.send),
        }


def day_run(organization_id: int, *, now: datetime, progress: Progress | None = None) -> DayCounts:
    """Files that wait, mail, match, direct debits, plan, send, snapshot: the business day of `now`
    (aware).

    Answers and money first: what came this morning cancels what was planned before anything leaves.
    """
    on = timezone.localtime(now).date()
    tell = progress or (lambda _tick, _done, _total: None)
    files = drops_take(now=now, organization_id=organization_id)
    mail = incoming_read(now=now, organization_id=organization_id)
    matched = lines_match(organization_id, on=on, progress=lambda d, t: tell("match", d, t))
    collected = debits_tick(organization_id, now=now)
    planned = plan_tick(organization_id, on=on, progress=lambda d, t: tell("plan", d, t))
    sent = send_tick(organization_id, now=now, progress=lambda d, t: tell("send", d, t))
    snapshot_take(organization_id, on=on)
    return DayCounts(
        drops=files, mail=mail, match=matched, debits=collected, plan=planned, send=sent
    )
