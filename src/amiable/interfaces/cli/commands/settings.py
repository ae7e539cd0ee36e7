"""`amiable settings`: what an organization decides for all of its cases."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from amiable.core.money import major
from amiable.interfaces.cli.common import OK, REJECTED, cents, counted, emit, tenant_command

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization
    from amiable.apps.tenants.settings import Settings

OFF = "off"
CAP_KEYS = {"medium": str, "kind": str, "count": int, "days": int}


@click.group("settings")
def settings_command() -> None:
    """Bank data too old, contact limits, promises, test mode, who we are."""


@settings_command.command("show")
@tenant_command
def show_command(*, organization: Organization, on: date, as_json: bool) -> int:  # noqa: ARG001
    """Every setting, as `set` takes it."""
    from amiable.apps.tenants.settings import settings_of

    current = settings_of(organization.id)
    emit(_shown(current), as_json=as_json, text=_text(current))
    return OK


@settings_command.command("set")
@click.argument("changes", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.option("--dry-run", is_flag=True, help="Say what it would do; change nothing.")
@tenant_command
def set_command(
    *, organization: Organization, on: date, as_json: bool, changes: tuple[str, ...], dry_run: bool
) -> int:
    """Change settings: NAME=VALUE, with "off" for none and JSON for contact_caps.

    min_amount is the least sum for which anybody is reminded, whatever the scenario; sms_part_price
    what a part of a text message costs. Matching gives up rest_cents, rest_fee (a bank's) and
    rest_discount_permille (for paying early) of an invoice by itself; above, a person decides.
    test_recipient=ADDRESS withdraws every message that has not left; from then on all of them go
    to that address. test_recipient=off withdraws those, and messages reach customers again.
    """
    from amiable.apps.dunning.settings import settings_change, settings_preview
    from amiable.apps.tenants.settings import SettingsError, settings_of

    values = dict(map(_change, changes))
    below = None
    try:
        if dry_run:
            done, below = settings_preview(organization.id, values, on=on, actor="cli")
        else:
            done = settings_change(organization.id, values, on=on, actor="cli")
    except SettingsError as error:
        problems = {_NAMES.get(name, name): str(why) for name, why in error.problems.items()}
        text = "\n".join(f"Refused: {name}: {why}" for name, why in problems.items())
        emit({"errors": problems}, as_json=as_json, text=text)
        return REJECTED
    changed = [_NAMES.get(name, name) for name in done.fields]
    document = {
        "dry_run": dry_run,
        "changed": changed,
        "messages_withdrawn": done.withdrawn,
        "cases_woken": done.woken,
        **({"cases_below_min_amount": below} if dry_run else {}),
        "settings": _shown(settings_of(organization.id)),
    }
    text = (
        f"{'Would change' if dry_run else 'Changed'}: {', '.join(changed) or 'nothing'}; "
        f"{counted(done.withdrawn, 'message')} withdrawn, "
        f"{counted(done.woken, 'case')} looked at again."
    )
    if below:
        text += (
            f" {counted(below, 'case')} with less than min_amount: nobody would be reminded of it."
        )
    emit(document, as_json=as_json, text=text)
    return OK


def _change(text: str) -> tuple[str, Any]:
    """The field and value of NAME=VALUE."""
    name, separator, value = text.partition("=")
    if not separator or name not in READERS:
        raise click.UsageError(f"write NAME=VALUE with a name among {', '.join(READERS)}")
    try:
        return _FIELDS.get(name, name), READERS[name](value.strip())
    except (ValueError, TypeError, RecursionError) as error:
        raise click.UsageError(f"{name}: {value[:100]!r} cannot be read: {error}") from error


def _caps(value: str) -> list[dict[str, Any]]:
    """[{"count": 1, "days": 1, "medium": "phone", "kind": ""}, ...]; "off" = no limit."""
    found = [] if value == OFF else json.loads(value)
    if not isinstance(found, list):
        raise ValueError("a list of limits is expected")
    return [_cap(each) for each in found]


def _cap(each: Any) -> dict[str, Any]:
    if not isinstance(each, Mapping) or not {"count", "days"} <= each.keys() <= CAP_KEYS.keys():
        raise ValueError("a limit has count and days, and may have medium and kind")
    for key, value in each.items():
        if type(value) is not CAP_KEYS[key]:
            raise ValueError(f"{key} is of the wrong type")
    return {"medium": "", "kind": "", **each}


def _yes(value: str) -> bool:
    if value.lower() not in {"yes", "no"}:
        raise ValueError("write yes or no")
    return value.lower() == "yes"


def _or_off(value: str) -> str:
    return "" if value == OFF else value


def _whole(value: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", value, re.ASCII):
        raise ValueError("write a whole number")
    return int(value)


# Amounts are written in major units here; settings hold minor ones.
_FIELDS = {
    "min_amount": "min_amount_minor",
    "sms_part_price": "sms_part_minor",
    "rest_cents": "rest_cents_minor",
    "rest_fee": "rest_fee_minor",
    "code_above": "code_above_minor",
}
_SWITCHES = ("is_agency", "survey_on_portal", "survey_by_email")
_NAMES = {field: name for name, field in _FIELDS.items()}
READERS: Mapping[str, Callable[[str], Any]] = {
    "bank_data_max_age_days": lambda value: None if value == OFF else _whole(value),
    "min_amount": lambda value: 0 if value == OFF else cents(value),
    "contact_caps": _caps,
    "promise_grace_days": _whole,
    "promise_tolerance_pct": _whole,
    "rest_cents": cents,
    "rest_fee": cents,
    "rest_discount_permille": _whole,
    "unread_reply_hold_days": _whole,
    "test_recipient": _or_off,
    "is_agency": _yes,
    "address": lambda value: [] if value == OFF else value.split("|"),
    "email": _or_off,
    "phone": _or_off,
    "letter_window": _or_off,
    "portal_link_days": _whole,
    "portal_promise_days": _whole,
    "claim_days": _whole,
    "code_for_plans": str,
    "code_above": cents,
    "mandate_code_waiver": _or_off,
    "survey_on_portal": _yes,
    "survey_by_email": _yes,
    "survey_days": _whole,
    "call_tries": _whole,
    "call_retry_days": _whole,
    "dial_address": _or_off,
    "sms_part_price": cents,
}


def _shown(current: Settings) -> dict[str, Any]:
    """The settings by the names that `set` takes."""
    data = {_NAMES.get(name, name): value for name, value in current.to_json().items()}
    amounts = {name: major(getattr(current, field)) for name, field in _FIELDS.items()}
    return {**data, **amounts}


def _text(current: Settings) -> str:
    data = _shown(current)
    shown = {
        **data,
        "contact_caps": json.dumps(data["contact_caps"]) if data["contact_caps"] else OFF,
        **{name: "yes" if data[name] else "no" for name in _SWITCHES},
        "address": "|".join(data["address"]),
        "min_amount": data["min_amount"] if current.min_amount_minor else OFF,
    }
    return "\n".join(
        f"{name}={OFF if value in {None, ''} else value}" for name, value in shown.items()
    )
