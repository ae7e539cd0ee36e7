"""Writes of disputes while they run, and how they end: owner and day, what is said, the outcome.

While one is open its invoice, or the contested part of it, is not dunned (see core.facts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, events_record
from amiable.apps.cases.changes import CaseError, case_tell
from amiable.apps.cases.files import CheckedFile
from amiable.apps.cases.models import Dispute, DisputeEntry, DisputeFile, DisputeQuestion
from amiable.apps.cases.pauses import dispute_close, hold_lift, hold_place
from amiable.apps.receivables.allocations import WriteOff, installments_lock, write_offs_record
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.receivables.write_offs import DECIDED, write_off_reverse
from amiable.apps.tenants.models import Membership
from amiable.core.disputes import AWAITED, AWAITED_DAYS, OUTCOMES, Outcome
from amiable.core.money import major
from amiable.core.sentences import Sentence, declare, gettext_noop

SETTLED, REOPENED, ESCALATED = "dispute.settled", "dispute.reopened", "dispute.escalated"

declare(
    {
        "dispute.closed_before": gettext_noop("This dispute is closed already."),
        "dispute.no_words": gettext_noop("Write what is to be said."),
        "dispute.day_past": gettext_noop("The day to answer by is today or later."),
        "dispute.owner": gettext_noop("Choose one of the people of this organization."),
        "dispute.outcome": gettext_noop("Choose how the dispute ends."),
        "dispute.goodwill": gettext_noop("Only a manager gives up an amount out of goodwill."),
        "dispute.goodwill_nothing": gettext_noop("Nothing is open of this invoice any more."),
        "dispute.again": gettext_noop("Another dispute of this invoice is open by now."),
    }
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a dispute ends. `sentence` = what the customer is told; `hold_words` = why the invoice
    is not dunned while what was announced is awaited; `by_manager` = a manager decides."""

    outcome: Outcome
    sentence: str
    hold_words: str = ""
    by_manager: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Something to add to what is said of a dispute. `kind` = one of DisputeEntry.Kind."""

    kind: str
    text: str
    files: Sequence[CheckedFile] = ()
    question_id: int | None = None


def dispute_locked(organization_id: int, dispute_id: int) -> Dispute:
    """The dispute while it is open, held. Raises CaseError."""
    rows = Dispute.objects.filter(organization_id=organization_id, id=dispute_id)
    found = rows.select_for_update(no_key=True, of=("self",)).select_related("case").first()
    if found is None:
        raise CaseError(Sentence("case.not_found"))
    if found.closed_on is not None:
        raise CaseError(Sentence("dispute.closed_before"))
    return found


@transaction.atomic
def dispute_take(
    organization_id: int,
    dispute_id: int,
    *,
    owner_id: int | None,
    respond_by: date,
    on: date,
    actor: str,
) -> None:
    """Say who looks after a dispute (a user of the organization, None = nobody yet) and by when it
    is answered; another day is watched anew. Raises CaseError."""
    dispute = dispute_locked(organization_id, dispute_id)
    if respond_by < on and respond_by != dispute.respond_by:
        raise CaseError(Sentence("dispute.day_past"))
    members = Membership.objects.filter(organization_id=organization_id, user_id=owner_id)
    if owner_id is not None and not members.exists():
        raise CaseError(Sentence("dispute.owner"))
    if respond_by != dispute.respond_by:
        dispute.escalated_on = None
    dispute.owner_id, dispute.respond_by = owner_id, respond_by
    dispute.save(update_fields=["owner", "respond_by", "escalated_on"])
    owner = members.values_list("user__email", flat=True).first() if owner_id else ""
    told = {"dispute": dispute.pk, "owner": owner, "respond_by": respond_by.isoformat()}
    case_tell(dispute.case, "dispute.taken", told=told, on=on, actor=actor)


@transaction.atomic
def entry_add(
    organization_id: int, dispute_id: int, said: Said, *, now: datetime, actor: str
) -> int:
    """Keep something that is said of an open dispute, with its files; returns its id.

    Raises CaseError when there is neither word nor file, or the dispute is closed.
    """
    dispute = dispute_locked(organization_id, dispute_id)
    return _entry(dispute, said, now=now, actor=actor)


def _entry(dispute: Dispute, said: Said, *, now: datetime, actor: str) -> int:
    if not said.text.strip() and not said.files:
        raise CaseError(Sentence("dispute.no_words"))
    entry = DisputeEntry.objects.create(
        organization_id=dispute.organization_id,
        dispute=dispute,
        kind=said.kind,
        text=said.text.strip(),
        author=actor[:254],
        at=now,
        question_id=said.question_id,
    )
    DisputeFile.objects.bulk_create(
        DisputeFile(
            organization_id=dispute.organization_id,
            entry=entry,
            filename=each.name,
            content_type=each.content_type,
            content=each.content,
            sha256=each.sha256,
        )
        for each in said.files
    )
    told = {
        "dispute": dispute.pk, "entry": entry.pk, "kind": said.kind,
        "files": [each.sha256 for each in said.files],
    }  # fmt: skip
    on = timezone.localtime(now).date()
    case_tell(dispute.case, "dispute.said", told=told, on=on, actor=actor)
    return entry.pk


@transaction.atomic
def dispute_settle(
    organization_id: int, dispute_id: int, settlement: Settlement, *, now: datetime, actor: str
) -> int:
    """End a dispute, with the sentence to the customer; returns the id of its entry.

    rejected, withdrawn: dunning goes on. credit_note, corrected: the invoice rests until the paper
    came, AWAITED_DAYS at most. goodwill: what is contested is given up. Raises CaseError.
    """
    dispute = dispute_locked(organization_id, dispute_id)
    on = timezone.localtime(now).date()
    outcome = settlement.outcome
    if outcome not in OUTCOMES:
        raise CaseError(Sentence("dispute.outcome"))
    told: dict[str, object] = {"dispute": dispute.pk, "outcome": outcome}
    if outcome == "goodwill":
        if not settlement.by_manager:
            raise CaseError(Sentence("dispute.goodwill"))
        dispute.settled_minor = _give_up(dispute, on)
        told["amount"] = major(dispute.settled_minor, dispute.case.currency)
    said = Said(DisputeEntry.Kind.OUTCOME, settlement.sentence)
    entry_id = _entry(dispute, said, now=now, actor=actor)
    if outcome in AWAITED:
        told["hold"] = hold_place(
            organization_id, dispute.case_id, reason=(settlement.hold_words or outcome)[:200],
            on=on, ends_on=on + timedelta(days=AWAITED_DAYS), actor=actor,
            installment_id=dispute.installment_id,
        )  # fmt: skip
    dispute.settled_as = outcome
    dispute.save(update_fields=["settled_as", "settled_minor"])
    sentence = settlement.sentence.strip()[:200]
    dispute_close(organization_id, dispute_id, outcome=sentence, on=on, actor=actor)
    told["questions"] = _revoke_questions(dispute, on)
    case_tell(dispute.case, SETTLED, told=told, on=on, actor=actor)
    return entry_id


@transaction.atomic
def dispute_give_up(
    organization_id: int, dispute_id: int, *, words: str, on: date, actor: str
) -> None:
    """The customer contests no longer: the dispute is over at once, dunning goes on as after the
    outcome "withdrawn", which can be taken back on the same day. `words` = how its history tells
    it. Raises CaseError when somebody has settled it by now."""
    dispute = dispute_locked(organization_id, dispute_id)
    dispute.settled_as = "withdrawn"
    dispute.save(update_fields=["settled_as"])
    dispute_close(organization_id, dispute_id, outcome=words[:200], on=on, actor=actor)
    told = {
        "dispute": dispute.pk, "outcome": "withdrawn",
        "questions": _revoke_questions(dispute, on),
    }  # fmt: skip
    case_tell(dispute.case, SETTLED, told=told, on=on, actor=actor)


def _revoke_questions(dispute: Dispute, on: date) -> list[int]:
    """Nobody is asked about it any more; which questions that ends."""
    rows = DisputeQuestion.objects.filter(
        dispute=dispute, answered_at__isnull=True, revoked_on__isnull=True
    )
    ids = list(rows.values_list("id", flat=True))
    rows.filter(id__in=ids).update(revoked_on=on)
    return ids


def _give_up(dispute: Dispute, on: date) -> int:
    """Give up what is contested and open; the minor units. Raises CaseError."""
    installments_lock(dispute.organization_id, [dispute.installment_id])
    balances = installment_balances(dispute.organization_id, [dispute.installment_id])
    opened = balances[dispute.installment_id]
    amount = min(opened, dispute.amount_minor or opened)
    if amount <= 0:
        raise CaseError(Sentence("dispute.goodwill_nothing"))
    written = WriteOff(dispute.installment_id, amount, on, DECIDED)
    write_offs_record(dispute.organization_id, [written], on=on)
    return amount


@transaction.atomic
def dispute_reopen(organization_id: int, dispute_id: int, *, on: date, actor: str) -> bool:
    """Take back how a dispute was settled on the same day, with all it brought. False otherwise.

    Raises CaseError when another one of the same invoice is open by now.
    """
    rows = Dispute.objects.filter(organization_id=organization_id, id=dispute_id, closed_on=on)
    dispute = rows.select_for_update(no_key=True, of=("self",)).select_related("case").first()
    if dispute is None or not dispute.settled_as:
        return False
    open_ones = Dispute.objects.filter(installment=dispute.installment_id, closed_on__isnull=True)
    if open_ones.exists():
        raise CaseError(Sentence("dispute.again"))
    events = Event.objects.filter(
        organization_id=organization_id, case_id=dispute.case_id, kind=SETTLED,
        payload__dispute=dispute.pk,
    )  # fmt: skip
    done = events.order_by("-id").values_list("payload", flat=True).first() or {}
    if "hold" in done:
        hold_lift(organization_id, done["hold"], on=on, actor=actor)
    if dispute.settled_minor:
        write_off_reverse(
            organization_id, dispute.installment_id, on=on, source=f"dispute-undo:{dispute.pk}",
            amount_minor=dispute.settled_minor,
        )  # fmt: skip
    asked = DisputeQuestion.objects.filter(dispute=dispute, id__in=done.get("questions", []))
    asked.update(revoked_on=None)
    dispute.closed_on, dispute.settled_as, dispute.outcome = None, "", ""
    dispute.settled_minor = 0
    dispute.save(update_fields=["closed_on", "settled_as", "outcome", "settled_minor"])
    case_tell(dispute.case, REOPENED, told={"dispute": dispute.pk}, on=on, actor=actor)
    return True


@transaction.atomic
def disputes_escalate(organization_id: int, *, on: date) -> int:
    """Put the disputes whose day to be answered has passed before the managers, each once for that
    day; how many."""
    rows = Dispute.objects.filter(
        organization_id=organization_id, closed_on__isnull=True, respond_by__lt=on,
        escalated_on__isnull=True,
    )  # fmt: skip
    late = list(rows.select_for_update(skip_locked=True, no_key=True, of=("self",)))
    Dispute.objects.filter(id__in=[each.pk for each in late]).update(escalated_on=on)
    told = [
        Happening(
            ESCALATED, on, "amiable", each.case_id,
            {"dispute": each.pk, "respond_by": str(each.respond_by)},
        )
        for each in late
    ]  # fmt: skip
    events_record(organization_id, told)
    return len(late)
