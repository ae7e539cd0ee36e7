"""Made-up messages that a text is tried on before it is saved: each kind of customer, with all that
a text may speak of and with the least, for one invoice and for several."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import product
from typing import get_args

from amiable.apps.messaging.writing.agreed import CONFIRMATIONS
from amiable.apps.messaging.writing.composing import values_of
from amiable.core.claims import Claimed, claim
from amiable.core.drafts import (
    Agency,
    Confirmed,
    DebitTerms,
    Draft,
    DraftLine,
    Party,
    Pledge,
    Recipient,
)
from amiable.core.law.fr import Debt, Regime
from amiable.core.records import CustomerKind
from amiable.core.scenario import Medium, Stage
from amiable.core.schedules import PlanPart

ON = date(2026, 3, 16)
KINDS: tuple[CustomerKind, ...] = get_args(CustomerKind)
CREDITOR = Party(
    name="Atelier Vauban",
    address_lines=("12 rue des Forges",),
    postcode="69007",
    city="Lyon",
    email="compta@vauban.example",
    phone="04 72 00 00 00",
    siren="732829320",
    iban="FR1420041010050500013M02606",
    signatory="Claire Fontaine",
)
CUSTOMER = Party(
    name="Menuiserie Duval",
    address_lines=("8 avenue de l’Océan",),
    postcode="44000",
    city="Nantes",
    siren="404833048",
)
_AGENCY = Party(
    name="Cabinet Mercure",
    address_lines=("5 place du Marché",),
    postcode="31000",
    city="Toulouse",
    email="dossiers@mercure.example",
    phone="05 61 00 00 00",
)


@dataclass(frozen=True, slots=True)
class Use:
    """Where a text will be used: what it is called, by which media and in which language it
    leaves, at which stages, and whether an agency sends it."""

    code: str
    medium: Medium
    language: str
    stages: Collection[Stage] = ("friendly",)
    is_agency: bool = False


def samples(use: Use) -> Iterator[Draft]:
    """The drafts to try a text on, those with the most to say first."""
    agencies = (Agency(_AGENCY, "AM-4711"), Agency(_AGENCY, "AM-4711", ON - timedelta(days=20)))
    senders: tuple[Agency | None, ...] = agencies if use.is_agency else (None,)
    for stage, agency, kind, full in product(use.stages, senders, KINDS, (True, False)):
        if use.medium == "sms" and agency and agency.first_letter_on is None:
            continue  # never sent: see mandates.mandate_problem
        draft = _bare(use, stage, kind)
        yield replace(_full(draft) if full else draft, agency=agency)


def sample(use: Use, kind: CustomerKind) -> Draft:
    """One of them, with all it may speak of, to show a text on; of an agency, after its letter."""
    agency = Agency(_AGENCY, "AM-4711", ON - timedelta(days=20)) if use.is_agency else None
    draft = replace(_full(_bare(use, tuple(use.stages)[-1], kind)), agency=agency)
    return replace(draft, key=f"sample-{use.medium}")


def sample_values(draft: Draft) -> dict[str, object]:
    """What each value of a text is for it."""
    return values_of(draft, attached=2, thread_subject="")


def _bare(use: Use, stage: Stage, kind: CustomerKind) -> Draft:
    late = -10 if stage == "preventive" else 30
    customer = replace(CUSTOMER, siren="") if kind == "consumer" else CUSTOMER
    return Draft(
        key=f"sample-{kind}",
        case_id=0,
        creditor_id=0,
        customer_id=0,
        medium=use.medium,
        template=use.code,
        stage=stage,
        language=use.language,
        on_date=ON,
        currency="EUR",
        creditor=replace(CREDITOR, phone="", signatory=""),
        customer=customer,
        customer_code="C000123",
        customer_kind=kind,
        recipient=_RECIPIENTS.get(use.medium, ""),
        lines=(_line(42, late),),
        confirms=_confirmed(use.code),
    )


def _confirmed(code: str) -> Confirmed | None:
    """What was agreed, for the texts that confirm it."""
    if code not in CONFIRMATIONS:
        return None
    where, _, kind = code.partition("_")
    later = ON + timedelta(days=6)
    if where == "portal" and kind == "already_paid":
        return Confirmed(kind, 125_223, ON - timedelta(days=1))
    terms = None
    if code in {"debit_notice", "mandate_signed", "portal_plan_debit", "instalment_debit"}:
        terms = DebitTerms("AM-MAIN-00000042", "CORE", "FR72ZZZ123456", "FR.. .... 0189")
    if kind.startswith("plan"):
        halves = (PlanPart(later, 62_612), PlanPart(later + timedelta(days=28), 62_611))
        return Confirmed("plan", 125_223, later, parts=halves, debit=terms)
    if terms or kind in {"promise", "due"}:
        return Confirmed(kind, 125_223, later, debit=terms)
    if kind in {"dispute", "answer"}:
        said = "Two pallets were missing.\nSorry!" if kind == "answer" else ""
        return Confirmed(kind, number="FA2026-0042", answer=said)
    return Confirmed(kind or code, on=later if kind == "callback" else None)


_RECIPIENTS = {"email": "compta@client.example", "sms": "+33612345678", "phone": "+33261910000"}


def _full(draft: Draft) -> Draft:
    late = draft.lines[0].days_late
    lines = (_line(42, late), _line(57, late - 5), _line(63, -20, "upcoming"))
    confirms = draft.confirms
    if confirms and confirms.kind == "callback":
        confirms = replace(confirms, at=time(14, 30))
    elif confirms and confirms.kind == "dispute":
        confirms = replace(confirms, amount_minor=20_000, reason="quality")
    claims_some = draft.stage in {"firm", "formal"} and draft.customer_kind != "consumer"
    return replace(
        draft,
        creditor=CREDITOR,
        lines=lines,
        claims=tuple(_claimed(draft, each) for each in lines[:2]) if claims_some else (),
        confirms=confirms,
        deadline_on=ON + timedelta(days=8),
        previous_contact_on=ON - timedelta(days=9),
        thread_ids=("<earlier@vauban.example>",),
        attachments=("invoices", "statement"),
        recipient_name="Jean Duval",
        copies=(Recipient("direction@client.example"),) if draft.medium == "email" else (),
        pledge=Pledge(
            125_223, ON - timedelta(days=3), ON - timedelta(days=12), 40_000, in_plan=True,
            next_on=ON + timedelta(days=27), next_minor=125_223,
        ),
        returned_on=ON - timedelta(days=2),
        return_code="AC04",
    )  # fmt: skip


def _claimed(draft: Draft, line: DraftLine) -> Claimed:
    regime: Regime = "b2b" if draft.customer_kind == "company" else "public"
    debt = Debt(line.open_minor, line.due_date, ON, regime)
    return Claimed(line.number, line.due_date, claim(debt))


def _line(number: int, late: int, group: str = "due") -> DraftLine:
    due = ON - timedelta(days=late)
    return DraftLine(
        invoice_id=number,
        number=f"FA2026-{number:04d}",
        issue_date=due - timedelta(days=30),
        due_date=due,
        total_minor=125_223,
        open_minor=125_223,
        days_late=late,
        group="upcoming" if late < 0 else group,  # type: ignore[arg-type]
    )
