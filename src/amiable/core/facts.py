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
    id: int = 0


@dataclass(frozen=True, slots=True)
class Promise:
    """A dated promise to pay, or one instalment of a plan (`plan_id`).

    Kept once `tolerance_pct` percent of it has come by `due_on` plus `grace_days`; see
    core.promises for what it stops and when it is broken. `made_on` None = before everything;
    `before_minor` = what had come on that day by then. A plan goes on after as many missed
    instalments as it `forgives`. `held_until` = it is not missed before, because a direct debit of
    ours is to answer first (core.part_debits.held_until); `collected_minor` = what direct debits
    brought for this very instalment.
    """

    amount_minor: int
    due_on: date
    grace_days: int = 3
    made_on: date | None = None
    tolerance_pct: int = 95
    plan_id: int | None = None
    id: int = 0
    before_minor: int = 0
    forgives: int = 1
    held_until: date | None = None
    collected_minor: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Debt that went away on a day: money received less money taken back, credits."""

    on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` contacts in any `days` days. `medium` "" = all media together; `kind` "" =
    every kind of customer."""

    count: int
    days: int
    medium: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An open item (instalment of an invoice): the unit of debt.

    `steps_done` = day each step was carried out, whatever the scenario; `stages_done` = how firm
    it was (a stage), where that is known, "" = it reached nobody; `delivered` = day it reached
    the customer, where a channel said so. `events` = last day of each kind of event that concerns
    the item.
    """

    id: int
    number: str
    issue_date: date
    due_date: date
    total_minor: int
    open_minor: int
    disputed_minor: int = 0
    missing_from_export: bool = False
    steps_done: Mapping[str, date] = field(default_factory=dict)
    stages_done: Mapping[str, str] = field(default_factory=dict)
    delivered: Mapping[str, date] = field(default_factory=dict)
    events: Mapping[str, date] = field(default_factory=dict)
    return_reason: str = ""

    @property
    def chased_minor(self) -> int:
        """The open amount less what is disputed."""
        return max(0, self.open_minor - self.disputed_minor)


@dataclass(frozen=True, slots=True)
class PendingAction:
    """An action already planned and not yet carried out. `is_agreed` = a call that the customer
    expects on `due_on`."""

    id: int
    key: str
    step: str
    due_on: date
    item_ids: frozenset[int]
    state: str
    medium: str = ""
    is_agreed: bool = False


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything known of one case on one day. Amounts in minor units of `currency`.

    `media` = what can reach the customer; `lost` = why a medium that once could no longer does
    ("bounced", "opted_out"). `contacts` = days of recent contacts by medium, with these persons,
    whatever the scenario; `linked` = customers who share a person with this one. `score` = 0
    (risky) to 100; None = unknown. `delay_days` = days by which every reminder is held back (a
    comparison's control group). `receipts` go back to the first promise that still matters.
    `min_amount_minor` = the least sum for which the organization reminds anybody at all.
    `answered_on` = day of the newest answer that nobody has read; `answer_hold_days` = for how many
    days it stops everything. `unseen_minor` = money received, by `unseen_since` at the latest, that
    pays no invoice and about which nobody has decided anything; `proposed_minor` = money on bank
    lines, by `proposed_since` at the latest, that a person has to confirm as the customer's.
    """

    case_id: int
    organization_id: int
    customer_id: int
    customer_name: str
    customer_kind: CustomerKind
    language: str
    currency: str
    items: tuple[Item, ...]
    unallocated_minor: int = 0
    segment: str = ""
    creditor: str = ""
    score: int | None = None
    holidays_zone: str = ""
    media: frozenset[str] = frozenset()
    lost: Mapping[str, str] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    promises: tuple[Promise, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    contacts: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    linked: frozenset[int] = frozenset()
    last_contact_on: date | None = None
    closed_counts: Mapping[str, int] = field(default_factory=dict)
    pending: tuple[PendingAction, ...] = ()
    insolvent_since: date | None = None
    deceased_since: date | None = None
    bank_data_until: date | None = None
    bank_data_max_age_days: int | None = None
    delay_days: int = 0
    min_amount_minor: int = 0
    answered_on: date | None = None
    answer_hold_days: int = 0
    unseen_minor: int = 0
    unseen_since: date | None = None
    proposed_minor: int = 0
    proposed_since: date | None = None

    @property
    def open_minor(self) -> int:
        return sum(item.open_minor for item in self.items)
