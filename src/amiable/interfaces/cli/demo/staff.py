"""The people of the demo: they call, approve, note promises and disputes, as a team would.

What customers answer follows the story: who is about to pay promises it, who never pays promises
it too. Every choice is drawn from customer, step and day, so that a day lived twice is lived alike.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from amiable.core.workdays import add_workdays
from amiable.interfaces.cli.demo import keys
from amiable.interfaces.cli.demo.story import Books, Contest

if TYPE_CHECKING:
    from amiable.apps.cases.services import CallOutcome
    from amiable.apps.dunning.queries import AgendaLine
    from amiable.apps.receivables.queries import OpenItem

MANAGER, COLLECTOR = "Camille Renard", "Inès Boulay"
# What is younger waits for the visitor (working days).
LEFT_NOTICES, LEFT_CALLS, LEFT_BATCH, LEFT_TASKS = 8, 5, 6, 14

NOTES = {
    "no_answer": "Messagerie, message laissé.",
    "callback": "Comptabilité absente, rappeler.",
    "already_paid": "Virement parti selon le client.",
    "wrong_number": "Numéro non attribué.",
    "promise": "Engagement pris par téléphone.",
    "dispute": "Conteste la facture, réponse par écrit attendue.",
    "refused": "Dit ne pas pouvoir payer pour le moment.",
}
TASK_NOTES = {
    "ask_sales_owner": "Vu avec le client, rien ne s'oppose à la suite.",
    "hold_deliveries": "Livraisons suspendues.",
    "review": "La suite est décidée avec la direction.",
    "hand_over": "Dossier transmis.",
}
OUTCOMES = {
    "quality": "Intervention reprise, client satisfait.",
    "price": "Tarif confirmé par le devis signé.",
    "delivery": "Bon de livraison envoyé.",
    "quantity": "Quantités vérifiées avec le chantier.",
    "duplicate": "Deux interventions distinctes, expliqué.",
    "missing_document": "Attestation envoyée.",
}


def disputes(organization_id: int, story: Books, *, since: date, day: date) -> None:
    """Open and close the disputes of the story that fall after `since`, up to `day`."""
    from amiable.apps.cases import services
    from amiable.apps.receivables.queries import open_items

    by_number = {item.number: item for item in open_items(organization_id)}
    for contest in story.contests:
        item = by_number.get(contest.number)
        if item is None:
            continue
        opens, closes = since < contest.opened_on <= day, since < contest.closed_on <= day
        if not (opens or closes):
            continue
        # Opening one that is open already gives back its id.
        dispute = services.dispute_open(
            organization_id,
            item.id,
            reason=contest.reason,
            on=contest.opened_on,
            actor=COLLECTOR,
            amount_minor=disputed_part(contest, item.open_minor),
            respond_by=add_workdays(contest.opened_on, 10),
        )
        if closes:
            outcome = OUTCOMES[contest.reason]
            services.dispute_close(organization_id, dispute, outcome=outcome, on=day, actor=MANAGER)


def disputed_part(contest: Contest, open_minor: int) -> int | None:
    """What is disputed of a bill of which so much is open; None = all of it."""
    amount = contest.amount_minor
    return amount if amount is not None and amount < open_minor else None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the team sits on a day: `last` = the last day that the demo lives."""

    organization_id: int
    story: Books
    day: date
    last: date


def calls(desk: Desk) -> None:
    """Make most of the calls of the day; the rest, and the latest ones, wait."""
    from amiable.apps.dunning import queries

    if desk.day > add_workdays(desk.last, -LEFT_CALLS):
        return
    for line in queries.agenda(desk.organization_id, on=desk.day, tab="calls", limit=1000):
        rng = keys.stream(desk.story.seed, "call", line.customer_code, line.step, desk.day)
        if line.medium != "task" and rng.random() < 0.85:
            _call(rng, desk, line)


def tasks(desk: Desk) -> None:
    """Close the tasks that are old enough: sales owners take their time to answer."""
    from amiable.apps.dunning import queries, services

    for line in queries.agenda(desk.organization_id, on=desk.day, tab="calls", limit=1000):
        waits = LEFT_TASKS if line.task == "ask_sales_owner" else LEFT_CALLS
        answered_on = add_workdays(line.due_on, 3)
        if line.medium == "task" and answered_on <= desk.day <= add_workdays(desk.last, -waits):
            actor = line.sales_owner if line.task == "ask_sales_owner" else MANAGER
            note = TASK_NOTES.get(line.task, "")
            services.task_record(
                desk.organization_id, line.id, done=True, on=desk.day, actor=actor, note=note
            )


