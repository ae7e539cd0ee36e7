"""How a creditor looks on messages, under which sender they leave, what they claim beside the
principal, and how it collects by direct debit: checked, written, audited."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import transaction
from stdnum import iban as iban_number

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.tenants.models import Creditor
from amiable.apps.tenants.settings import SettingsError
from amiable.core.direct_debits import (
    LEAST_LEAD_DAYS,
    MOST_LEAD_DAYS,
    MOST_NOTICE_DAYS,
    compact,
    is_creditor_identifier,
)
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.sms_rules import sender_problem
from amiable.plugins.documents.mime import mail_address
from amiable.plugins.documents.pictures import PictureError, picture_checked
from amiable.plugins.documents.window import WindowError, window_of

CHANGED = "creditor.brand_changed"
CLAIM_STAGES = ("", "firm", "formal")
# A rate under the floor of C. com. L441-10 II depends on the half-year: the message says so then.
LEAST_RATE_BP, MOST_RATE_BP = 1, 10_000
_RATE_LIMITS = {"least": "0.01", "most": "100"}

declare(
    {
        "brand.color": gettext_noop("Write a colour as #rrggbb, like #1f4e79."),
        "brand.claims": gettext_noop(
            "Claim from firm messages on, from formal notices on, or never."
        ),
        "brand.rate": gettext_noop(
            "Write the yearly rate of your sales terms in percent, from {least} to {most} with at "
            "most two decimals, or nothing for the rate of the law."
        ),
        "brand.ics": gettext_noop(
            "{ics} is no creditor identifier: its key is wrong. It looks like FR72ZZZ123456."
        ),
        "brand.debit_iban": gettext_noop("{iban} is no IBAN: its key is wrong."),
        "brand.debit_days": gettext_noop("Give a number of days from {least} to {most}."),
        "brand.sender": gettext_noop("{address} is not an email address mail can be sent from."),
    }
)


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A creditor's look and claims; pictures are read by picture_content.

    `claims_from` = the stage from which messages claim interest and fixed fee, "" = never;
    `late_rate_bp` = the contract's rate in hundredths of a percent, None = the law's. Direct
    debits: `ics` "" = none; `debit_iban` "" = the creditor's; lead in TARGET days.
    """

    id: int
    code: str
    name: str
    brand_color: str
    sender_email: str
    letter_window: str
    sms_sender: str
    claims_from: str
    late_rate_bp: int | None
    ics: str
    debit_iban: str
    debit_lead_days: int
    debit_notice_days: int
    has_logo: bool
    has_signature: bool


def brand_rows(organization_id: int) -> list[BrandRow]:
    """The look of every creditor, by name, in one query."""
    rows = Creditor.objects.filter(organization_id=organization_id).order_by("name", "id")
    return [
        BrandRow(*row[:-2], bool(row[-2]), bool(row[-1]))
        for row in rows.values_list(
            "id", "code", "name", "brand_color", "sender_email", "letter_window", "sms_sender",
            "claims_from", "late_rate_bp", "ics", "debit_iban", "debit_lead_days",
            "debit_notice_days", "logo", "signature_image",
        )
    ]  # fmt: skip


def picture_content(organization_id: int, creditor_id: int, name: str) -> bytes | None:
    """A picture of a creditor, `name` = "logo" or "signature_image"; None when there is none."""
    rows = Creditor.objects.filter(organization_id=organization_id, id=creditor_id)
    found = rows.values_list(name, flat=True).first()
    return bytes(found) if found else None


