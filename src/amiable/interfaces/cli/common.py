"""What every command shares: --json, --organization, --on, and how results are printed.

A command returns its exit status as an int (None = 0).
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from amiable.core.money import minor
from amiable.core.numbers import ParseError, amount

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization
    from amiable.apps.work.services import Progress

OK, REJECTED = 0, 1
FIRST_YEAR, LAST_YEAR = 1900, 2199


class IsoDate(click.ParamType):
    """A date written YYYY-MM-DD, far enough from the ends of the calendar to count days from."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        if isinstance(value, date):
            return value
        try:
            found = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date written YYYY-MM-DD", param, ctx)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            self.fail(f"{value!r} is not between {FIRST_YEAR} and {LAST_YEAR}", param, ctx)
        return found


def cents(text: str) -> int:
    """An amount in euros as people type it (`1.80`, `1,80`, `1 252,23`) in cents.

    Raises ValueError with what is wrong.
    """
    try:
        value, currency = amount(text.strip())
    except ParseError as error:
        raise ValueError(f"{text[:40]!r} is not an amount: write it like 1252.23") from error
    if currency not in {"", "EUR"}:
        raise ValueError(f"{text[:40]!r} is not in euros")
    return minor(value)


def counted(count: int, what: str) -> str:
    """ "1 case", "2 cases"."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def scenario_parts(text: str) -> tuple[str, int | None]:
    """CODE or CODE:VERSION in its parts. Raises UsageError."""
    code, colon, version = text.partition(":")
    if colon and not (version.isdecimal() and len(version) < 7):
        raise click.UsageError(f"{version!r} is not a version: write CODE:NUMBER")
    if colon and not code:
        raise click.UsageError(f"{text!r} names no scenario: write CODE:NUMBER")
    return code, int(version) if version else None


def setup_django() -> None:
    """Load Django once; commands that only read files never call it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amiable.project.settings")
    import django

    django.setup()


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json (passed as `as_json`)."""
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON document on standard output."
    )(command)


def tenant_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json, --organization and --on; the function gets as_json, organization, on.

    Django is loaded before the function runs. Without --organization, the only one is taken.
    """

    @json_option
    @click.option("--organization", "slug", help="Organization (needed when there are several).")
    @click.option("--on", type=IsoDate(), help="Business date (default: today).")
    @functools.wraps(command)
    def wrapper(*, slug: str | None, on: date | None, **options: Any) -> Any:
        setup_django()
        from django.utils import timezone

        today = on or timezone.localdate()
        return command(organization=find_organization(slug), on=today, **options)

    return wrapper


def find_organization(slug: str | None) -> Organization:
    """The named organization, or the only one. Raises UsageError naming the choices."""
    from amiable.apps.tenants import queries

    try:
        return queries.organization(slug)
    except LookupError as error:
        raise click.UsageError(str(error)) from error


def emit(document: Any, *, as_json: bool, text: str = "") -> None:
    """Print the JSON document, or the text meant for people."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))
    elif text:
        click.echo(text)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield progress(done, total): a bar on standard error when it is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    bar = None
    at = 0

    def progress(done: int, total: int) -> None:
        nonlocal bar, at
        if bar is None or bar.length != total:
            bar = click.progressbar(length=total, label=label, file=sys.stderr)
            at = 0
        bar.update(done - at)
        at = done

    try:
        yield progress
    finally:
        if bar is not None:
            bar.render_finish()


@contextmanager
def seen_job(
    organization_id: int, kind: str, on: date
) -> Iterator[tuple[Callable[[int, int], None], Progress]]:
    """Run a block as a job that the console shows too; yields progress(done, total) and the job."""
    from amiable.apps.work.services import job

    with job(organization_id, kind, on=on) as seen, progress_bar(kind) as drawn:

        def progress(done: int, total: int) -> None:
            seen(done, total)
            drawn(done, total)

        yield progress, seen
