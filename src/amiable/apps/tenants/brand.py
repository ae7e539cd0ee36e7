"""How a creditor looks on letters and emails: checked, written, audited."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.tenants.models import Creditor
from amiable.apps.tenants.settings import SettingsError
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.mime import mail_address
from amiable.plugins.documents.pictures import PictureError, picture_checked
from amiable.plugins.documents.window import WindowError, window_of

CHANGED = "creditor.brand_changed"

declare(
    {
        "brand.color": gettext_noop("Write a color as #rrggbb, like #1f4e79."),
        "brand.sender": gettext_noop("{address} is not an email address mail can be sent from."),
    }
)


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A creditor's look; pictures are read by picture_content."""

    id: int
    code: str
    name: str
    brand_color: str
    sender_email: str
    letter_window: str
    has_logo: bool
    has_signature: bool


def brand_rows(organization_id: int) -> list[BrandRow]:
    """The look of every creditor, by name, in one query."""
    rows = Creditor.objects.filter(organization_id=organization_id).order_by("name", "id")
    return [
        BrandRow(*row[:6], bool(row[6]), bool(row[7]))
        for row in rows.values_list(
            "id", "code", "name", "brand_color", "sender_email", "letter_window", "logo",
            "signature_image",
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

    `values`: brand_color, sender_email, letter_window (text), logo, signature_image (bytes as they
    were handed in, b"" = none). Raises SettingsError with every problem by field, LookupError for
    a creditor that is not theirs.
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


def _told(value: str | bytes) -> str:
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
    "logo": _picture,
    "signature_image": _picture,
}
