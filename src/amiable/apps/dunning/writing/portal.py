"""What the payment page shows: the open items of a link, as messages and statements list them, and
the draft from which the panel to pay, the statement and the mandate's mentions are made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Exists, OuterRef

from amiable.apps.cases.links import Link
from amiable.apps.cases.queries import Given, PlanView, PromiseView, words_given
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.facts import owed_facts
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.moving import Moving, promise_moving
from amiable.apps.dunning.writing.drafts import (
    PICTURES,
    Ready,
    paid_on,
    payment_reference,
    reader_draft,
)
from amiable.apps.dunning.writing.listing import Account, item_lines
from amiable.apps.payments.debits.queries import with_bank_minor
from amiable.apps.receivables.models import Installment, InvoiceDocument
from amiable.apps.tenants.models import Organization
from amiable.core.drafts import Draft, DraftLine, Group
from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import commitments
from amiable.core.scenario import Step
from amiable.core.shipped import SME_STANDARD

# The text of the first letter: what an agency says in it stands on the page too (CPCE R124-4).
_STEP = Step("portal", 1, "email", "friendly", "agency_first", attachments=("statement",))
# What an item is called by, when its lines are of several kinds: what is asked for comes first.
_ORDER: tuple[Group, ...] = (
    "due", "reminded", "upcoming", "promised", "planned", "disputed", "held",
)  # fmt: skip
_ASKED = frozenset({"due", "reminded", "upcoming"})


@dataclass(frozen=True, slots=True)
class PageItem:
    """An open item. Amounts in minor units; `payable_minor` = what ticking it adds: what is not
    contested or promised, or all of it when nothing else is left, less `collected_minor`, which is
    with the bank to be debited. `state` = of its main line."""

    id: int
    invoice_id: int
    number: str
    issue_date: date
    due_date: date
    total_minor: int
    open_minor: int
    payable_minor: int
    days_late: int
    state: Group
    disputed_minor: int
    has_document: bool
    collected_minor: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a link on a day. `draft` = what a message would say; `stopped` = insolvency or a
    death: nothing may be asked for here; `claims_elsewhere` = letters may ask for interest beside
    what stands here; `has_debits` = the creditor collects direct debits; `house_language` = of the
    people who read what is said; `most_minor` = the most that can still be promised;
    `promise_until` = last day that can be promised (None = agreed with a person);
    `claim_days` = for how long a payment said to be made is looked for; `moving` = the promise that
    may be moved to another day."""

    link: Link
    draft: Draft
    items: tuple[PageItem, ...]
    given: Given
    stopped: bool
    is_test: bool
    claims_elsewhere: bool
    has_debits: bool
    language: str
    house_language: str
    most_minor: int
    promise_until: date | None
    claim_days: int
    moving: Moving | None = None

    @property
    def credit_minor(self) -> int:
        """Money of the customer that is not used yet; only a whole case can count it."""
        return 0 if self.link.invoice_id else max(0, self.draft.credit_minor)

    @property
    def due_minor(self) -> int:
        """What is due, before any credit."""
        return sum(item.payable_minor for item in self.items if item.state in {"due", "reminded"})

    @property
    def next_minor(self) -> int:
        """What a day is most likely asked for: what is due, else what falls due first."""
        coming = [item for item in self.items if item.state == "upcoming"]
        first = min((item.due_date for item in coming), default=None)
        soon = sum(item.payable_minor for item in coming if item.due_date == first)
        return min(self.due_minor or soon or self.most_minor, self.most_minor)

    @property
    def running(self) -> tuple[PromiseView, ...]:
        """What was promised and is waited for, beside plans; nothing on the page of one invoice,
        whose amount it would tell of others."""
        return () if self.link.invoice_id else self.given.running

    @property
    def plans(self) -> tuple[PlanView, ...]:
        """Payment plans that run, shown like promises."""
        plans = () if self.link.invoice_id else self.given.plans
        return tuple(plan for plan in plans if plan.state in {"running", "late"})

    def ticked(self) -> frozenset[int]:
        """The items ticked at first: what is due, else what was promised, else all."""
        for states in ({"due", "reminded"}, {"promised", "planned"}, {"upcoming"}):
            if found := frozenset(item.id for item in self.items if item.state in states):
                return found
        return frozenset(item.id for item in self.items)


