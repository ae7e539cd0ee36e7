"""What an action that waits would say if it left now: rendered as it would be, stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.messaging.library.resolution import own_texts
from amiable.apps.messaging.rendering.messages import Material, drafts_render
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.core.drafts import Recipient
from amiable.core.promises import commitments
from amiable.core.scenario import HUMAN_MEDIA
from amiable.core.sentences import Sentence
from amiable.core.stops import asked_minor


@dataclass(frozen=True, slots=True)
class ActionPreview:
    """A message before it is written. `problem` = why none can be made; then there is no text.

    `notes` say how the recipients were chosen; `attached` = what goes with it.
    """

    action_id: int
    customer_id: int
    customer_name: str
    medium: str
    stage: str
    subject: str
    text: str
    recipients: tuple[Recipient, ...]
    notes: tuple[Sentence, ...]
    attached: tuple[str, ...]
    problem: Sentence | None


def action_preview(
    organization_id: int, action_id: int, *, now: datetime
) -> ActionPreview | None:  # fmt: skip
    """What a waiting message would say at `now`; None when it is not there or is no message."""
    action = (
        Action.objects.filter(
            organization_id=organization_id, id=action_id, state__in=Action.PENDING
        )
        .exclude(medium__in=HUMAN_MEDIA)
        .select_related("scenario__after")
        .first()
    )
    if action is None:
        return None
    ready = _ready(action, now)
    if ready is None:
        return None
    (draft,) = drafts(organization_id, [ready], on=timezone.localtime(now).date())
    rendered = drafts_render(
        [draft],
        {draft.key: Material(own=own_texts(organization_id, [draft]).get(draft.key))},
        organization_id=organization_id,
        now=now,
        test_recipient=test_recipient(organization_id),
    )[draft.key]
    refused = isinstance(rendered, Sentence)
    first = Recipient(draft.recipient, draft.recipient_name, draft.recipient_role)
    return ActionPreview(
        action_id=action.id,
        customer_id=ready.facts.customer_id,
        customer_name=ready.facts.customer_name,
        medium=action.medium,
        stage=action.stage,
        subject="" if refused else rendered.subject,
        text="" if refused else rendered.text,
        recipients=(() if refused else rendered.recipients) or (first, *draft.copies),
        notes=draft.notes,
        attached=tuple(draft.attachments),
        problem=rendered if refused else None,
    )


def _ready(action: Action, now: datetime) -> Ready | None:
    on = timezone.localtime(now).date()
    facts = case_facts(action.organization_id, [action.case_id], on=on)[action.case_id]
    definition = scenario_of(action.scenario)
    step = definition.by_code.get(action.step)
    if step is None:
        return None
    given = commitments(facts, on)
    about = set(action.items.values_list("installment_id", flat=True))
    asked = {
        item.id: asked_minor(item, step, on, given=given)
        for item in facts.items
        if item.id in about
    }
    return Ready(action, facts, definition, step, asked)
