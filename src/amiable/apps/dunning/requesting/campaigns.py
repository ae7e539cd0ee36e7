"""Campaigns confirmed, cancelled and taken up again; each gesture holds for what has not left."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.links import links_open
from amiable.apps.dunning.models import PaymentRequest, RequestCampaign
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.core.facts import CaseFacts
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import clock_of

State = PaymentRequest.State

declare(
    {
        "request.no_link": gettext_noop(
            "A request leads to the payment page, and this installation is not reached over https: "
            "set AMIABLE_BASE_URL, then confirm."
        ),
        "request.nobody": gettext_noop("Nobody of this campaign can be written to."),
        "request.cancelled": gettext_noop("This campaign is cancelled."),
        "request.again": gettext_noop(
            "The same file was drawn up as another campaign since: that one counts."
        ),
    }
)


class RequestError(ValueError):
    """What a campaign cannot be or do; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def link_problem() -> Sentence | None:
    """Why no request can carry a link on this installation."""
    return None if links_open() else Sentence("request.no_link")


def own_time(facts: CaseFacts, local: datetime) -> datetime:
    """The moment on the payer's own calendar and clock."""
    return local.astimezone(ZoneInfo(clock_of(facts.holidays_zone)))


@transaction.atomic
def campaign_confirm(organization_id: int, campaign_id: int, *, now: datetime, actor: str) -> int:
    """Let the requests of a campaign leave; returns how many. Again changes nothing and returns 0.

    Raises RequestCampaign.DoesNotExist, RequestError.
    """
    campaign = _held(organization_id, campaign_id)
    if campaign.cancelled_at is not None:
        raise RequestError(Sentence("request.cancelled"))
    if campaign.confirmed_at is not None:
        return 0
    if problem := link_problem():
        raise RequestError(problem)
    rows = PaymentRequest.objects.filter(organization_id=organization_id, campaign=campaign)
    count = rows.filter(state=State.DRAFT).update(state=State.WAITING, retry_at=now, outcome=[])
    if not count:
        raise RequestError(Sentence("request.nobody"))
    campaign.confirmed_at, campaign.confirmed_by = now, actor[:254]
    campaign.is_test = bool(test_recipient(organization_id))
    campaign.save(update_fields=["confirmed_at", "confirmed_by", "is_test"])
    _tell(campaign, "request.confirmed", now=now, actor=actor, count=count)
    return count


@transaction.atomic
def campaign_cancel(organization_id: int, campaign_id: int, *, now: datetime, actor: str) -> int:
    """Keep what has not left from leaving; returns how many requests. Again changes nothing.

    What a worker is handing over at this moment leaves. Raises RequestCampaign.DoesNotExist.
    """
    campaign = _held(organization_id, campaign_id)
    if campaign.cancelled_at is not None:
        return 0
    rows = PaymentRequest.objects.filter(
        organization_id=organization_id, campaign=campaign, state__in=[State.DRAFT, State.WAITING]
    )
    written = Message.objects.filter(id__in=rows.values("message_id"), state=Message.State.FROZEN)
    written.update(state=Message.State.WITHDRAWN, retry_at=None)
    count = rows.update(state=State.CANCELLED, retry_at=None)
    campaign.cancelled_at, campaign.cancelled_by = now, actor[:254]
    campaign.save(update_fields=["cancelled_at", "cancelled_by"])
    _tell(campaign, "request.cancelled", now=now, actor=actor, count=count)
    return count


@transaction.atomic
def campaign_resume(organization_id: int, campaign_id: int, *, now: datetime, actor: str) -> int:
    """Take a cancellation back: what had not left waits again, to be confirmed where it was not;
    returns how many requests. Raises RequestCampaign.DoesNotExist, RequestError."""
    campaign = _held(organization_id, campaign_id)
    if campaign.cancelled_at is None:
        return 0
    campaign.cancelled_at, campaign.cancelled_by = None, ""
    try:
        with transaction.atomic():
            campaign.save(update_fields=["cancelled_at", "cancelled_by"])
    except IntegrityError as error:
        raise RequestError(Sentence("request.again")) from error
    rows = PaymentRequest.objects.filter(
        organization_id=organization_id, campaign=campaign, state=State.CANCELLED
    )
    if campaign.confirmed_at is None:
        count = rows.update(state=State.DRAFT)
    else:
        count = rows.update(state=State.WAITING, retry_at=now)
    _tell(campaign, "request.resumed", now=now, actor=actor, count=count)
    return count


def _held(organization_id: int, campaign_id: int) -> RequestCampaign:
    """The campaign, held until the transaction ends."""
    rows = RequestCampaign.objects.filter(organization_id=organization_id)
    return rows.select_for_update(no_key=True).get(id=campaign_id)


def _tell(campaign: RequestCampaign, kind: str, *, now: datetime, actor: str, count: int) -> None:
    on = timezone.localtime(now).date()
    told = {"campaign": campaign.pk, "name": campaign.name, "requests": count}
    event_record(campaign.organization_id, Happening(kind, on, actor, payload=told))
