"""The people of the demo: they call, approve, note promises and disputes, as a team would.

What customers answer follows the story: who is about to pay promises it, who never pays promises
it too. Every choice is drawn from customer, step and day, so that a day lived twice is lived alike.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

from amiable.core.workdays import add_workdays
from amiable.interfaces.cli.demo import keys
from amiable.interfaces.cli.demo.story import Books

if TYPE_CHECKING:
    from amiable.apps.dunning.queries import AgendaLine

MANAGER, COLLECTOR = "Camille Renard", "Inès Boulay"
# Younger formal notices and calls wait for the visitor (working days).
LEFT_NOTICES, LEFT_CALLS = 8, 4

NOTES = {
    "no_answer": "Messagerie, message laissé.",
    "callback": "Comptabilité absente, rappeler.",
    "already_paid": "Virement parti selon le client.",
    "wrong_number": "Numéro non attribué.",
    "promise": "Engagement pris par téléphone.",
    "dispute": "Conteste la facture, réponse par écrit attendue.",
    "done": "Dossier transmis.",
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

    ids = {item.number: item.id for item in open_items(organization_id)}
    for contest in story.contests:
        installment = ids.get(contest.number)
        if installment is None:
            continue
        opens, closes = since < contest.opened_on <= day, since < contest.closed_on <= day
        if not (opens or closes):
            continue
        # Opening one that is open already gives back its id.
        dispute = services.dispute_open(
            organization_id,
            installment,
            reason=contest.reason,
            on=contest.opened_on,
            actor=COLLECTOR,
            respond_by=add_workdays(contest.opened_on, 10),
        )
        if closes:
            outcome = OUTCOMES[contest.reason]
            services.dispute_close(organization_id, dispute, outcome=outcome, on=day, actor=MANAGER)


def calls(organization_id: int, story: Books, *, day: date, last: date) -> None:
    """Make most of the calls of the day; the rest, and the latest ones, wait."""
    from amiable.apps.dunning import queries

    if day > add_workdays(last, -LEFT_CALLS):
        return
    for line in queries.agenda(organization_id, on=day, tab="calls", limit=1000):
        rng = keys.stream(story.seed, "call", line.customer_code, line.step, day)
        if rng.random() < 0.85:
            _call(rng, organization_id, story, line, day)


def approvals(organization_id: int, story: Books, *, day: date, last: date) -> None:
    """Approve nearly all formal notices on the day they are proposed, except the latest ones."""
    from amiable.apps.dunning import queries, services

    if day > add_workdays(last, -LEFT_NOTICES):
        return
    waiting = queries.agenda(organization_id, on=day, tab="approve", limit=1000)
    refused: list[int] = []
    approved: list[int] = []
    for line in waiting:
        rng = keys.stream(story.seed, "approve", line.customer_code, line.due_on)
        (refused if rng.random() < 0.08 else approved).append(line.id)
    services.action_approve(organization_id, approved, on=day, actor=MANAGER)
    services.action_refuse(
        organization_id, refused, on=day, actor=MANAGER, reason="Accord commercial en cours"
    )


def _call(
    rng: random.Random, organization_id: int, story: Books, line: AgendaLine, day: date
) -> None:
    from amiable.apps.dunning import services

    result = "done" if line.medium == "task" else _answer(rng, story, line, day)
    if result == "promise":
        _promise(rng, organization_id, story, line, day)
    services.call_record(
        organization_id,
        line.id,
        result=result,
        on=day,
        actor=COLLECTOR,
        note=NOTES[result],
    )
    if result == "callback" and rng.random() < 0.2:
        _pause(organization_id, line, day)


def _answer(rng: random.Random, story: Books, line: AgendaLine, day: date) -> str:
    """One of dunning.services.CALL_RESULTS, as this customer would answer that day."""
    if story.next_payment(line.numbers, add_workdays(day, -2)) in {day, add_workdays(day, -1)}:
        return "already_paid"
    if rng.random() < 0.34:
        return rng.choice(("no_answer", "no_answer", "no_answer", "callback", "wrong_number"))
    if any(c.number in line.numbers and c.opened_on >= day for c in story.contests):
        return "dispute"
    return "promise" if rng.random() < 0.75 else "callback"


def _promise(
    rng: random.Random, organization_id: int, story: Books, line: AgendaLine, day: date
) -> None:
    """A promise for the day of the next payment, or, from the others, for a day too early."""
    from amiable.apps.cases import services
    from amiable.apps.cases.queries import claimable

    due_on = add_workdays(day, rng.randint(4, 9))
    pays_on = story.next_payment(line.numbers, day)
    if pays_on and pays_on <= day + timedelta(days=21) and rng.random() < 0.8:
        due_on = pays_on
    most = claimable(organization_id, line.case_id, on=day).promise_minor
    if not most:
        return
    services.promise_record(
        organization_id,
        line.case_id,
        amount_minor=min(line.amount_minor, most),
        due_on=due_on,
        on=day,
        actor=COLLECTOR,
        note=NOTES["promise"],
    )


def _pause(organization_id: int, line: AgendaLine, day: date) -> None:
    from amiable.apps.cases import services

    services.hold_place(
        organization_id,
        line.case_id,
        reason="Échéancier en discussion avec la direction",
        on=day,
        actor=MANAGER,
        ends_on=add_workdays(day, 20),
    )
