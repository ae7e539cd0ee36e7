"""Codes of the payment page: drawn for a link and a purpose, tried, turned into a proof, spent.

Six digits, ten minutes, five tries, once. The database keeps keyed digests of a code and of the
address it went to; limits are counted in rows, so that every process counts the same.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.core import signing
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.links import Link
from amiable.apps.cases.models import PortalCode
from amiable.apps.tenants.models import Organization
from amiable.core.sentences import Sentence, declare, gettext_noop

Purpose = Literal["plan", "mandate", "history"]
DIGITS = 6
GOOD_FOR, PROOF_FOR = timedelta(minutes=10), timedelta(minutes=30)
MOST_TRIES = 5
WAIT = timedelta(minutes=15)  # after five wrong ones
# As many codes in so long, for a link and for an address each.
LIMITS = ((timedelta(minutes=15), 3), (timedelta(days=1), 10))
ACTOR = "portal"
_SALT = "amiable.portal.code"

declare(
    {
        "code.none": gettext_noop("This code is over, or was used: ask for a new one."),
        "code.wrong": gettext_noop(
            "This is not the code that was sent last. Tries that are left: {left}."
        ),
        "code.wait": gettext_noop(
            "Too many codes were asked for or were wrong. Please try again in {minutes} minutes, "
            "or contact us."
        ),
        "code.needed": gettext_noop("Confirm with a code that it is you."),
    }
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a code goes: by which medium, to whom, and how that is shown."""

    medium: str
    value: str
    masked: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A code to send, once; `code` is known to nobody afterwards. "" = this form drew it before."""

    id: int
    code: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """That a person had the code: where it was sent, masked, and when; when it was typed."""

    medium: str
    address: str
    sent_at: datetime
    confirmed_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Plain data, to keep with what was signed."""
        moments = {"sent_at": self.sent_at, "confirmed_at": self.confirmed_at}
        told = {name: timezone.localtime(at).isoformat() for name, at in moments.items()}
        return {"medium": self.medium, "address": self.address, **told}


def is_code_asked(organization_id: int, purpose: Purpose, *, amount_minor: int = 0) -> bool:
    """Whether the organization wants a code for it; `amount_minor` = what a plan spreads. History
    is shown to nobody without."""
    if purpose == "history":
        return True
    plans, above, waiver = Organization.objects.values_list(
        "code_for_plans", "code_above_minor", "mandate_code_waiver"
    ).get(id=organization_id)
    if purpose == "mandate":
        return not waiver
    return bool(plans == "always" or (plans == "above" and amount_minor > above))


def mandate_waiver(organization_id: int) -> str:
    """Why mandates are signed without a code; "" = they are not."""
    rows = Organization.objects.filter(id=organization_id)
    found: str = rows.values_list("mandate_code_waiver", flat=True).get()
    return found


@transaction.atomic
def code_draw(link: Link, purpose: Purpose, *, to: Address, ticket: str, now: datetime) -> Drawn:
    """Draw a code for an address; what was drawn before for the same purpose is over. The same
    ticket again draws none. Raises CaseError when a link or an address had enough of them."""
    case_find(link.organization_id, link.case_id, lock=True)  # who counts, counts alone
    ours = PortalCode.objects.filter(organization_id=link.organization_id)
    before = ours.filter(ticket=ticket).first()
    if before is not None:
        return Drawn(before.pk, "")
    point = _digest("address", to.medium, to.value.casefold())
    _check_limits(ours, link, point, now)
    running = ours.filter(link_id=link.id, purpose=purpose, confirmed_at__isnull=True)
    running.filter(expires_at__gt=now).update(expires_at=now)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    row = PortalCode.objects.create(
        organization_id=link.organization_id,
        link_id=link.id,
        purpose=purpose,
        medium=to.medium,
        address=to.masked,
        point=point,
        ticket=ticket,
        digest=_digest("code", str(link.id), purpose, ticket, code),
        sent_at=now,
        expires_at=now + GOOD_FOR,
    )
    told = {"code": row.pk, "purpose": purpose, "medium": to.medium, "address": to.masked}
    on = timezone.localtime(now).date()
    event_record(link.organization_id, Happening("code.drawn", on, ACTOR, link.case_id, told))
    return Drawn(row.pk, code)


def code_void(code_id: int, *, now: datetime) -> None:
    """A code that did not leave opens nothing."""
    PortalCode.objects.filter(id=code_id, confirmed_at__isnull=True).update(expires_at=now)


def code_waiting(link: Link, purpose: Purpose, *, now: datetime) -> str:
    """To which address, masked, the code went that can be typed now; "" = none."""
    row = _running(link, purpose, now).first()
    return row.address if row else ""


