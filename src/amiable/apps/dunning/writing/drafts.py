"""Turns actions about to leave into drafts: who, to whom, about which invoices, on fresh facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Min

from amiable.apps.cases.links import message_link
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.facts import POSTAL_MEDIA
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.writing.claims import NOTHING, Claims, Reductions, claims, wanted
from amiable.apps.dunning.writing.claims import reductions as reductions_of
from amiable.apps.dunning.writing.listing import (
    Account,
    account_lines,
    broken_pledge,
    message_lines,
    returned_payment,
)
from amiable.apps.dunning.writing.recipients import Chosen, Reach, chosen, electronic, reaches
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.routes import is_electronic_configured
from amiable.apps.messaging.writing.mandates import MANDATE_MARK
from amiable.apps.payments.virtual_ibans.reading import held_accounts
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.core.drafts import Agency, Draft, DraftLine, Party, Recipient
from amiable.core.facts import CaseFacts
from amiable.core.promises import commitments
from amiable.core.references import customer_reference, rf_reference
from amiable.core.scenario import Scenario, Step
from amiable.core.virtual_ibans import PayAccount, PayAccounts
from amiable.core.workdays import next_workday

PICTURES = ("creditor__logo", "creditor__signature_image")


@dataclass(frozen=True, slots=True)
class Ready:
    """An action that passed the guard: the items it is about and what its step asks for each
    (minor units; 0 = only announced)."""

    action: Action
    facts: CaseFacts
    scenario: Scenario
    step: Step
    asked: Mapping[int, int]

    @property
    def deadline(self) -> timedelta:
        """How long the message gives for paying."""
        return timedelta(days=self.scenario.deadline_days)


def drafts(organization_id: int, ready: Collection[Ready], *, on: date) -> list[Draft]:
    """One draft per action, in the same order; a fixed number of queries for all."""
    # Pictures are read once for each creditor, by messaging.
    rows = Customer.objects.select_related("creditor").defer(*PICTURES)
    customers = rows.in_bulk({each.facts.customer_id for each in ready})
    organization = Organization.objects.get(id=organization_id)
    case_ids = {each.facts.case_id for each in ready}
    known = _Known(
        reaches=reaches(organization_id, customers.keys()),
        threads=_threads(organization_id, case_ids),
        invoices=_invoice_ids(organization_id, ready),
        organization=organization,
        electronic=is_electronic_configured(),
        virtual=held_accounts(organization_id, customers.keys()),
        first_letters=_first_letters(organization, case_ids) if organization.is_agency else {},
        reductions=reductions_of(
            organization_id,
            {
                item_id
                for each in ready
                if wanted(customers[each.facts.customer_id].creditor, each.step)
                for item_id in each.asked
            },
        ),
    )
    return [_draft(each, customers[each.facts.customer_id], known, on) for each in ready]


def reader_draft(
    organization: Organization,
    ready: Ready,
    *,
    customer: Customer,
    invoices: Mapping[int, int],
    on: date,
) -> Draft:
    """The draft of what a customer reads by itself, in at most three queries: it is written to
    nobody and follows no message.

    `customer` with its creditor; `invoices` = the invoice of each item.
    """
    first = _first_letters(organization, {ready.facts.case_id}) if organization.is_agency else {}
    known = _Known(
        reaches={customer.pk: Reach()},
        threads={},
        invoices=invoices,
        organization=organization,
        electronic=False,
        virtual=held_accounts(organization.pk, [customer.pk]),
        first_letters=first,
        reductions=reductions_of(organization.pk, set(ready.asked))
        if wanted(customer.creditor, ready.step)
        else {},
    )
    return _draft(ready, customer, known, on)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A message that was sent, and the installments it asked for."""

    message_id: str
    on: date
    items: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Known:
    """How customers are reached, earlier messages per case with their items, invoice per item."""

    reaches: Mapping[int, Reach]
    threads: Mapping[int, list[_Earlier]]
    invoices: Mapping[int, int]
    organization: Organization
    first_letters: Mapping[int, date]
    reductions: Reductions
    electronic: bool  # registered letters may go by email
    virtual: Mapping[tuple[int, str], tuple[PayAccount, ...]]

    def payee(
        self, facts: CaseFacts, customer: Customer, *, lines: Collection[DraftLine]
    ) -> dict[str, Any]:
        """The creditor, with the account on which these lines are paid, and those there are."""
        own = PayAccount(customer.creditor.iban, customer.creditor.bic)
        accounts = PayAccounts(own, self.virtual.get((customer.pk, facts.currency), ()))
        creditor = paid_on(_creditor(customer), accounts, lines=lines)
        return {"creditor": creditor, "accounts": accounts}

    def claims(self, ready: Ready, customer: Customer, on: date) -> Claims:
        """What the message claims beside the principal, when its creditor wants it."""
        if not wanted(customer.creditor, ready.step):
            return NOTHING
        return claims(
            ready.facts, customer.creditor, asked=ready.asked, invoices=self.invoices,
            reduced=self.reductions, on=on,
        )  # fmt: skip

    def link(self, key: str, medium: str) -> str:
        """Where the customer of the message of this key sees and pays what it owes."""
        is_test, printed = bool(self.organization.test_recipient), medium in POSTAL_MEDIA
        return message_link(self.organization.pk, key, is_test=is_test, printed=printed)

    def people(self, ready: Ready, reach: Reach) -> Chosen:
        """Who the message goes to, and where."""
        named = chosen(reach, ready.action.medium, roles=ready.step.recipients)
        if self.electronic and ready.action.medium == "registered_letter":
            return electronic(reach, named, kind=ready.facts.customer_kind)
        return named

    def agency(self, customer: Customer, case_id: int) -> Agency | None:
        """Who collects, when the organization does so for others."""
        organization, creditor = self.organization, customer.creditor
        if not organization.is_agency:
            return None
        party = Party(
            name=organization.name,
            address_lines=tuple(organization.address),
            email=organization.email or creditor.email,
            phone=organization.phone,
            brand_color=creditor.brand_color,
        )
        reference = customer_reference(customer.id)
        return Agency(party, reference, self.first_letters.get(case_id))


