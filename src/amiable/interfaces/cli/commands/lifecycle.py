"""Life cycle of an installation: init, serve, worker, check, backup, restore."""

from __future__ import annotations

import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from amiable.interfaces.cli.common import OK, REJECTED, counted, emit, json_option, setup_django

QUESTIONS = {
    # option: (what a terminal asks, needed)
    "name": ("Name of your organization", True),
    "iban": ("IBAN on which customers pay (may be left empty)", False),
    "email": ("Your email address, to log in", True),
}


@click.command("init")
@click.option("--name", default="", help="Name of the organization and of its first creditor.")
@click.option("--slug", default="", help="Short name for --organization (default: from the name).")
@click.option("--siren", default="", help="SIREN of the creditor.")
@click.option("--iban", default="", help="IBAN on which customers pay.")
@click.option("--creditor-email", default="", help="Address that reminders come from.")
@click.option("--address", multiple=True, help="A line of the creditor's address; repeat it.")
@click.option("--email", default="", help="Email address of the first user.")
@click.option("--password", default="", help="Password (default: made up and shown once).")
@json_option
def init_command(*, as_json: bool, **answers: Any) -> int:
    """Create or upgrade the database; on a new one, the first organization and user."""
    setup_django()
    from django.core.management import call_command

    from amiable.apps.tenants import queries

    call_command("migrate", verbosity=0, interactive=False)
    if queries.organization_ids():
        emit({"created": False}, as_json=as_json, text="The database is up to date.")
        return OK
    document = _create_first(_ask(answers))
    emit(document, as_json=as_json, text=_welcome(document))
    return OK


def _ask(answers: dict[str, Any]) -> dict[str, Any]:
    """Fill missing answers on a terminal; elsewhere, what is needed must be an option."""
    answers = dict(answers)
    if sys.stdin.isatty():
        for option, (question, needed) in QUESTIONS.items():
            if not answers[option]:
                answers[option] = click.prompt(question, default=None if needed else "", err=True)
    missing = [
        f"--{option}" for option, (_, need) in QUESTIONS.items() if need and not answers[option]
    ]
    if missing:
        raise click.UsageError(f"missing: {', '.join(missing)}")
    return answers


def _create_first(answers: dict[str, Any]) -> dict[str, Any]:
    from django.db import transaction
    from django.utils.text import slugify

    from amiable.apps.tenants import services

    password = answers["password"] or secrets.token_urlsafe(12)
    try:
        with transaction.atomic():
            organization = services.organization_create(
                slug=answers["slug"] or slugify(answers["name"])[:50] or "main",
                name=answers["name"],
            )
            services.creditor_create(
                organization.id,
                code="main",
                name=answers["name"],
                siren=answers["siren"],
                iban=answers["iban"],
                email=answers["creditor_email"] or answers["email"],
                address=answers["address"],
            )
            services.user_create(organization.id, email=answers["email"], password=password)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    shown = "" if answers["password"] else password
    return {
        "created": True,
        "organization": organization.slug,
        "login": answers["email"],
        "password": shown or None,
    }


def _welcome(document: dict[str, Any]) -> str:
    lines = [f"Organization {document['organization']} is ready. Log in as {document['login']}"]
    if document["password"]:
        lines[0] += f" with the password {document['password']}"
    return "\n".join([lines[0] + ".", "Next: amiable import invoices FILE, then amiable serve."])


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--processes", default=1, show_default=True, help="Web processes of 8 threads each.")
@click.option("--workers", default=1, show_default=True, help="Background workers; 0 = none here.")
@json_option
def serve_command(*, host: str, port: int, processes: int, workers: int, as_json: bool) -> int:
    """Serve the console, with a background worker beside it, until SIGTERM."""
    _require_database()
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"

    def ready() -> None:
        emit({"address": address}, as_json=as_json, text=f"Serving on {address} (Ctrl+C ends it)")
        sys.stdout.flush()

    _by_name("SERVE")(host, port, processes=processes, workers=workers, ready=ready)
    return OK


@click.command("worker")
@click.option("--until-idle", is_flag=True, help="End when no task is left.")
@click.option("--no-ticks", is_flag=True, help="Only run what others enqueue.")
@json_option
def worker_command(*, until_idle: bool, no_ticks: bool, as_json: bool) -> int:
    """Run background tasks; start as many as you like, on any machine."""
    _require_database()
    tasks = _by_name("WORK")(until_idle=until_idle, ticks=not no_ticks)
    emit({"tasks": tasks}, as_json=as_json, text=f"{counted(tasks, 'task')} run.")
    return OK


