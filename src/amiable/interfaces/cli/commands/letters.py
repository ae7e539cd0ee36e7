"""`amiable letter`: what printed letters need beside their texts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amiable.interfaces.cli.common import OK, REJECTED, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization

OFF = "off"
_File = click.Path(path_type=Path, dir_okay=False)


@click.group("letter")
def letter_command() -> None:
    """Window envelopes, and how creditors look on paper and in emails."""


@letter_command.command("test-page")
@click.option("--window", help="A named window or left,top,width,height (default: the setting).")
@click.option("--creditor", default="", help="Code of the creditor whose window is tried.")
@click.option("--output", "-o", type=_File, default=Path("test-page.pdf"), show_default=True)
@tenant_command
def test_page_command(
    *,
    organization: Organization,
    on: date,
    as_json: bool,
    window: str | None,
    creditor: str,
    output: Path,
) -> int:
    """A PDF to print, fold and try in an envelope: the window, with rulers in millimetres."""
    from amiable.apps.messaging.rendering.windows import test_page, window_setting
    from amiable.plugins.documents.window import WindowError

    try:
        setting = window or window_setting(organization.id, creditor)
        pdf = test_page(setting, language=organization.language, on=on)
    except (WindowError, LookupError) as error:
        emit({"error": str(error)}, as_json=as_json, text=f"Refused: {error}")
        return REJECTED
    output.write_bytes(pdf)
    emit({"file": str(output), "window": setting}, as_json=as_json, text=f"Written: {output}")
    return OK


@letter_command.command("brand")
@click.argument("creditor", metavar="CREDITOR")
@click.option("--logo", metavar="FILE|off", help="PNG or JPEG over the sender's name.")
@click.option("--signature", metavar="FILE|off", help="PNG or JPEG over the name of who signs.")
@click.option("--color", help="#rrggbb")
@click.option("--sender-email", metavar="ADDRESS|off", help="What emails are sent from.")
@click.option("--window", metavar="WINDOW|off", help="The window of this creditor's envelopes.")
@click.option("--sms-sender", metavar="SENDER|off", help="What text messages are sent from.")
@click.option("--claims", metavar="firm|formal|off", help="Stage that claims interest and fee.")
@click.option("--late-rate", metavar="PERCENT|off", help="Late-payment rate of the sales terms.")
@tenant_command
def brand_command(
    *, organization: Organization, on: date, as_json: bool, creditor: str, **given: str | None
) -> int:
    """Change how a creditor's messages look and what they claim; without options, show it."""
    from amiable.apps.tenants.brand import brand_change, brand_rows
    from amiable.apps.tenants.settings import SettingsError

    rows = {row.code: row for row in brand_rows(organization.id)}
    if creditor not in rows:
        raise click.UsageError(f"no creditor {creditor!r}; there are: {', '.join(rows)}")
    values = {_FIELDS[name]: _value(name, text) for name, text in given.items() if text is not None}
    try:
        changed = brand_change(organization.id, rows[creditor].id, values, on=on, actor="cli")
    except SettingsError as error:
        problems = {name: str(why) for name, why in error.problems.items()}
        text = "\n".join(f"Refused: {name}: {why}" for name, why in problems.items())
        emit({"errors": problems}, as_json=as_json, text=text)
        return REJECTED
    (row,) = [each for each in brand_rows(organization.id) if each.code == creditor]
    look = {name: getattr(row, name) for name in _SHOWN}
    text = "\n".join([*(f"{name}={value}" for name, value in look.items()),
                      f"Changed: {', '.join(changed) or 'nothing'}"])  # fmt: skip
    emit({"changed": list(changed), "brand": look}, as_json=as_json, text=text)
    return OK


_FIELDS = {"logo": "logo", "signature": "signature_image", "color": "brand_color",
           "sender_email": "sender_email", "window": "letter_window",
           "sms_sender": "sms_sender", "claims": "claims_from",
           "late_rate": "late_rate_bp"}  # fmt: skip
_SHOWN = ("code", "name", "brand_color", "sender_email", "letter_window", "sms_sender",
          "claims_from", "late_rate_bp", "has_logo", "has_signature")  # fmt: skip


def _value(name: str, text: str) -> str | bytes:
    """What an option stands for: the bytes of a file, or the text itself; "off" = nothing."""
    is_file = name in {"logo", "signature"}
    if text == OFF:
        return b"" if is_file else ""
    if not is_file:
        return text
    try:
        return Path(text).read_bytes()
    except OSError as error:
        raise click.UsageError(f"--{name}: {error}") from error
