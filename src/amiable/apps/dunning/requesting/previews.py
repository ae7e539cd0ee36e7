"""What a request would say if it left now: rendered as it would be, stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from amiable.apps.dunning.confirming.answers import scenarios_for
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import PaymentRequest
from amiable.apps.dunning.requesting.drawing import items_of
from amiable.apps.dunning.requesting.sending import request_ready, requests_drafts
from amiable.apps.messaging.library.resolution import own_texts
from amiable.apps.messaging.rendering.messages import Material, drafts_render
from amiable.core import sms
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class RequestPreview:
    """A request before it is written. `problem` = why it cannot be; then there is no text.
    `parts` = of a text message: each is paid for."""

    request_id: int
    customer: str
    medium: str
    recipient: str
    subject: str = ""
    text: str = ""
    parts: int = 0
    problem: Sentence | None = None


def request_preview(
    organization_id: int, campaign_id: int, medium: str, *, now: datetime, request_id: int = 0
) -> RequestPreview | None:
    """What the first payer of a campaign by this medium, or a chosen one, would be written; None
    when there is none."""
    rows = PaymentRequest.objects.filter(
        organization_id=organization_id, campaign_id=campaign_id, medium=medium,
        state__in=[PaymentRequest.State.DRAFT, PaymentRequest.State.WAITING],
    )  # fmt: skip
    rows = rows.filter(id=request_id) if request_id else rows.order_by("id")
    request = rows.first()
    if request is None:
        return None
    local = timezone.localtime(now)
    case = case_facts(organization_id, [request.case_id], on=local.date())[request.case_id]
    asked = {
        row.installment_id: row.asked_minor
        for row in items_of(organization_id, [request.pk])[request.pk]
        if row.asked_minor and any(item.id == row.installment_id for item in case.items)
    }
    if not asked:
        return None
    scenario = scenarios_for(organization_id, [request.case_id])[request.case_id]
    ready = request_ready(request, case, scenario, asked)
    (draft,) = requests_drafts(organization_id, [ready], local=local)
    own = own_texts(organization_id, [draft]).get(draft.key)
    rendered = drafts_render(
        [draft], {draft.key: Material(own=own)}, organization_id=organization_id, now=now
    )[draft.key]
    who = (request.pk, case.customer_name, medium, draft.recipient)
    if isinstance(rendered, Sentence):
        return RequestPreview(*who, problem=rendered)
    parts = sms.segments(rendered.text) if medium == "sms" else 0
    return RequestPreview(*who, rendered.subject, rendered.text, parts)