def _draft(ready: Ready, customer: Customer, known: _Known, on: date) -> Draft:
    facts, step = ready.facts, ready.step
    people = known.people(ready, reach := known.reaches[customer.id])
    first = people.first or Recipient("")
    # A conversation is about its invoices: a message about others begins one of its own.
    earlier = [
        e for e in known.threads.get(facts.case_id, []) if not e.items.isdisjoint(ready.asked)
    ]
    given = commitments(facts, on)
    account = Account(facts, on, given, known.invoices)
    lines = message_lines(account, ready.asked, show_paused=ready.scenario.show_paused)
    returned_on, return_code = returned_payment(facts, ready.asked)
    claimed = known.claims(ready, customer, on)
    return Draft(
        key=ready.action.key,
        case_id=facts.case_id,
        creditor_id=customer.creditor_id,
        customer_id=customer.id,
        medium=ready.action.medium,
        template=step.template,
        stage=step.stage,
        language=customer.language,
        on_date=on,
        currency=facts.currency,
        **known.payee(facts, customer, lines=lines),
        customer=_customer(customer, reach),
        customer_code=customer.code,
        customer_kind=facts.customer_kind,
        recipient=first.address,
        recipient_name=first.name,
        recipient_role=first.role,
        copies=people.copies,
        attention="" if first.address else first.name,
        notes=(*people.notes, *claimed.notes),
        lines=lines,
        credit_minor=facts.unallocated_minor,
        payment_reference=payment_reference(customer.id, lines),
        deadline_on=next_workday(on + ready.deadline, facts.holidays_zone),
        previous_contact_on=earlier[-1].on if earlier else None,
        thread_ids=tuple(each.message_id for each in earlier if each.message_id),
        attachments=step.attachments,
        pledge=broken_pledge(given, step),
        returned_on=returned_on,
        return_code=return_code,
        agency=known.agency(customer, facts.case_id),
        account=account_lines(account) if "statement" in step.attachments else (),
        scenario=ready.scenario.code,
        claims=claimed.lines,
        payment_link=known.link(ready.action.key, ready.action.medium),
    )