def code_try(link: Link, purpose: Purpose, *, typed: str, now: datetime) -> str | Sentence:
    """The proof that a code gives, or why it gives none.

    1. count the try, in the same statement that says whether one is left: guesses made at once
       count one by one;
    2. compare, in constant time;
    3. confirm: of two at once, one wins.
    """
    row = _running(link, purpose, now).first()
    if row is None:
        return _locked(link, now) or Sentence("code.none")
    left = PortalCode.objects.filter(
        id=row.pk, tries__lt=MOST_TRIES, confirmed_at__isnull=True, expires_at__gt=now
    )
    if not left.update(tries=F("tries") + 1):
        return _locked(link, now) or Sentence("code.none")
    digits = "".join(sign for sign in typed[:40] if sign.isascii() and sign.isdigit())
    wanted = _digest("code", str(link.id), purpose, row.ticket, digits)
    if not constant_time_compare(wanted, row.digest):
        return _missed(link, row.pk, now)
    with transaction.atomic():
        open_ones = PortalCode.objects.filter(id=row.pk, confirmed_at__isnull=True)
        if not open_ones.update(confirmed_at=now):
            return Sentence("code.none")
        _tell(link, "code.confirmed", row.pk, now)
    return signing.dumps([row.pk, link.id, purpose], salt=_SALT)


def code_proven(link: Link, purpose: Purpose, *, proof: str, now: datetime) -> bool:
    """Whether a proof is of this link and purpose, fresh and not spent."""
    return _proven(link, purpose, proof, now).exists()


def code_spend(link: Link, purpose: Purpose, *, proof: str, now: datetime) -> Evidence:
    """Use a proof for a signature, in its transaction: once. Raises CaseError without one."""
    rows = _proven(link, purpose, proof, now)
    row = rows.first()
    if row is None or row.confirmed_at is None or not rows.update(spent_at=now):
        raise CaseError(Sentence("code.needed"))
    return Evidence(row.medium, row.address, row.sent_at, row.confirmed_at)


def _proven(link: Link, purpose: Purpose, proof: str, now: datetime) -> QuerySet[PortalCode]:
    none = PortalCode.objects.none()
    try:
        code_id, link_id, meant = signing.loads(proof[:300], salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return none
    if (link_id, meant) != (link.id, purpose):
        return none
    return PortalCode.objects.filter(
        organization_id=link.organization_id, id=code_id, link_id=link.id, purpose=purpose,
        confirmed_at__gt=now - PROOF_FOR, spent_at__isnull=True,
    )  # fmt: skip


def _running(link: Link, purpose: Purpose, now: datetime) -> QuerySet[PortalCode]:
    rows = PortalCode.objects.filter(
        organization_id=link.organization_id, link_id=link.id, purpose=purpose,
        confirmed_at__isnull=True, expires_at__gt=now,
    )  # fmt: skip
    return rows.order_by("-id")


def _check_limits(ours: QuerySet[PortalCode], link: Link, point: str, now: datetime) -> None:
    if locked := _locked(link, now):
        raise CaseError(locked)
    for span, most in LIMITS:
        for asked in (Q(link_id=link.id), Q(point=point)):
            sent = list(
                ours.filter(asked, sent_at__gt=now - span).order_by("-sent_at")
                .values_list("sent_at", flat=True)[:most]
            )  # fmt: skip
            if len(sent) == most:
                raise CaseError(_wait(sent[-1] + span, now))


def _locked(link: Link, now: datetime) -> Sentence | None:
    """Five wrong tries close a link for codes, whatever they are for, until a while later."""
    rows = PortalCode.objects.filter(
        organization_id=link.organization_id, link_id=link.id, tries__gte=MOST_TRIES,
        confirmed_at__isnull=True, expires_at__gt=now - WAIT,
    )  # fmt: skip
    last = rows.order_by("-expires_at").values_list("expires_at", flat=True).first()
    return _wait(last + WAIT, now) if last else None


def _wait(until: datetime, now: datetime) -> Sentence:
    return Sentence("code.wait", {"minutes": max(1, -(-int((until - now).total_seconds()) // 60))})


def _missed(link: Link, code_id: int, now: datetime) -> Sentence:
    tries = PortalCode.objects.values_list("tries", flat=True).get(id=code_id)
    if tries < MOST_TRIES:
        return Sentence("code.wrong", {"left": MOST_TRIES - tries})
    with transaction.atomic():
        full = PortalCode.objects.filter(id=code_id, expires_at__gt=now)
        if full.update(expires_at=now):
            _tell(link, "code.locked", code_id, now)
    return _wait(now + WAIT, now)


def _tell(link: Link, kind: str, code_id: int, now: datetime) -> None:
    on = timezone.localtime(now).date()
    told = {"code": code_id}
    event_record(link.organization_id, Happening(kind, on, ACTOR, link.case_id, told))


def _digest(*parts: str) -> str:
    """Keyed: six digits alone would be found by trying them all."""
    value = "\0".join(parts)
    return salted_hmac("amiable.portal_code", value, algorithm="sha256").hexdigest()
