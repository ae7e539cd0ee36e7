"""What is answered: a mark, a few words, a call that is wished for; and the task it brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.links import Link, link_used
from amiable.apps.dunning.models import Survey
from amiable.apps.dunning.surveying.asking import (
    cases_settled,
    standing_until,
    survey_ask,
    survey_standing,
)
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.queries import organization_lock
from amiable.core.sentences import Sentence, declare, gettext_noop

# A mark as low as this is looked at by a person.
LOW = 2
LONGEST_NOTE = 1000
ACTOR = "portal"

declare(
    {
        "survey.closed": gettext_noop("This question is closed: thank you all the same."),
        "survey.task_done": gettext_noop("Somebody has seen to this already."),
        "survey.task_note": gettext_noop("Write in a few words what was done."),
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """The question as the payment page shows it, with the answer that was given; `until` = the last
    day to answer, or to change the answer."""

    until: date
    score: int | None = None
    note: str = ""
    wants_call: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answer: a mark from 1 to 5, at most LONGEST_NOTE characters, whether to be called."""

    score: int
    note: str = ""
    wants_call: bool = False


def survey_offer(link: Link, *, on: date) -> Offer | None:
    """What the page of a link asks, None for nothing. Only the page of a whole case asks: that of
    one invoice would tell how the others stand. A question that was asked may be answered where no
    new one is asked."""
    if link.invoice_id is not None or link.is_test:
        return None
    row = survey_standing(link.organization_id, link.case_id, on=on)
    if row is not None:
        return Offer(standing_until(row), row.score, row.note, row.wants_call)
    return _new(link, on)


@transaction.atomic
def survey_seen(link: Link, *, on: date) -> None:
    """Somebody touched the page that asks: the question was asked."""
    link_used(link, on=on)
    if survey_standing(link.organization_id, link.case_id, on=on) is None and _new(link, on):
        survey_ask(link.organization_id, link.case_id, on=on)


@transaction.atomic
def survey_answer(link: Link, opinion: Opinion, *, on: date, now: datetime) -> None:
    """Keep an answer, or its change; what is low, or asks for a call, becomes a task once.

    Raises CaseError when the question is closed, or may not be asked.
    """
    row = _asked(link, on)
    row.score, row.note, row.wants_call = opinion.score, opinion.note, opinion.wants_call
    row.answered_at = row.answered_at or now
    if row.task_on is None and (opinion.score <= LOW or opinion.wants_call):
        row.task_on = on
    row.save(update_fields=["score", "note", "wants_call", "answered_at", "task_on"])
    # The words stay out of the trail, which nobody can erase.
    _tell(row, "survey.answered", on, ACTOR, score=opinion.score)
    link_used(link, on=on)


@transaction.atomic
def survey_refuse(link: Link, *, on: date, now: datetime) -> None:
    """Never ask this customer again; what was answered stays. Raises as survey_answer does."""
    row = _asked(link, on)
    row.refused_at = now
    row.save(update_fields=["refused_at"])
    _tell(row, "survey.refused", on, ACTOR)
    link_used(link, on=on)


@transaction.atomic
def survey_task_close(
    organization_id: int, survey_id: int, *, note: str, on: date, actor: str
) -> None:
    """Say what was done about an answer. Raises CaseError when somebody did already, or without
    words."""
    if not note.strip():
        raise CaseError(Sentence("survey.task_note"))
    rows = Survey.objects.filter(
        organization_id=organization_id, id=survey_id, task_on__isnull=False,
        task_done_on__isnull=True,
    )  # fmt: skip
    row = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None:
        raise CaseError(Sentence("survey.task_done"))
    row.task_done_on, row.task_done_by, row.task_note = on, actor[:254], note.strip()[:500]
    row.save(update_fields=["task_done_on", "task_done_by", "task_note"])
    _tell(row, "survey.task_done", on, actor)


@transaction.atomic
def survey_erase(organization_id: int, survey_id: int, *, on: date, actor: str) -> bool:
    """Erase the words of an answer, at the customer's wish; the mark stays in the figures. False
    when there are none."""
    rows = Survey.objects.filter(organization_id=organization_id, id=survey_id).exclude(note="")
    row = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None:
        return False
    row.note, row.erased_on = "", on
    row.save(update_fields=["note", "erased_on"])
    _tell(row, "survey.erased", on, actor)
    return True


def _new(link: Link, on: date) -> Offer | None:
    asks = Organization.objects.filter(id=link.organization_id, survey_on_portal=True)
    if not asks.exists():
        return None
    settled = cases_settled(link.organization_id, on=on, case_ids=[link.case_id])
    return Offer(on) if settled else None


def _asked(link: Link, on: date) -> Survey:
    """The question that is answered, locked: the one that stands, else asked just now."""
    organization_lock(link.organization_id)
    offer = survey_offer(link, on=on)
    row = survey_standing(link.organization_id, link.case_id, on=on) if offer else None
    if offer and row is None:
        row = survey_ask(link.organization_id, link.case_id, on=on)
    if row is None:
        raise CaseError(Sentence("survey.closed"))
    return row


def _tell(row: Survey, kind: str, on: date, actor: str, **told: object) -> None:
    happening = Happening(kind, on, actor, row.case_id, {"survey": row.pk, **told})
    event_record(row.organization_id, happening)
