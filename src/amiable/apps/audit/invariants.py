"""What must always hold of the evidence."""

from __future__ import annotations

from amiable.apps.audit.queries import chain_breaks

CHECKS = {"every event follows the one before it, unchanged": chain_breaks}
