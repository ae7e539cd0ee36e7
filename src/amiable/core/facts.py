"""What the planner and the guards know of a case: frozen, loaded set-based, nothing lazy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from amiable.core.records import CustomerKind

Medium = Literal["email", "letter", "registered_letter", "sms", "phone", "task"]
Stage = Literal["preventive", "friendly", "firm", "formal", "handover"]
Approval = Literal["automatic", "manual"]
CatchUp = Literal["catch_up_step", "jump", "one_by_one"]

# A phone call or a task is work for a person; the others leave the house.
CONTACT_MEDIA: frozenset[str] = frozenset({"email", "letter", "registered_letter", "sms", "phone"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario. `offset_days` counts from the due date (negative = before)."""

    code: str
    offset_days: int
    medium: Medium
    stage: Stage
    template: str
    approval: Approval = "automatic"
    with_invoices: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """An ordered list of steps and the policies that hold for all of them."""

    code: str
    version: int
    name: str
    steps: tuple[Step, ...]
    min_amount_minor: int = 0
    min_gap_days: int = 3
    catch_up: CatchUp = "catch_up_step"
    catch_up_step: str = ""
    deadline_days: int = 8

    def index(self, code: str) -> int:
        """Position of a step by its code; raises KeyError."""
        for position, step in enumerate(self.steps):
            if step.code == code:
                return position
        raise KeyError(code)


@dataclass(frozen=True, slots=True)
class Hold:
    """A pause. `item_id` None = the whole case; `ends_on` None = until lifted. Ends are inclusive."""

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
    last_step: str = ""
    last_step_on: date | None = None
    steps_done: frozenset[str] = frozenset()


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
