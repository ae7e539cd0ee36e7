"""Letters per second, emails frozen, sent and recorded against a bare SMTP loop, and a whole night
of them by two workers (see night)."""

from __future__ import annotations

import smtplib
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from amiable.core.drafts import Draft, DraftLine, Party

ON = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CREDITOR = Party(
    "Atelier Vauban", ("12 rue des Forges",), "69007", "Lyon", "FR", "compta@vauban.example",
    "04 72 00 00 00", "732829320", "FR1420041010050500013M02606", "", "#1f4e79", "C. Fontaine",
)  # fmt: skip


def run(letters: int = 1000, emails: int = 1000, night: int = 20_000) -> list[dict[str, Any]]:
    """name, value, unit, reference, ratio of each measurement."""
    from bench.night import night_rate

    return [letters_rate(letters), *emails_rate(emails), night_rate(night)]


def letters_rate(count: int) -> dict[str, Any]:
    """One-page letters with table and QR code, rendered in one batch on all cores.

    Reference: 15 letters/s, what the nearest open-source peer emits on this kind of machine.
    """
    from amiable.apps.messaging.rendering.messages import Rendered, drafts_render

    drafts = [_draft(i, "reminder_firm", "letter") for i in range(count)]
    drafts_render(drafts[:4], {}, organization_id=1, now=NOW)
    started = time.perf_counter()
    done = drafts_render(drafts, {}, organization_id=1, now=NOW)
    rate = count / (time.perf_counter() - started)
    assert all(isinstance(letter, Rendered) for letter in done.values())
    return line("letters rendered", rate, "letters/s", "nearest peer, 15 letters/s", rate / 15)


def emails_rate(count: int) -> list[dict[str, Any]]:
    """Freeze, send and record, against smtplib building and sending the same texts."""
    from amiable.apps.messaging.models import Message
    from amiable.apps.messaging.services import messages_freeze, messages_send
    from amiable.apps.tenants.models import Organization

    case = _case()
    stamp = Organization.objects.count()
    drafts = [
        _draft(i, "reminder_1", "email", case=case, key=f"b{stamp}-{i}") for i in range(count)
    ]
    with smtp_server() as port:
        routes = {"email": ("smtp", {"host": "127.0.0.1", "port": port, "tls": "none"})}
        started = time.perf_counter()
        ids = messages_freeze(case.organization_id, drafts, now=NOW)
        frozen = time.perf_counter() - started
        outcomes = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
        ours = time.perf_counter() - started
        assert all(outcome.state == "sent" for outcome in outcomes.values())
        texts = [mail_parts(bytes(m.content)) for m in Message.objects.filter(id__in=ids.values())]
        bare = bare_loop(texts, port)
    reference = f"bare smtplib loop, {count / bare:.0f} messages/s"
    return [
        line("emails frozen", count / frozen, "messages/s", reference, bare / frozen),
        line(
            "emails frozen, sent and recorded", count / ours, "messages/s", reference, bare / ours
        ),
    ]


def bare_loop(texts: list[tuple[str, str, str]], port: int) -> float:
    """Seconds to build and send mails of these subjects, texts and pages over one connection."""
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for subject, text, html in texts:
            message = EmailMessage()
            message["From"] = "Atelier Vauban <compta@vauban.example>"
            message["To"] = "ap@client.example"
            message["Subject"] = subject
            message.set_content(text)
            message.add_alternative(html, subtype="html")
            client.send_message(message)
    return time.perf_counter() - started


def mail_parts(content: bytes) -> tuple[str, str, str]:
    """Subject, text and HTML page of a mail."""
    from email import message_from_bytes, policy

    mail: Any = message_from_bytes(content, policy=policy.default)
    return (
        mail["Subject"],
        mail.get_body(("plain",)).get_content(),
        mail.get_body(("html",)).get_content(),
    )


@contextmanager
def smtp_server(log: str = "") -> Any:
    """A local server that takes every message, in a process of its own; yields its port. It writes
    the Message-ID of each to the file `log`."""
    import subprocess
    import sys

    code = (
        "import asyncio,re,sys\n"
        "ID=re.compile(rb'(?im)^Message-ID:\\s*(<.+?>)')\n"
        "log=open(sys.argv[1],'a') if sys.argv[1] else None\n"
        "from aiosmtpd.smtp import SMTP\n"
        "class H:\n"
        "    async def handle_DATA(self,s,session,e):\n"
        "        found=ID.search(e.content)\n"
        "        if log and found: print(found[1].decode(),file=log,flush=True)\n"
        "        return '250 OK'\n"
        "async def main():\n"
        "    loop=asyncio.get_running_loop()\n"
        "    server=await loop.create_server(lambda: SMTP(H(),loop=loop,hostname='bench'),"
        "'127.0.0.1',0)\n"
        "    print(server.sockets[0].getsockname()[1],flush=True)\n"
        "    await server.serve_forever()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, log], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def _case() -> Any:
    from amiable.apps.cases.models import Case
    from amiable.apps.customers.models import Customer
    from amiable.apps.tenants.models import Creditor, Organization

    slug = f"bench-messages-{time.time_ns()}"
    organization = Organization.objects.create(slug=slug, name="Bench")
    creditor = Creditor.objects.create(organization=organization, code="main", name="Bench")
    customer = Customer.objects.create(
        organization=organization, creditor=creditor, code="C1", name="Bench"
    )
    return Case.objects.create(organization=organization, customer=customer)


def _draft(number: int, template: str, medium: str, *, case: Any = None, key: str = "") -> Draft:
    customer = Party(
        f"Menuiserie Duval {number}", ("8 avenue de l’Océan",), "44000", "Nantes", siren="404833048"
    )
    due = ON - timedelta(days=10)
    lines = tuple(
        DraftLine(i, f"FA2026-{number:05d}-{i}", due - timedelta(days=30), due, 125_223 + number,
                  125_223 + number, 10)
        for i in range(3)
    )  # fmt: skip
    return Draft(
        key=key or f"letter-{number}",
        case_id=case.id if case else 1,
        creditor_id=1,
        customer_id=1,
        medium=medium,
        template=template,
        stage="firm",
        language="fr",
        on_date=ON,
        currency="EUR",
        creditor=CREDITOR,
        customer=customer,
        customer_code=f"C{number:06d}",
        customer_kind="company",
        recipient=f"ap{number}@client.example",
        lines=lines,
    )


def line(name: str, value: float, unit: str, reference: str, ratio: float) -> dict[str, Any]:
    """A row of the benchmarks, rounded as it is printed."""
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "reference": reference,
        "ratio": round(ratio, 2),
    }