def payment_reference(customer_id: int, lines: Collection[DraftLine]) -> str:
    """ISO 11649 reference to pay with: the invoice's when there is one, else the customer's."""
    due = [line.number for line in lines if line.group == "due"]
    if len(due) == 1:
        with suppress(ValueError):  # a number that ISO 11649 cannot carry
            return rf_reference(due[0])
    return customer_reference(customer_id)


def paid_on(creditor: Party, accounts: PayAccounts, *, lines: Collection[DraftLine]) -> Party:
    """The creditor with the account on which these lines are paid: this decides for everybody."""
    due = {line.invoice_id for line in lines if line.group == "due"}
    account = accounts.of(due or {x.invoice_id for x in lines if x.group == "upcoming"})
    return replace(creditor, iban=account.iban, bic=account.bic)


def _creditor(customer: Customer) -> Party:
    creditor = customer.creditor
    return Party(
        name=creditor.name,
        address_lines=tuple(creditor.address),
        email=creditor.email,
        phone=creditor.phone,
        siren=creditor.siren,
        iban=creditor.iban,
        bic=creditor.bic,
        brand_color=creditor.brand_color,
        signatory=creditor.signatory,
        sms_sender=creditor.sms_sender,
        sender_email=creditor.sender_email,
    )


def _customer(customer: Customer, reach: Reach) -> Party:
    email, phone = reach.usual("email"), reach.usual("phone")
    return Party(
        name=customer.name,
        address_lines=tuple(customer.address_lines),
        postcode=customer.postcode,
        city=customer.city,
        country=customer.country,
        email=email.value if email else "",
        phone=phone.value if phone else "",
        siren=customer.siren,
    )


def _threads(organization_id: int, case_ids: Collection[int]) -> dict[int, list[_Earlier]]:
    """What each case was sent, oldest first."""
    asked: dict[int, set[int]] = defaultdict(set)
    heads: dict[int, tuple[int, str, date]] = {}
    rows = ActionItem.objects.filter(
        organization_id=organization_id,
        action__case_id__among=set(case_ids),
        action__message__state=Message.State.SENT,
        # What a test sent never reached the customer: no conversation goes on from it.
        action__message__is_test=False,
    ).order_by("action__message_id")
    for case_id, key, message_id, on, installment_id in rows.values_list(
        "action__case_id", "action__message_id", "action__message__message_id",
        "action__message__on_date", "installment_id",
    ):  # fmt: skip
        heads[key] = (case_id, message_id, on)
        asked[key].add(installment_id)
    found: dict[int, list[_Earlier]] = defaultdict(list)
    for key, (case_id, message_id, on) in heads.items():
        found[case_id].append(_Earlier(message_id, on, frozenset(asked[key])))
    return found


def _first_letters(organization: Organization, case_ids: Collection[int]) -> dict[int, date]:
    """Day of the first message of each case that carried the statements of CPCE R124-4; its frozen
    text is the proof. A test proves something to a test only."""
    rows = Message.objects.filter(
        organization_id=organization.id,
        case_id__among=set(case_ids),
        state=Message.State.SENT,
        text__contains=MANDATE_MARK,
    )
    if not organization.test_recipient:
        rows = rows.filter(is_test=False)
    return dict(rows.values_list("case_id").annotate(Min("on_date")).order_by())


def _invoice_ids(organization_id: int, ready: Collection[Ready]) -> dict[int, int]:
    ids = {item.id for each in ready for item in each.facts.items}
    return dict(
        Installment.objects.filter(organization_id=organization_id, id__in=ids).values_list(
            "id", "invoice_id"
        )
    )
