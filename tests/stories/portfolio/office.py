"""An office on a simulated clock: facts enter through the services, days pass, messages leave.

Amounts in euros, as a credit manager says them; days are arguments, and nothing here decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from amiable.apps.banking.models import BankAccount, Statement
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import cases_wake
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action, Scenario
from amiable.apps.dunning.services import (
    PlanCounts,
    SendCounts,
    action_approve,
    call_record,
    cases_replan,
    plan_preview,
    plan_tick,
    send_tick,
)
from amiable.apps.imports.writers import invoices_write
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.payments.models import Payment
from amiable.apps.payments.services import PaymentIn, payment_record, payment_return, payment_undo
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Creditor
from amiable.core.records import CustomerRow, InvoiceKind, InvoiceRow
from amiable.core.scenario import Scenario as Definition
from amiable.plugins.base import Outcome, Outgoing, ReadResult
from tests import factories

PARIS = ZoneInfo("Europe/Paris")
CLAIRE = "claire@vauban.example"
MEDIA = ("email", "letter", "registered_letter", "sms")
Told = tuple[date, str, str]  # day, step, medium


@dataclass(frozen=True, slots=True)
class Handed:
    """A message handed to a channel, as its action stood: what it asked for, in cents, by item."""

    at: datetime
    action_id: int
    message_id: int
    medium: str


@dataclass(frozen=True)
class Reminded:
    """A customer was reminded of a promise, or of an instalment of a plan, before its day."""

    at: datetime
    promise_id: int


@dataclass
class Office:
    """One organization. `answer` = what a channel says instead of taking a message."""

    scenario: Definition | None = None
    policies: Mapping[str, object] = field(default_factory=dict)
    slug: str = "acme"
    answer: Callable[[Outgoing], Outcome | None] | None = None
    handed: list[Handed] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)  # messages that confirmed something
    reminded: list[Reminded] = field(default_factory=list)  # of what was promised
    now: datetime = datetime(2026, 1, 5, 10, tzinfo=PARIS)

    def __post_init__(self) -> None:
        self.organization = factories.organization(self.slug)
        for name, value in self.policies.items():
            setattr(self.organization, name, value)
        self.organization.save()
        self.id = self.organization.id
        self.creditor = factories.creditor(self.organization)
        config = {"box": _Box(self), "answer": lambda message: self.answer and self.answer(message)}
        self.routes = dict.fromkeys(MEDIA, ("memory", config))
        if self.scenario is not None:
            self.keep(self.scenario)

    # -- what is known -----------------------------------------------------------------------

    def keep(self, definition: Definition, *, default: bool = True) -> int:
        """Keep a scenario; returns the id of its newest version."""
        scenario_import(self.id, definition, make_default=default)
        rows = Scenario.objects.filter(organization=self.organization, code=definition.code)
        return rows.order_by("-version").values_list("id", flat=True)[0]

    def second_creditor(self) -> Creditor:
        """Another legal entity of the organization."""
        return factories.creditor(self.organization, "other", name="Filature Vauban")

    def customer(
        self, code: str = "C001", *, phone: str = "", owner: Creditor | None = None, **fields
    ) -> Customer:
        """A company in Nantes with an email address, unless told otherwise."""
        fields.setdefault("email", f"{code.lower()}@client.example")
        row = factories.customer(owner or self.creditor, code, **{"name": code, **fields})
        if phone:
            ContactPoint.objects.create(
                organization=self.organization, customer=row, kind="phone", value=phone
            )
        return row

    def invoice(
        self,
        customer: Customer,
        number: str = "",
        *,
        due: date,
        euros: int = 1200,
        issued: date | None = None,
        on: date | None = None,
        left: int | None = None,
        kind: InvoiceKind = "invoice",
    ) -> int:
        """Import an invoice (`left` = what the books say is open); returns its installment id."""
        issued, number = issued or due - timedelta(days=30), number or f"F-{customer.code}"
        row = InvoiceRow(
            line=1, number=number, kind=kind, issue_date=issued, due_date=due, currency="EUR",
            total_minor=euros * 100, open_minor=None if left is None else left * 100,
            customer=CustomerRow(1, customer.code, customer.name),
        )  # fmt: skip
        self.import_rows([row], on=on or issued)
        found = Installment.objects.filter(invoice__customer=customer, invoice__number=number)
        return found.values_list("id", flat=True).first() or 0

    def import_rows(self, rows: Iterable[InvoiceRow], *, on: date) -> None:
        """What an import of a file writes."""
        read = ReadResult("invoices", "test", invoices=tuple(rows))
        with transaction.atomic():
            written = invoices_write(
                self.organization, read, creditor=self.creditor.code, on=on, source="test",
                full=False,
            )  # fmt: skip
        assert not written.errors, written.errors

    def pay(
        self,
        customer: Customer,
        euros: int,
        *,
        on: date,
        parts: Mapping[int, int] | None = None,
    ) -> Payment:
        """Money received, used on installments (id -> euros); what is left stays unallocated."""
        cents = {item: amount * 100 for item, amount in (parts or {}).items()}
        return self.pay_minor(customer, euros * 100, on=on, parts=cents)

    def pay_minor(
        self, customer: Customer, amount_minor: int, *, on: date, parts: Mapping[int, int]
    ) -> Payment:
        """The same in cents."""
        number = f"P{Payment.objects.count() + 1}"
        incoming = PaymentIn(
            customer.id, amount_minor, "EUR", on, number, parts=tuple(parts.items())
        )
        payment = payment_record(self.id, incoming, on=on, actor=CLAIRE, cases=self._cases())
        cases_wake(self.id, [customer.id], on=on)
        return payment

    def returned(self, payment: Payment, *, on: date, reason: str = "AM04") -> None:
        """The bank takes a payment back."""
        payment_return(
            self.id, payment.id, on=on, reason_code=reason, external_id=f"R{payment.id}",
            actor=CLAIRE, cases=self._cases(),
        )  # fmt: skip
        cases_wake(self.id, [payment.customer_id], on=on)

    def take_back(self, payment_id: int, *, on: date, reason: str = "") -> None:
        """The bank takes a payment back (`reason`), or it was recorded by mistake."""
        payment = Payment.objects.get(id=payment_id)
        if reason:
            self.returned(payment, on=on, reason=reason)
            return
        payment_undo(self.id, payment_id, on=on, actor=CLAIRE, cases=self._cases())
        cases_wake(self.id, [payment.customer_id], on=on)

    def statement(self, *, until: date) -> None:
        """A bank statement that goes up to a day."""
        account, _ = BankAccount.objects.get_or_create(
            organization=self.organization, creditor=self.creditor, identifier="FR76"
        )
        Statement.objects.create(
            organization=self.organization, account=account, closing_on=until, source="test",
            fingerprint=f"{Statement.objects.count()}",
        )  # fmt: skip

    def event(self, message_id: int, kind: str, *, on: date) -> None:
        """What a channel says later of a message: "delivered", "bounced"."""
        DeliveryEvent.objects.create(
            organization=self.organization, message_id=message_id, kind=kind,
            at=datetime.combine(on, time(9), tzinfo=PARIS),
        )  # fmt: skip
        customer = Case.objects.filter(messages=message_id).values_list("customer_id", flat=True)
        cases_wake(self.id, set(customer), on=on)

    def point(self, customer: Customer, kind: str = "email") -> int:
        """The id of an address or number."""
        return customer.points.filter(kind=kind).values_list("id", flat=True)[0]

    def value(self, customer_id: int, kind: str) -> str:
        """An address or number; "" without one."""
        rows = ContactPoint.objects.filter(customer_id=customer_id, kind=kind)
        return rows.values_list("value", flat=True).first() or ""

    def customers(self) -> Iterable[Customer]:
        """Everybody, with whom they owe."""
        rows = Customer.objects.filter(organization=self.organization)
        return rows.select_related("creditor").order_by("id")

    def installment(self, number: str) -> int:
        """The id of the only installment of an invoice."""
        rows = Installment.objects.filter(organization=self.organization, invoice__number=number)
        return rows.values_list("id", flat=True).get()

    def case(self, customer: Customer) -> int:
        """The id of the customer's case."""
        return Case.objects.get(customer=customer).id

    # -- days that pass ----------------------------------------------------------------------

    def plan(self, on: date) -> PlanCounts:
        """The planning tick of a day."""
        return plan_tick(self.id, on=on)

    def send(self, on: date, hour: int = 10, minute: int = 0) -> SendCounts:
        """The sending tick at an hour of Paris."""
        self.now = datetime.combine(on, time(hour, minute), tzinfo=PARIS)
        return send_tick(self.id, now=self.now, routes=self.routes)

    def live(
        self, first: date, last: date, *, approve: bool = True, calls: bool = True, hour: int = 10
    ) -> list[Told]:
        """Every day of a period: plan, approve, send, call. What was done, in order."""
        done: list[Told] = []
        day = first
        while day <= last:
            self.plan(day)
            if approve:
                waiting = self.actions(state="to_approve").values_list("id", flat=True)
                action_approve(self.id, list(waiting), on=day, actor=CLAIRE)
            before = len(self.handed)
            self.send(day, hour)
            done += [self.told(handed, day) for handed in self.handed[before:]]
            while calls and (action := self.actions(state="todo", due_on__lte=day).first()):
                assert call_record(self.id, action.id, result="done", on=day, actor=CLAIRE)
                cases_replan(self.id, on=day)
                done.append((day, action.step, action.medium))
            day += timedelta(days=1)
        return done

    def take(self, message: Outgoing) -> None:
        """A message is really on its way."""
        message_id = int(message.key.rpartition(":")[2])
        if re.search(":(call|portal)/", message.key):
            self.confirmed.append(message_id)
            return
        if promised := re.search(r":promise/(\d+)", message.key):
            self.reminded.append(Reminded(self.now, int(promised[1])))
            return
        action_id = self.actions(message_id=message_id).values_list("id", flat=True).get()
        self.handed.append(Handed(self.now, action_id, message_id, message.medium))

    def told(self, handed: Handed, day: date) -> Told:
        """A message as stories tell it."""
        action = Action.objects.get(id=handed.action_id)
        return day, action.step, action.medium

    def actions(self, **scope):
        """Actions of the organization."""
        return Action.objects.filter(organization=self.organization, **scope)

    def last_message(self) -> Message:
        """The newest message that left."""
        return Message.objects.get(id=self.handed[-1].message_id)

    def why_not(self, customer: Customer, on: date) -> list[str]:
        """Codes of what the file of the customer gives as reasons; each reads as a sentence."""
        (preview,) = plan_preview(self.id, on=on, case_ids=[self.case(customer)])
        sentences = [*(s.sentence for s in preview.plan.skips), *preview.plan.passed_over]
        assert all(str(sentence).strip() for sentence in sentences)
        return [sentence.code for sentence in sentences]

    def _cases(self) -> dict[tuple[int, str], int]:
        rows = Case.objects.filter(organization=self.organization)
        return {
            (c, currency): i for i, c, currency in rows.values_list("id", "customer", "currency")
        }


class _Box(dict[str, Outgoing]):
    """Where the memory channel puts messages; keeps when each was handed over, once."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office

    def setdefault(self, key: str, message: Outgoing) -> Outgoing:  # type: ignore[override]
        if key not in self:
            self.office.take(message)
            self[key] = message
        return self[key]
