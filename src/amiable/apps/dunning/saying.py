"""What a customer says on the payment page, kept as an answer among those that came by email."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amiable.apps.cases.models import Case
from amiable.apps.messaging.models import Reply

MEDIUM = "portal"


def said_before(case: Case, name: str) -> bool:
    """Whether this was kept already: a form sent twice says one thing."""
    rows = Reply.objects.filter(organization_id=case.organization_id, external_id=name)
    return rows.exists()


def said_keep(
    case: Case,
    told: Mapping[str, Any],
    *,
    name: str,
    subject: str,
    text: str = "",
    now: datetime,
    **fields: Any,
) -> Reply:
    """Keep an answer as it came: `told`, the fields of the form, is the evidence. `name` = its
    ticket; `subject` = how people here read it in lists; `fields` = more of the row."""
    content = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    return Reply.objects.create(
        organization_id=case.organization_id, case=case, medium=MEDIUM, source=MEDIUM,
        external_id=name, sender="", sender_name=case.customer.name[:200], subject=subject[:300],
        text=text, content=content, sha256=hashlib.sha256(content).hexdigest(), received_at=now,
        kind=Reply.Kind.REPLY, language=case.customer.language[:8], **fields,
    )  # fmt: skip
