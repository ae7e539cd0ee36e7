"""Objections that leave no doubt: the address or number takes no more messages, at once.

A reminder of a debt is no prospecting: neither CPCE L34-5 (consent, and a way to object, for
messages that promote goods or services) nor the operators' charter (STOP on promotional messages)
asks for this, and GDPR article 21 gives no right against what carries out a contract. It is done
all the same: who says stop and is written to there again has a case against insistence
(C. conso. L121-6). The other media go on, and no confirmation is sent: it would be one message more
to somebody who asked for none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.services import cases_wake, points_mark
from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging.delivery.news import as_written
from amiable.apps.messaging.models import Reply
from amiable.core.replies.objections import is_objection

ACTOR = "amiable"


def objection_apply(row: Reply, customer_ids: Collection[int], *, on: date, now: datetime) -> bool:
    """Opt the sender's address out where the whole answer says stop; False when nothing was done.

    It counts for each of these customers that has the address or number, since its owner asks. The
    answer stands as decided by the program, with what was marked, so that a person can take it
    back; a message that says anything else, or comes from an unknown address, is left to a person.
    """
    words = row.text.strip() or row.subject
    if row.state != Reply.State.UNREAD or row.kind != Reply.Kind.REPLY or not customer_ids:
        return False
    if not is_objection(words) or row.files.exists() or row.parts:
        return False
    kind = "phone" if row.medium == "sms" else "email"
    sender = as_written(kind, row.sender)
    points = ContactPoint.objects.filter(
        organization_id=row.organization_id, customer_id__in=customer_ids, kind=kind
    )
    marks = {
        point_id: ("opted_out", words[:200])
        for point_id, value in points.values_list("id", "value")
        if as_written(kind, value) == sender
    }
    if not marks:
        return False
    before = points_mark(row.organization_id, marks, on=on, actor=ACTOR)
    row.state, row.label = Reply.State.DONE, "stop"
    row.decided_at, row.decided_by = now, ACTOR
    row.save(update_fields=["state", "label", "decided_at", "decided_by"])
    told = {"reply": row.pk, "verdict": "stop", "note": words[:200], "marked": list(before.items())}
    happening = Happening("reply.decided", on, ACTOR, row.case_id, told)
    event_record(row.organization_id, happening)
    cases_wake(row.organization_id, set(customer_ids), on=on)
    return True
