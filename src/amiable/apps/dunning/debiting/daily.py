"""Everything about direct debits that is due: read what the bank said, withdraw, announce."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from amiable.apps.dunning.debiting.results import debits_follow
from amiable.apps.dunning.debiting.running import debits_run


def debits_tick(organization_id: int, *, now: datetime) -> dict[str, int]:
    """Returns what was done, by name. Safe to repeat."""
    followed = debits_follow(organization_id, on=timezone.localtime(now).date())
    done = debits_run(organization_id, now=now)
    return {
        "collected": followed.collected,
        "returned": followed.returned,
        "undone": followed.undone,
        "announced": done.announced,
        "withdrawn": done.withdrawn,
        "left": done.left,
    }
