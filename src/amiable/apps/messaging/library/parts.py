"""How many parts the shipped text messages have, for what they will cost."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import cache

from amiable.apps.messaging.library.samples import ON, Use, sample
from amiable.apps.messaging.rendering.messages import Material, Rendered, drafts_render
from amiable.core.records import CustomerKind
from amiable.core.sms import segments


@cache
def text_parts(template: str, *, kind: CustomerKind, language: str) -> int:
    """Parts of a text message of this template with all it may say; 1 where there is no such text.

    A text that an organization wrote in its place may be shorter or longer.
    """
    draft = sample(Use(template, "sms", language, is_agency=template.startswith("agency_")), kind)
    now = datetime.combine(ON, time(9), UTC)
    found = drafts_render([draft], {draft.key: Material()}, organization_id=0, now=now)[draft.key]
    return segments(found.text) if isinstance(found, Rendered) else 1