@transaction.atomic
def brand_change(
    organization_id: int, creditor_id: int, values: Mapping[str, Any], *, on: date, actor: str
) -> tuple[str, ...]:
    """Change the look of a creditor; returns the fields that changed.

    `values`: brand_color, sender_email, letter_window, sms_sender, claims_from, ics, debit_iban
    (text), late_rate_bp (percent as text, "" = the law's), debit_lead_days, debit_notice_days
    (numbers), logo, signature_image (bytes, b"" = none). Raises
    SettingsError with every problem by field, LookupError for a creditor that is not theirs.
    """
    rows = Creditor.objects.select_for_update(no_key=True).filter(organization_id=organization_id)
    creditor = rows.filter(id=creditor_id).first()
    if creditor is None:
        raise LookupError(f"no creditor {creditor_id}")
    problems: dict[str, Sentence] = {}
    changed: dict[str, list[Any]] = {}
    for name, value in values.items():
        try:
            new = _CHECKS[name](value)
        except _RefusedError as error:
            problems[name] = error.sentence
            continue
        old = getattr(creditor, name)
        before = bytes(old or b"") if isinstance(new, bytes) else old
        if before != new:
            setattr(creditor, name, new)
            changed[name] = [_told(before), _told(new)]
    if problems:
        raise SettingsError(problems)
    if changed:
        creditor.save(update_fields=list(changed))
        told = {"creditor": creditor.code, "changes": changed}
        event_record(organization_id, Happening(CHANGED, on, actor, payload=told))
    return tuple(changed)


class _RefusedError(ValueError):
    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def _told(value: str | bytes | int | None) -> str | int | None:
    """A value as the audit trail keeps it: a picture by its digest."""
    if isinstance(value, bytes):
        return sha256(value).hexdigest() if value else ""
    return value


def _color(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value.strip()):
        raise _RefusedError(Sentence("brand.color"))
    return value.strip().lower()


def _sender(value: str) -> str:
    text = value.strip()
    if text and mail_address(text) is None:
        raise _RefusedError(Sentence("brand.sender", {"address": text[:100]}))
    return mail_address(text) or ""


def _window(value: str) -> str:
    try:
        window_of(value)
    except WindowError as error:
        raise _RefusedError(error.sentence) from error
    return value.strip().lower()


def _sms_sender(value: str) -> str:
    if problem := sender_problem(value):
        raise _RefusedError(problem)
    return value.strip()


def _claims(value: str) -> str:
    if value not in CLAIM_STAGES:
        raise _RefusedError(Sentence("brand.claims"))
    return value


def _rate(value: str) -> int | None:
    """Percent as people write it, in hundredths; None for the rate of the law."""
    text = value.strip().removesuffix("%").strip().replace(",", ".")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", text):
        raise _RefusedError(Sentence("brand.rate", _RATE_LIMITS))
    points = int(Decimal(text) * 100)
    if not LEAST_RATE_BP <= points <= MOST_RATE_BP:
        raise _RefusedError(Sentence("brand.rate", _RATE_LIMITS))
    return points


def _ics(value: str) -> str:
    text = compact(value)
    if text and not is_creditor_identifier(text):
        raise _RefusedError(Sentence("brand.ics", {"ics": text[:40]}))
    return text


def _iban(value: str) -> str:
    text = compact(value)
    if text and not iban_number.is_valid(text):
        raise _RefusedError(Sentence("brand.debit_iban", {"iban": text[:40]}))
    return text


def _within(least: int, most: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not least <= value <= most:
            raise _RefusedError(Sentence("brand.debit_days", {"least": least, "most": most}))
        return value

    return check


def _picture(value: bytes) -> bytes:
    if not value:
        return b""
    try:
        return picture_checked(value).content
    except PictureError as error:
        raise _RefusedError(error.sentence) from error


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "brand_color": _color,
    "sender_email": _sender,
    "letter_window": _window,
    "sms_sender": _sms_sender,
    "claims_from": _claims,
    "late_rate_bp": _rate,
    "ics": _ics,
    "debit_iban": _iban,
    "debit_lead_days": _within(LEAST_LEAD_DAYS, MOST_LEAD_DAYS),
    "debit_notice_days": _within(1, MOST_NOTICE_DAYS),
    "logo": _picture,
    "signature_image": _picture,
}
