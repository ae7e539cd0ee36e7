"""Whom electronic registered letters are for, and who must have agreed to them (CPCE L100)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.routes import ELECTRONIC, way_of
from amiable.plugins.base import Addressee


def addressees(messages: Iterable[Message]) -> dict[int, Addressee]:
    """By message id, for those that go as electronic registered letters; two queries for any number
    of them, none without. A consumer's consent is that of today, at the very address."""
    letters = [
        m for m in messages if way_of(m.medium, m.recipient, is_test=m.is_test) == ELECTRONIC
    ]
    if not letters:
        return {}
    ids = [letter.pk for letter in letters]
    customers = {
        message_id: (customer_id, name, kind)
        for message_id, customer_id, name, kind in Message.objects.filter(id__in=ids).values_list(
            "id", "case__customer_id", "case__customer__name", "case__customer__kind"
        )
    }
    agreed = _agreed({customer_id for customer_id, _, _ in customers.values()})
    found = {}
    for letter in letters:
        customer_id, name, kind = customers[letter.pk]
        person = letter.recipients[0]["name"] if letter.recipients else ""
        on = agreed.get((customer_id, letter.recipient.casefold()))
        found[letter.pk] = Addressee(name, kind != Customer.Kind.CONSUMER, person, on)
    return found


def unagreed(messages: Iterable[Message]) -> set[int]:
    """Messages to consumers who have taken their consent back since they were written."""
    return {
        message_id
        for message_id, each in addressees(messages).items()
        if not each.is_professional and each.consented_on is None
    }


def _agreed(customer_ids: Iterable[int]) -> dict[tuple[int, str], date]:
    """The day each customer agreed, by address."""
    rows = ContactPoint.objects.filter(
        customer_id__in=customer_ids, kind="email", registered_consent_on__isnull=False
    )
    return {
        (customer_id, value.casefold()): on
        for customer_id, value, on in rows.values_list(
            "customer_id", "value", "registered_consent_on"
        )
    }
