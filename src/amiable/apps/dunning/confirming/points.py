"""Known addresses of a customer, to choose from on the payment page: masked, each with a name that
says nothing of it and is good on one link alone. Nobody types an address there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from amiable.apps.cases.codes import Address
from amiable.apps.cases.links import Link
from amiable.apps.dunning.writing.portal import Page
from amiable.apps.dunning.writing.recipients import reaches
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.core.masking import masked_email, masked_phone
from amiable.core.sms import mobile_number

MOST_POINTS = 6


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """An address that the customer is reached at. `name` stands for it in forms."""

    name: str
    to: Address


def known_points(page: Page, media: Collection[str]) -> tuple[KnownPoint, ...]:
    """Where the customer of a page is reached by these media, the usual addresses first; nothing
    on the link of a test that is over."""
    link = page.link
    if link.is_test and not test_recipient(link.organization_id):
        return ()
    customer_id = page.draft.customer_id
    found: dict[str, Address] = {}
    for point in reaches(link.organization_id, [customer_id])[customer_id].points:
        number = mobile_number(point.value) if point.medium == "phone" else None
        if point.medium == "email" and "email" in media:
            to = Address("email", point.value, masked_email(point.value))
            found.setdefault(point.value.casefold(), to)
        elif number and "sms" in media:
            found.setdefault(number, Address("sms", number, masked_phone(number)))
    return tuple(KnownPoint(_name(link, to), to) for to in list(found.values())[:MOST_POINTS])


def _name(link: Link, to: Address) -> str:
    value = f"{link.id}\0{to.medium}\0{to.value.casefold()}"
    return salted_hmac("amiable.code_point", value, algorithm="sha256").hexdigest()[:16]
