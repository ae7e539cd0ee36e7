"""Links to the payment page: made for messages or by hand, found by their token, revoked.

A token is the first 131 bits of an HMAC of what the link is for, under the secret key: nobody can
guess one, the same message always carries the same, and the database keeps only its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from amiable.apps.audit.models import Event
from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.models import PaymentLink
from amiable.apps.receivables.models import Invoice
from amiable.apps.tenants.models import Organization
from amiable.core.sentences import Sentence

# 62^22 is 2^131; letters and digits survive every mail program, telephone and typing hand.
LENGTH = 22
DOCUMENT_TAKEN = "invoice.taken"  # the document of an invoice was fetched on the payment page
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TEST = ":test"
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Link:
    """What a token opens: one case, or (`invoice_id`) one invoice of it."""

    id: int
    organization_id: int
    case_id: int
    invoice_id: int | None
    is_test: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """A message's link, to keep when the message is."""

    case_id: int
    key: str
    url: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as people who manage it see it. `url` = "" when the secret has changed since: it works
    and cannot be shown again. `message_key` = of the message that carries it, "" = made by hand."""

    id: int
    case_id: int
    number: str
    is_test: bool
    made_on: date
    made_by: str
    expires_on: date
    revoked_on: date | None
    revoked_by: str
    first_used_on: date | None
    last_used_on: date | None
    url: str
    message_key: str

    def works_on(self, on: date) -> bool:
        """Whether it opens the page on a day."""
        return self.revoked_on is None and on <= self.expires_on


def links_open(*, printed: bool = False) -> bool:
    """Whether messages carry links: over https, because nobody should type bank data into what
    others can read and change; or on this machine alone, where no message leaves it either, but on
    paper (`printed`), which people post themselves."""
    here = urlsplit(settings.BASE_URL).hostname in LOOPBACK
    kept = not printed and not any(settings.CHANNEL_URLS.values())
    return settings.BASE_URL.startswith("https://") or (here and kept)


def message_link(organization_id: int, key: str, *, is_test: bool, printed: bool = False) -> str:
    """The address that the message of this key carries; "" where `links_open` says no."""
    if not links_open(printed=printed):
        return ""
    return link_url(_token(organization_id, _message_key(key, is_test=is_test)))


def link_url(token: str) -> str:
    """The address of a token."""
    return f"{settings.BASE_URL}/p/{token}/"


def links_keep(
    organization_id: int, carried: Collection[Carried], *, is_test: bool, on: date
) -> None:
    """Make the links of messages work from their day on: two queries for any number. A link that
    is there already stays as it is."""
    if not carried:
        return
    days = Organization.objects.values_list("portal_link_days", flat=True).get(id=organization_id)
    PaymentLink.objects.bulk_create(
        [
            PaymentLink(
                organization_id=organization_id,
                case_id=each.case_id,
                key=_message_key(each.key, is_test=is_test),
                digest=token_digest(each.url.rstrip("/").rpartition("/")[2]),
                is_test=is_test,
                made_on=on,
                expires_on=on + timedelta(days=days),
            )
            for each in carried
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


@transaction.atomic
def link_make(
    organization_id: int, case_id: int, *, on: date, actor: str, invoice_id: int | None = None
) -> str:
    """Make a link by hand, for the case or one invoice of it. Returns its address.

    Raises CaseError when the case is not there, or the invoice is not of it.
    """
    case = case_find(organization_id, case_id, lock=True)
    mine = Invoice.objects.filter(customer_id=case.customer_id, currency=case.currency)
    if invoice_id is not None and not mine.filter(id=invoice_id).exists():
        raise CaseError(Sentence("case.not_found"))
    before = PaymentLink.objects.filter(case=case).exclude(made_by="").count()
    key = f"hand:{case_id}:{before + 1}"
    token = _token(organization_id, key)
    days = Organization.objects.values_list("portal_link_days", flat=True).get(id=organization_id)
    link = PaymentLink.objects.create(
        organization_id=organization_id,
        case=case,
        invoice_id=invoice_id,
        key=key,
        digest=token_digest(token),
        made_on=on,
        made_by=actor,
        expires_on=on + timedelta(days=days),
    )
    told = {"link": link.pk}
    event_record(organization_id, Happening("link.made", on, actor, case_id, told))
    return link_url(token)


@transaction.atomic
def links_revoke(
    organization_id: int, case_id: int, *, on: date, actor: str, link_id: int | None = None
) -> int:
    """Make a link of a case, or (without `link_id`) all of them, open nothing any more. Returns
    how many worked until now."""
    case = case_find(organization_id, case_id)
    rows = PaymentLink.objects.filter(case=case, revoked_on__isnull=True, expires_on__gte=on)
    if link_id is not None:
        rows = rows.filter(id=link_id)
    ids = list(rows.values_list("id", flat=True))
    if ids:
        PaymentLink.objects.filter(id__in=ids).update(revoked_on=on, revoked_by=actor)
        told = {"links": ids}
        event_record(organization_id, Happening("link.revoked", on, actor, case_id, told))
    return len(ids)


def link_find(token: str, *, on: date) -> Link | None:
    """What a token opens on a day; None for one that is unknown, over or revoked, all found out in
    the same way: by one query for its digest."""
    row = PaymentLink.objects.filter(digest=token_digest(token)).first()
    if row is None or row.revoked_on is not None or row.expires_on < on:
        return None
    return Link(row.pk, row.organization_id, row.case_id, row.invoice_id, row.is_test)


@transaction.atomic
def link_used(link: Link, *, on: date) -> None:
    """Note that a person used the page on a day; the first time is told in the case's history."""
    rows = PaymentLink.objects.filter(id=link.id)
    if rows.filter(first_used_on__isnull=True).update(first_used_on=on, last_used_on=on):
        told = {"link": link.id}
        happening = Happening("link.used", on, "portal", link.case_id, told)
        event_record(link.organization_id, happening)
    else:
        rows.filter(Q(last_used_on__isnull=True) | Q(last_used_on__lt=on)).update(last_used_on=on)


