"""What must always hold of the evidence."""

from __future__ import annotations

from amiable.apps.audit.queries import chain_breaks

CHECKS = {"events_are_chained": chain_breaks}