def portal_page(link: Link, *, on: date) -> Page:
    """What a link shows, in a fixed number of queries, as of now."""
    organization = Organization.objects.get(id=link.organization_id)
    facts = owed_facts(organization, link.case_id, on=on)
    given = words_given(link.organization_id, [link.case_id], on=on).get(link.case_id, Given())
    rows = _installments(facts)
    invoices = {item_id: row[0] for item_id, row in rows.items()}
    account = Account(facts, on, commitments(facts, on), invoices)
    collected = with_bank_minor(link.organization_id, rows)
    items = tuple(
        _item(item, lines, has_document=rows[item.id][1], collected=collected.get(item.id, 0))
        for item in facts.items
        if (lines := item_lines(account, item)) and _within(link, rows[item.id][0])
    )
    asked = {item.id: item.payable_minor for item in items if item.state == "due"}
    ready = Ready(Action(key="portal", medium="email"), facts, SME_STANDARD, _STEP, asked)
    customer = (
        Customer.objects.select_related("creditor").defer(*PICTURES).get(id=facts.customer_id)
    )
    draft = reader_draft(organization, ready, customer=customer, invoices=invoices, on=on)
    may_promise = organization.portal_promise_days and not given.broken_count
    return Page(
        link=link,
        draft=replace(draft, payment_link=""),
        items=items,
        given=given,
        stopped=facts.insolvent_since is not None or facts.deceased_since is not None,
        is_test=link.is_test or bool(organization.test_recipient),
        claims_elsewhere=bool(customer.creditor.claims_from),
        has_debits=bool(customer.creditor.ics),
        language=customer.language,
        house_language=organization.language,
        most_minor=min(_most(facts, given), sum(item.open_minor for item in items)),
        promise_until=on + timedelta(organization.portal_promise_days) if may_promise else None,
        claim_days=organization.claim_days,
        moving=promise_moving(link, given, days=organization.portal_promise_days, on=on),
    )


def page_draft(page: Page, ids: Collection[int]) -> Draft:
    """The draft that asks for these items, and for nothing else."""
    chosen = [item for item in page.items if item.id in ids]
    lines = tuple(_line(item) for item in chosen)
    total = sum(item.payable_minor for item in chosen)
    draft = page.draft
    return replace(
        draft,
        lines=lines,
        creditor=paid_on(draft.creditor, draft.accounts, lines=lines)
        if draft.accounts
        else draft.creditor,
        credit_minor=min(page.credit_minor, total),
        payment_reference=payment_reference(page.draft.customer_id, lines),
    )


def invoice_file(page: Page, invoice_id: int) -> tuple[str, bytes] | None:
    """Name and bytes of an invoice that stands on the page; None for any other."""
    if not any(item.invoice_id == invoice_id and item.has_document for item in page.items):
        return None
    row = InvoiceDocument.objects.get(
        organization_id=page.link.organization_id, invoice_id=invoice_id
    )
    return row.filename, bytes(row.content)


def _installments(facts: CaseFacts) -> dict[int, tuple[int, bool]]:
    """Invoice id of each item, and whether its PDF is kept: one query."""
    documents = InvoiceDocument.objects.filter(invoice_id=OuterRef("invoice_id"))
    rows = Installment.objects.filter(
        organization_id=facts.organization_id, id__in=[item.id for item in facts.items]
    )
    found = rows.annotate(kept=Exists(documents)).values_list("id", "invoice_id", "kept")
    return {item_id: (invoice_id, kept) for item_id, invoice_id, kept in found}


def _within(link: Link, invoice_id: int) -> bool:
    return link.invoice_id is None or link.invoice_id == invoice_id


def _item(
    item: Item, lines: Collection[DraftLine], *, has_document: bool, collected: int
) -> PageItem:
    main = min(lines, key=lambda line: _ORDER.index(line.group))
    asked = sum(line.open_minor for line in lines if line.group in _ASKED)
    return PageItem(
        id=item.id,
        invoice_id=main.invoice_id,
        number=item.number,
        issue_date=item.issue_date,
        due_date=item.due_date,
        total_minor=item.total_minor,
        open_minor=item.open_minor,
        payable_minor=max(0, min(asked or item.open_minor, item.open_minor - collected)),
        collected_minor=collected,
        days_late=main.days_late,
        state=main.group,
        disputed_minor=min(item.disputed_minor, item.open_minor),
        has_document=has_document,
    )


def _line(item: PageItem) -> DraftLine:
    return DraftLine(
        invoice_id=item.invoice_id,
        number=item.number,
        issue_date=item.issue_date,
        due_date=item.due_date,
        total_minor=item.total_minor,
        open_minor=item.payable_minor,
        days_late=item.days_late,
        beside_minor=item.open_minor - item.payable_minor,
    )


def _most(facts: CaseFacts, given: Given) -> int:
    """What is open and promised nowhere yet, as promise_record counts it."""
    opened = sum(item.open_minor for item in facts.items)
    running = sum(s.remaining_minor for s in given.standings if s.state == "running")
    return max(0, opened - max(0, facts.unallocated_minor) - running)