@click.command("check")
@json_option
def check_command(*, as_json: bool) -> int:
    """Check the configuration, every invariant, the audit chain and the frozen messages."""
    setup_django()
    from django.core import checks

    from amiable.apps.audit import queries
    from amiable.apps.tenants import queries as tenants

    found = checks.run_checks(include_deployment_checks=False)
    document: dict[str, Any] = {
        "configuration": [
            {
                "id": message.id,
                "level": "error" if message.is_serious() else "warning",
                "message": str(message.msg),
                "hint": message.hint or "",
            }
            for message in found
        ],
        "missing_migrations": _by_name("MISSING_MIGRATIONS")(),
        "invariants": [],
        "broken": [],
        "test_mode": [],
    }
    if not document["missing_migrations"]:
        document["test_mode"] = [
            {"organization": slug, "recipient": recipient}
            for slug, recipient in tenants.in_test_mode()
        ]
        document["invariants"] = [f"{app}.{name}" for app, name, _ in queries.invariants()]
        document["broken"] = [
            {"invariant": f"{broken.app}.{broken.name}", "examples": list(broken.examples)}
            for broken in queries.broken_invariants()
        ]
    failed = document["missing_migrations"] or document["broken"]
    document["ok"] = not failed and not any(message.is_serious() for message in found)
    emit(document, as_json=as_json, text=_check_report(document))
    return OK if document["ok"] else REJECTED


def _check_report(document: dict[str, Any]) -> str:
    lines = []
    for message in document["configuration"]:
        lines.append(f"{message['level']:8}{message['id']}: {message['message']}")
        if message["hint"]:
            lines.append(f"        {message['hint']}")
    lines += [
        f"warning {each['organization']} is in test mode: every message goes to "
        f"{each['recipient']}, none reaches a customer"
        for each in document["test_mode"]
    ]
    if missing := document["missing_migrations"]:
        lines.append(f"error   {len(missing)} migrations are missing: run `amiable init`")
    for broken in document["broken"]:
        lines.append(f"error   {broken['invariant']} does not hold:")
        lines += [f"        {example}" for example in broken["examples"]]
    held = len(document["invariants"]) - len(document["broken"])
    verdict = "All is well" if document["ok"] else "Checks failed"
    lines.append(f"{verdict}: {held} of {len(document['invariants'])} invariants hold.")
    return "\n".join(lines)


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def backup_command(*, target: Path, as_json: bool) -> int:
    """Write the whole database into one file, while others work."""
    _require_database()
    from django.utils import timezone

    from amiable.apps.work import backups

    now: datetime = timezone.now()
    try:
        manifest = backups.backup_write(target, now=now)
    except (backups.BackupError, OSError) as error:
        return _refuse(error, as_json=as_json)
    text = f"{target}: {manifest['bytes']:,} bytes of {manifest['engine']}, sha256 verified."
    emit({**manifest, "file": str(target)}, as_json=as_json, text=text)
    return OK


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace a database that holds data.")
@json_option
def restore_command(*, source: Path, force: bool, as_json: bool) -> int:
    """Replace the database by a backup; then upgrade it to this version."""
    setup_django()
    from django.core.management import call_command

    from amiable.apps.work import backups

    try:
        manifest = backups.backup_restore(source, force=force)
    except (backups.BackupError, OSError) as error:
        return _refuse(error, as_json=as_json)
    call_command("migrate", verbosity=0, interactive=False)
    text = f"Restored {source}, made on {manifest['created_at']}."
    emit({**manifest, "file": str(source)}, as_json=as_json, text=text)
    return OK


def _refuse(error: Exception, *, as_json: bool) -> int:
    if as_json:
        emit({"error": str(error)}, as_json=True)
    else:
        click.echo(f"Refused: {error}", err=True)
    return REJECTED


def _require_database() -> None:
    """Load Django; a database that is not ready is wrong use, with the remedy."""
    setup_django()
    if _by_name("MISSING_MIGRATIONS")():
        raise click.UsageError("the database is new or of an older version: run `amiable init`")


def _by_name(setting: str) -> Any:
    """What the settings name: the project is an outer ring, never imported from here."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    return import_string(getattr(settings, setting))
