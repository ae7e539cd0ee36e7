"""What must always hold of kept figures: their parts add up."""

from __future__ import annotations

from collections.abc import Iterator

from amiable.apps.insights.models import Snapshot


def snapshot_sums() -> Iterator[str]:
    """Snapshots whose buckets, or due and not due, do not add up to what is outstanding."""
    for snapshot in Snapshot.objects.order_by("id").iterator(chunk_size=2000):
        figures = snapshot.figures
        total = figures["outstanding_minor"]
        if sum(figures["buckets"].values()) != total:
            yield f"snapshot {snapshot.pk}: buckets do not add up to the balance"
        elif figures["not_due_minor"] + figures["overdue_minor"] != total:
            yield f"snapshot {snapshot.pk}: due and not due do not add up to the balance"


CHECKS = {"snapshots_add_up": snapshot_sums}
