"""What customers write back on the evening of the last day: the inbox waits for the visitor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from amiable.core.workdays import add_workdays
from amiable.interfaces.cli.demo import doors

if TYPE_CHECKING:
    from amiable.apps.messaging.queries import MessageParts

# {soon} = a day of next week, {before} = one of last week. The newest reminders are answered.
TEXTS = (
    "Bonjour Camille,\n\nDésolé pour le retard, notre comptable était absente. Le virement du "
    "montant total partira le {soon}.\n\nBien cordialement,\nJulien",
    "Bonjour,\n\nCette facture a été réglée par virement le {before}. Merci de vérifier de votre "
    "côté.\n\nCordialement",
    "Bonjour,\n\nNous contestons cette facture : deux des quatre radiateurs livrés sont "
    "défectueux. Nous attendons un avoir.\n\nSalutations",
    "Bonjour,\n\nPourriez-vous nous renvoyer une copie de la facture ? Nous ne la retrouvons "
    "pas.\n\nMerci d'avance",
    "Bonjour,\n\nNous traversons une période difficile, notre trésorerie est au plus bas. Est-il "
    "possible de payer en trois fois ?\n\nMerci de votre compréhension",
    "Bonjour,\n\nJe ne m'occupe plus de la comptabilité. Merci d'écrire à "
    "comptabilite@nouveau-service.example.\n\nBonne journée",
    "Bonjour, bien reçu, je regarde et reviens vers vous.",
)
AWAY = "Bonjour,\n\nJe suis absent du bureau jusqu'au {soon}. Votre message sera lu à mon retour."
STRANGER = (
    "Bonjour,\n\nJe reçois vos courriers alors que je ne connais pas cette société. Pouvez-vous "
    "vérifier l'adresse ?\n\nP. Arnaud"
)
AT = time(18, 5)


def receive(organization_id: int, *, on: date) -> None:
    """Have customers answer the newest reminders; the same evening twice changes nothing."""
    from amiable.apps.messaging.replies.receiving import reply_receive

    now = doors.local(datetime.combine(on, AT))
    mails = list(_mails(organization_id, now))
    for place, mail in enumerate(mails):
        at = now - timedelta(minutes=37 * (len(mails) - place))
        reply_receive(organization_id, bytes(mail), source="mailbox", received_at=at)
    doors.replan(organization_id, on=on)


def _mails(organization_id: int, now: datetime) -> Iterator[EmailMessage]:
    answered = _reminders(organization_id, len(TEXTS) + 1)
    for text, parts in zip((*TEXTS, AWAY), answered, strict=False):
        mail = _answer(parts, text, now)
        if text is AWAY:
            mail["Auto-Submitted"] = "auto-replied"
            mail.replace_header("Subject", f"Absence du bureau : {parts.row.subject}")
        yield mail
    yield _written(
        STRANGER, sender="p.arnaud@courriel.example", subject="Vos courriers",
        own_id=f"{now:%Y%m%d}", now=now,
    )  # fmt: skip


def _reminders(organization_id: int, count: int) -> list[MessageParts]:
    """The newest emails of as many customers."""
    from amiable.apps.messaging import queries

    found: dict[int, int] = {}
    for row in queries.outbox(organization_id, medium="email", state="sent", size=200).rows:
        found.setdefault(row.case_id, row.id)
    parts = [queries.message_parts(organization_id, one) for one in list(found.values())[:count]]
    return [each for each in parts if each is not None]


def _answer(parts: MessageParts, text: str, now: datetime) -> EmailMessage:
    """An answer that quotes what it answers, as mail programs do."""
    quoted = "\n".join(f"> {line}".rstrip() for line in parts.text.splitlines()[:25])
    sent = f"{parts.row.on_date:%d/%m/%Y}"
    own_id = f"{parts.row.id}.{now:%Y%m%d}"
    mail = _written(
        f"{text}\n\nLe {sent}, Camille Renard a écrit :\n{quoted}", sender=parts.row.recipient,
        subject=f"RE: {parts.row.subject}", own_id=own_id, now=now,
    )  # fmt: skip
    mail["In-Reply-To"] = mail["References"] = parts.message_id
    return mail


def _written(text: str, *, sender: str, subject: str, own_id: str, now: datetime) -> EmailMessage:
    day = now.date()
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "relances@demo.example"
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{own_id}@{sender.rpartition('@')[2]}>"
    soon, before = add_workdays(day, 5), add_workdays(day, -5)
    mail.set_content(text.format(soon=f"{soon:%d/%m/%Y}", before=f"{before:%d/%m/%Y}"))
    return mail