@transaction.atomic
def document_taken(link: Link, invoice_id: int, *, on: date) -> None:
    """Note that an invoice's document was fetched through a link: once for each day. Whether a
    person did is told by the days on which the link was used."""
    told = {"invoice": invoice_id, "link": link.id}
    same = Event.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, kind=DOCUMENT_TAKEN,
        on_date=on, payload__invoice=invoice_id, payload__link=link.id,
    )  # fmt: skip
    if not same.exists():
        happening = Happening(DOCUMENT_TAKEN, on, "portal", link.case_id, told)
        event_record(link.organization_id, happening)


def links_used(organization_id: int, case_ids: Collection[int], *, prefix: str) -> dict[str, date]:
    """The first day somebody used the link of each message of these cases whose key begins so, by
    key: one query."""
    rows = PaymentLink.objects.filter(
        organization_id=organization_id, case_id__among=set(case_ids), key__startswith=prefix,
        first_used_on__isnull=False,
    )  # fmt: skip
    used = rows.values_list("key", "first_used_on")
    return {key.removesuffix(_TEST): on for key, on in used if on is not None}


def link_message(link: Link) -> str:
    """The key of the message that carries a link; "" for one made by hand."""
    key, made_by = PaymentLink.objects.values_list("key", "made_by").get(id=link.id)
    return "" if made_by else key.removesuffix(_TEST)


def link_latest(organization_id: int, *, on: date) -> str:
    """The address of the newest link of a case on which more is to come; "" without one."""
    rows = PaymentLink.objects.filter(
        organization_id=organization_id, revoked_on=None, expires_on__gte=on,
        case__next_plan_on__isnull=False, invoice=None, is_test=False,
    )  # fmt: skip
    key = rows.order_by("-id").values_list("key", flat=True).first()
    return link_url(_token(organization_id, key)) if key else ""


def case_links(organization_id: int, case_ids: Collection[int], *, most: int) -> list[LinkRow]:
    """The newest links of cases, newest first: one query."""
    rows = PaymentLink.objects.filter(organization_id=organization_id, case_id__in=case_ids)
    fields = (
        "id", "case_id", "invoice__number", "is_test", "made_on", "made_by", "expires_on",
        "revoked_on", "revoked_by", "first_used_on", "last_used_on", "key", "digest",
    )  # fmt: skip
    found = rows.order_by("-id").values_list(*fields)[:most]
    return [_row(organization_id, *row) for row in found]


def _row(organization_id: int, *row: object) -> LinkRow:
    *known, key, digest = row
    token = _token(organization_id, str(key))
    url = link_url(token) if token_digest(token) == digest else ""
    known[2] = known[2] or ""
    message = "" if known[5] else str(key).removesuffix(_TEST)
    return LinkRow(*known, url, message)  # type: ignore[arg-type]  # in the order of `fields`


def _message_key(key: str, *, is_test: bool) -> str:
    return f"{key}{_TEST}" if is_test else key


def _token(organization_id: int, key: str) -> str:
    return token_made("amiable.payment_link", f"{organization_id}:{key}")


def token_made(salt: str, value: str) -> str:
    """The token of a value: the same each time, guessed by nobody without our key."""
    number = int.from_bytes(salted_hmac(salt, value, algorithm="sha256").digest(), "big")
    signs = []
    for _ in range(LENGTH):
        number, sign = divmod(number, 62)
        signs.append(_SIGNS[sign])
    return "".join(signs)


def token_digest(token: str) -> str:
    """Tokens are random: no salt is needed to keep them from being found by their digest."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
