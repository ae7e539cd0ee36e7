"""What the planner and the guards know of a case: frozen, loaded set-based, nothing lazy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from amiable.core.records import CustomerKind


@dataclass(frozen=True, slots=True)
class Hold:
    """A pause. `item_id` None = the whole case; `ends_on` (inclusive) None = until lifted."""

    reason: str
    starts_on: date
    ends_on: date | None = None
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A dated promise to pay; it stops the case until its date plus grace, while not broken."""

    amount_minor: int
    due_on: date
    grace_days: int = 3


@dataclass(frozen=True, slots=True)
class Item:
    """An open item (instalment of an invoice): the unit of debt."""

    id: int
    number: str
    issue_date: date
    due_date: date
    total_minor: int
    open_minor: int
    disputed_minor: int = 0
    missing_from_export: bool = False
    steps_done: Mapping[str, date] = field(default_factory=dict)

    @property
    def chased_minor(self) -> int:
        """What may be asked for: the open amount less what is disputed."""
        return max(0, self.open_minor - self.disputed_minor)


@dataclass(frozen=True, slots=True)
class PendingAction:
    """An action already planned and not yet carried out."""

    id: int
    key: str
    step: str
    due_on: date
    item_ids: frozenset[int]
    state: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything known of one case on one day. Amounts in minor units of `currency`."""

    case_id: int
    organization_id: int
    customer_id: int
    customer_name: str
    customer_kind: CustomerKind
    language: str
    currency: str
    items: tuple[Item, ...]
    unallocated_minor: int = 0
    holidays_zone: str = ""
    media: frozenset[str] = frozenset()
    holds: tuple[Hold, ...] = ()
    promises: tuple[Promise, ...] = ()
    last_contact_on: date | None = None
    closed_counts: Mapping[str, int] = field(default_factory=dict)
    pending: tuple[PendingAction, ...] = ()
    insolvent_since: date | None = None
    bank_data_until: date | None = None
    bank_data_max_age_days: int | None = None

    @property
    def open_minor(self) -> int:
        return sum(item.open_minor for item in self.items)
