"""A small organization in which every page of the console has something to show."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from amiable.apps.banking import services as banking
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint, Customer, CustomerIban
from amiable.apps.dunning import services as dunning
from amiable.apps.dunning.models import Scenario
from amiable.apps.tenants.models import Membership, Organization, User
from amiable.core.records import StatementEntry, StatementRecord
from amiable.core.scenario_data import scenario_to_json
from amiable.core.shipped import SME_STANDARD
from amiable.core.workdays import add_workdays
from tests import factories

PASSWORD = "a short sentence to remember"
NAMES = (
    "Menuiserie Duval",
    "Ateliers Béranger",
    "Mairie de Saint-Rémy-lès-Chevreuse",
    "Clinique vétérinaire des Quais & associés",
    "Électricité Moreau",
    "Transports Gaudin",
)


@dataclass(frozen=True)
class Portfolio:
    """What the tests speak of."""

    organization: Organization
    manager: User
    customers: list[Customer]
    today: date


def member(organization: Organization, email: str, role: str) -> User:
    """A person of the organization."""
    user = User.objects.create_user(username=email, email=email, password=PASSWORD)
    Membership.objects.create(organization=organization, user=user, role=role)
    return user


def portfolio() -> Portfolio:
    """Six customers with open items of every age; a hold, a dispute, a promise; a plan of the last
    working day partly sent; a statement with a line of each kind."""
    today = timezone.localdate()
    day = add_workdays(today + timedelta(days=1), -1)
    organization = factories.organization("vauban")
    owner = factories.creditor(organization)
    manager = member(organization, "camille@vauban.example", "manager")
    debtors = [
        factories.customer(owner, f"C{i:03}", name=name, email=f"compta{i}@client.example")
        for i, name in enumerate(NAMES, 1)
    ]
    ContactPoint.objects.create(
        organization=organization, customer=debtors[1], kind="phone", value="0102030405"
    )
    CustomerIban.objects.create(
        organization=organization, customer=debtors[1], source="test", since=day,
        iban="FR7630006000011234567890189",
    )  # fmt: skip
    ages = (1, 5, 7, 9, 16, 47)
    items = [
        factories.invoice(
            debtor, f"FA-{i:04}", total_minor=125_223 * (i + 1), due=day - timedelta(days=late)
        )
        for i, (debtor, late) in enumerate(zip(debtors, ages, strict=True))
    ]
    for i, debtor in enumerate(debtors):
        factories.invoice(debtor, f"FB-{i:04}", total_minor=45_000, due=today + timedelta(days=20))
    _sent_yesterday(organization, day)
    _noted(organization, debtors, items, day)
    _needs_approval(organization)
    dunning.plan_tick(organization.pk, on=day)
    _statement(organization, items, day)
    return Portfolio(organization, manager, debtors, today)


def _sent_yesterday(organization: Organization, day: date) -> None:
    """A first plan by the shipped scenario, sent: messages to look at."""
    before = add_workdays(day, -3)
    Case.objects.filter(organization=organization).update(next_plan_on=before)
    dunning.plan_tick(organization.pk, on=before)
    now = timezone.make_aware(datetime.combine(before, time(10)))
    dunning.send_tick(organization.pk, now=now)


def _needs_approval(organization: Organization) -> None:
    """From now on every step but the calls waits for a person."""
    steps = tuple(
        dataclasses.replace(step, approval="manual") if step.medium != "phone" else step
        for step in SME_STANDARD.steps
    )
    definition = dataclasses.replace(SME_STANDARD, steps=steps, version=2)
    row = Scenario.objects.get(organization=organization, is_default=True)
    Scenario.objects.filter(pk=row.pk).update(definition=scenario_to_json(definition))


def _noted(organization: Organization, debtors: list[Customer], items: list, day: date) -> None:
    who = {"on": day, "actor": "camille@vauban.example"}
    case = factories.case(debtors[5])
    cases.hold_place(organization.pk, case.pk, reason="Attente d’un avoir", **who)
    cases.dispute_open(organization.pk, items[2].pk, reason="quality", note="Porte rayée", **who)
    case = factories.case(debtors[3])
    due = day + timedelta(days=5)
    cases.promise_record(organization.pk, case.pk, amount_minor=50_000, due_on=due, **who)


def _statement(organization: Organization, items: list, day: date) -> None:
    """One line that matches by its reference, one that nearly does, one unknown, one charge."""
    lines = [
        (125_223, f"VIR {NAMES[0].upper()} FACTURE FA-0000", NAMES[0]),
        (125_223 * 5, "VIREMENT RECU", "MOREAU ELECTRICITE"),
        (45_000, "VIR SEPA", "DUVAL"),
        (100_000, "ACOMPTE FACTURE FA-0003", "CLINIQUE DES QUAIS"),
        (45_000, "VIR FB-0002", ""),
        (98_765, "VIR INST REF 0099", "SARL INCONNUE"),
        (-1_250, "FRAIS TENUE DE COMPTE", ""),
    ]
    entries = tuple(
        StatementEntry(
            line=i,
            booked_on=day,
            value_on=day,
            amount_minor=amount,
            currency="EUR",
            label=label,
            payer_name=payer,
        )
        for i, (amount, label, payer) in enumerate(lines, 1)
    )
    total = sum(entry.amount_minor for entry in entries)
    record = StatementRecord(
        account="FR1420041010050500013M02606",
        currency="EUR",
        opening_minor=1_000_000,
        closing_minor=1_000_000 + total,
        opening_on=day,
        closing_on=day,
        entries=entries,
    )
    source = {"source": "releve.xml", "on": day, "actor": "camille@vauban.example"}
    banking.statement_import(organization.pk, [record], **source)
    banking.lines_match(organization.pk, on=day)