def approvals(desk: Desk) -> None:
    """Approve nearly all formal notices on the day they are proposed, except the latest ones."""
    from amiable.apps.dunning import queries, services

    if desk.day > add_workdays(desk.last, -LEFT_NOTICES):
        return
    waiting = queries.agenda(desk.organization_id, on=desk.day, tab="approve", limit=1000)
    refused: list[int] = []
    approved: list[int] = []
    for line in waiting:
        rng = keys.stream(desk.story.seed, "approve", line.customer_code, line.due_on)
        (refused if rng.random() < 0.08 else approved).append(line.id)
    services.action_approve(desk.organization_id, approved, on=desk.day, actor=MANAGER)
    services.action_refuse(
        desk.organization_id,
        refused,
        on=desk.day,
        actor=MANAGER,
        reason="Accord commercial en cours",
    )


def batches(desk: Desk) -> None:
    """Confirm what waits in the batch but for a few, except the latest ones."""
    from amiable.apps.dunning import queries, services

    if desk.day > add_workdays(desk.last, -LEFT_BATCH):
        return
    refused: list[int] = []
    confirmed: list[int] = []
    for line in queries.agenda(desk.organization_id, on=desk.day, tab="batch", limit=1000):
        rng = keys.stream(desk.story.seed, "batch", line.customer_code, line.due_on)
        (refused if rng.random() < 0.1 else confirmed).append(line.id)
    services.action_approve(desk.organization_id, confirmed, on=desk.day, actor=MANAGER)
    services.action_refuse(
        desk.organization_id,
        refused,
        on=desk.day,
        actor=MANAGER,
        reason="Le commercial appelle d'abord",
    )


def _call(rng: random.Random, desk: Desk, line: AgendaLine) -> None:
    """One call: what it brought and its result, in one gesture as in the console."""
    from amiable.apps.dunning.calling.closing import call_close

    outcome = _outcome(rng, desk, line, _answer(rng, desk, line))
    call_close(desk.organization_id, line.id, outcome, on=desk.day, actor=COLLECTOR)


def _answer(rng: random.Random, desk: Desk, line: AgendaLine) -> str:
    """One of dunning.services.CALL_RESULTS, as this customer would answer that day."""
    client = desk.story.clients[line.customer_code]
    if desk.story.next_payment(line.numbers, add_workdays(desk.day, -2)) in {
        desk.day,
        add_workdays(desk.day, -1),
    }:
        return "already_paid"
    if client.part in {"plan", "plan_late", "insolvent", "asked"}:
        return "no_answer"  # what is agreed with them later is the story's
    if rng.random() < 0.34:
        return rng.choice(("no_answer", "no_answer", "no_answer", "callback", "wrong_number"))
    if _contest(desk, line):
        return "dispute"
    if client.habit == "never" and rng.random() < 0.3:
        return "refused"
    return "promise" if rng.random() < 0.75 else "callback"


def _contest(desk: Desk, line: AgendaLine) -> Contest | None:
    """The dispute that is about to come anyway: the customer says so on the phone."""
    until = add_workdays(desk.day, 5)
    named = (each for each in desk.story.contests if each.number in line.numbers)
    return next((each for each in named if desk.day <= each.opened_on <= until), None)


def _outcome(rng: random.Random, desk: Desk, line: AgendaLine, result: str) -> CallOutcome:
    """What the call brought. A promise of what is promised already is only a call to repeat."""
    from amiable.apps.cases.queries import claimable
    from amiable.apps.cases.services import CallOutcome

    contest = _contest(desk, line) if result == "dispute" else None
    item = _item(desk.organization_id, line, contest.number) if contest else None
    if contest and item:
        return CallOutcome(
            "dispute", NOTES["dispute"], installment_id=item.id, reason=contest.reason,
            disputed_minor=disputed_part(contest, item.open_minor),
        )  # fmt: skip
    most = claimable(desk.organization_id, line.case_id, on=desk.day).promise_minor
    if result == "promise" and most:
        return CallOutcome(
            "promise", NOTES["promise"], amount_minor=min(line.amount_minor, most),
            due_on=_promised_on(rng, desk, line),
        )  # fmt: skip
    if result in {"promise", "dispute", "callback"}:
        on = add_workdays(desk.day, rng.randint(2, 4))
        reason = "Rappeler la comptabilité"
        return CallOutcome("callback", NOTES["callback"], callback_on=on, callback_reason=reason)
    return CallOutcome(result, NOTES[result], phone=line.phone, phone_reason=NOTES["wrong_number"])


def _item(organization_id: int, line: AgendaLine, number: str) -> OpenItem | None:
    from amiable.apps.receivables.queries import open_items

    items = open_items(organization_id, [line.customer_id])
    return next((item for item in items if item.number == number), None)


def _promised_on(rng: random.Random, desk: Desk, line: AgendaLine) -> date:
    """The day of the next payment, or, from those who do not pay, a day too early."""
    due_on = add_workdays(desk.day, rng.randint(4, 9))
    pays_on = desk.story.next_payment(line.numbers, desk.day)
    if pays_on and pays_on <= desk.day + timedelta(days=21) and rng.random() < 0.8:
        due_on = pays_on
    return due_on
