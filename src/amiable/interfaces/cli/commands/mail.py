"""`amiable mail`: poll the mailboxes now, or show what would be read in a file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amiable.interfaces.cli.common import (
    OK,
    REJECTED,
    IsoDate,
    emit,
    json_option,
    seen_job,
    tenant_command,
)

if TYPE_CHECKING:
    from amiable.apps.tenants.models import Organization
    from amiable.core.replies import Facts, IncomingMail, Proposal


@click.group("mail")
def mail_command() -> None:
    """Answers of customers: read the mailboxes, or look at one email."""


@mail_command.command("read")
@tenant_command
def read_command(*, organization: Organization, on: date, as_json: bool) -> int:
    """Take in everything new: answers in the mailboxes, and the answers and reports that channels
    keep until they are asked."""
    from amiable.apps.messaging.replies.incoming import incoming_read
    from amiable.interfaces.cli.commands.ticks import business_time

    with seen_job(organization.id, "mail", on) as (_, seen):
        counts = incoming_read(now=business_time(on), organization_id=organization.id)
        seen.result = asdict(counts)
    lines = [
        f"{counts.received} new answers, {counts.known} known, {counts.reports} new reports",
        *(f"{name}: {_counted(told)}" for name, told in counts.sources.items()),
        *(f"{name}: {error}" for name, error in counts.errors.items()),
    ]
    emit({"on": on.isoformat(), **asdict(counts)}, as_json=as_json, text="\n".join(lines))
    return REJECTED if counts.errors else OK


@mail_command.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--on", type=IsoDate(), help="Day it was received (default: today).")
@json_option
def show_command(*, file: Path, on: date | None, as_json: bool) -> int:
    """What is read in an email, and what is proposed; nothing is stored."""
    from amiable.core.replies import classify, read_mail
    from amiable.core.replies.mime import MAX_BYTES

    with file.open("rb") as stream:
        mail = read_mail(stream.read(MAX_BYTES + 1))
    proposal = classify(mail, on=on or date.today())
    document = _document(mail, proposal)
    lines = [
        f"from      {mail.from_address.address or '?'}",
        f"subject   {mail.subject}",
        f"kind      {mail.kind} {mail.detail}".rstrip(),
        *(f"          {sentence}" for sentence in (*mail.evidence, *mail.problems)),
        f"proposes  {proposal.label} ({proposal.confidence_pct} %)",
        *(f"          {name}: {value}" for name, value in _facts(proposal.facts).items()),
        "",
        mail.text,
    ]
    emit(document, as_json=as_json, text="\n".join(lines))
    return OK


def _counted(told: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in told.items())


def _document(mail: IncomingMail, proposal: Proposal) -> dict[str, Any]:
    return {
        "kind": mail.kind,
        "detail": mail.detail,
        "message_id": mail.message_id,
        "thread_ids": list(mail.thread_ids),
        "from": asdict(mail.from_address),
        "to": [one.address for one in mail.to],
        "date": mail.date.isoformat() if mail.date else None,
        "subject": mail.subject,
        "text": mail.text,
        "quoted": mail.quoted,
        "recipients": [asdict(report) for report in mail.recipients],
        "attachments": [
            {"name": one.name, "type": one.media_type, "size": one.size, "dangerous": one.dangerous}
            for one in mail.attachments
        ],
        "evidence": [str(sentence) for sentence in mail.evidence],
        "problems": [str(sentence) for sentence in mail.problems],
        "language": proposal.language,
        "proposal": proposal.label,
        "confidence_pct": proposal.confidence_pct,
        "intents": [
            {
                "label": intent.label,
                "confidence_pct": intent.confidence_pct,
                "words": [mail.text[start:end] for start, end in intent.spans],
                "facts": _facts(intent.facts),
            }
            for intent in proposal.intents
        ],
    }


def _facts(facts: Facts) -> dict[str, Any]:
    """What is stated, by name; amounts as text."""
    values = {
        "day": facts.day and facts.day.isoformat(),
        "amount": facts.amount and str(facts.amount),
        "share_pct": facts.share_pct,
        "dispute_reason": facts.dispute_reason,
        "means": facts.means,
        "contact": facts.contact and asdict(facts.contact),
    }
    return {name: value for name, value in values.items() if value}
