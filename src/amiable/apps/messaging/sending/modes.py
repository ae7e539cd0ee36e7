"""Test mode: what was written for one mode never leaves in the other.

A message carries the mode it was frozen in and, in test mode, the test address. It is handed over
only while both are still those of the organization; otherwise it is withdrawn and written anew.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat, Left

from amiable.apps.messaging.models import Message
from amiable.apps.tenants.models import Organization

_KEPT = 100  # characters of a released key; the longest has 120


def test_recipient(organization_id: int) -> str:
    """Where every message goes while the organization is in test mode; "" = it is not."""
    found: str = Organization.objects.values_list("test_recipient", flat=True).get(
        id=organization_id
    )
    return found


def fits(message: Message, recipient: str) -> bool:
    """Whether a message is of the mode that has this test address ("" = no test mode)."""
    return message.recipient == recipient if message.is_test else not recipient


def messages_current(
    organization_id: int, keys: Collection[str], *, recipient: str
) -> dict[str, int]:
    """The messages these keys have, by key; `recipient` = the test address of today's mode.

    What was withdrawn, or is unsent and belongs to another mode, is none: it is withdrawn and its
    key freed, so that what is written next is a message of its own.
    """
    rows = Message.objects.filter(organization_id=organization_id, key__in=keys)
    current: dict[str, int] = {}
    obsolete: list[int] = []
    for message in rows.only("id", "key", "state", "is_test", "recipient"):
        unsent = message.state == Message.State.FROZEN and not fits(message, recipient)
        if unsent or message.state == Message.State.WITHDRAWN:
            obsolete.append(message.pk)
        else:
            current[message.key] = message.pk
    if obsolete:
        rows.filter(id__in=obsolete).update(
            state=Message.State.WITHDRAWN,
            retry_at=None,
            key=Concat(Left(F("key"), _KEPT), Value("~"), Cast("id", CharField())),
        )
    return current


def messages_withdraw_misfits(organization_id: int) -> int:
    """Withdraw everything unsent that was written for another mode; returns how many."""
    recipient = test_recipient(organization_id)
    fitting = Q(is_test=True, recipient=recipient) if recipient else Q(is_test=False)
    rows = Message.objects.filter(organization_id=organization_id, state=Message.State.FROZEN)
    return rows.exclude(fitting).update(state=Message.State.WITHDRAWN, retry_at=None)


def waiting_count(organization_id: int) -> int:
    """Messages that are written and have not left."""
    return Message.objects.filter(
        organization_id=organization_id, state=Message.State.FROZEN
    ).count()
