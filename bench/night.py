"""A night of emails from plan to record, by two worker processes that share one database.

Planned, frozen, sent over SMTP, recorded: then every message of the night has reached the server
exactly once, every action is done, and the books of messages hold what the server received.
The reference is one process that builds and sends the same mails over one connection.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.messages import bare_loop, line, mail_parts, smtp_server
from bench.portfolio import TODAY, load

WORKERS = 2
SAMPLE = 1_000  # mails of the reference
LOCAL = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)


def night_rate(count: int) -> dict[str, Any]:
    """`count` cases with one reminder each: messages a second from planning to the last record."""
    from amiable.apps.dunning.planning import plan_tick

    organization_id = _portfolio(count)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "received"
        with smtp_server(str(log)) as port:
            workers = [_worker(organization_id, port) for _ in range(WORKERS)]
            started = time.perf_counter()
            plan_tick(organization_id, on=TODAY)
            planned = time.perf_counter() - started
            for worker in workers:
                print("go", file=worker.stdin, flush=True)
            shares = [_sent(worker) for worker in workers]
            seconds = time.perf_counter() - started
            texts = _checked(organization_id, count, log.read_text("ascii").split())
            bare = bare_loop(texts, port) / len(texts)
    rate = count / seconds
    name = (
        f"a night of {count:,} emails with {WORKERS} workers: planned in {planned:.1f} s, "
        f"frozen, sent and recorded in {seconds - planned:.1f} s ({' and '.join(shares)}), "
        "none twice, none lost"
    )
    return line(name, rate, "messages/s", f"bare smtplib loop, {1 / bare:.0f} messages/s",
                rate * bare)  # fmt: skip


def _portfolio(count: int) -> int:
    """Cases with two invoices each, ten days late, of a creditor that reminds by email."""
    from amiable.apps.dunning.library.scenarios import scenario_import
    from amiable.apps.receivables.models import Installment, Invoice
    from amiable.apps.tenants.models import Creditor
    from amiable.core.scenario import Scenario, Step

    organization_id = load(2 * count, count)
    due = TODAY - timedelta(days=10)
    Creditor.objects.filter(organization_id=organization_id).update(
        email="compta@vauban.example", iban="FR1420041010050500013M02606"
    )
    for model in (Invoice, Installment):
        model.objects.filter(organization_id=organization_id).update(due_date=due)
    step = Step("reminder", 5, "email", "friendly", "reminder_1")
    scenario_import(organization_id, Scenario("night", 1, "Night", (step,)), make_default=True)
    return organization_id


def _worker(organization_id: int, port: int) -> subprocess.Popen[str]:
    """A process that is ready to send, and waits for a word."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.night", str(organization_id), str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def _sent(worker: subprocess.Popen[str]) -> str:
    share, _ = worker.communicate()
    assert worker.returncode == 0
    return share.strip()


def _checked(organization_id: int, count: int, received: list[str]) -> list[tuple[str, str, str]]:
    """Nothing twice, nothing lost, nothing open; the parts of some of the mails."""
    from amiable.apps.dunning.models import Action
    from amiable.apps.messaging.models import Message

    twice = [number for number, times in Counter(received).items() if times > 1]
    assert not twice, f"{len(twice)} messages were received twice"
    rows = Message.objects.filter(organization_id=organization_id)
    kept = set(rows.filter(state=Message.State.SENT).values_list("message_id", flat=True))
    assert kept == set(received), f"{len(kept ^ set(received))} messages differ"
    assert len(kept) == rows.count() == count, f"{rows.count()} messages for {count} cases"
    actions = Action.objects.filter(organization_id=organization_id)
    states = Counter(actions.values_list("state", flat=True))
    assert states == {Action.State.DONE: count}, states
    return [mail_parts(bytes(row.content)) for row in rows.order_by("id")[:SAMPLE]]


def _work(organization_id: int, port: int) -> None:
    """One worker: sends until nothing is left."""
    import django

    django.setup()
    from amiable.apps.dunning.sending import send_tick

    routes = {"email": ("smtp", {"host": "127.0.0.1", "port": port, "tls": "none"})}
    print("ready", flush=True)
    sys.stdin.readline()
    counts = send_tick(organization_id, now=LOCAL, routes=routes)
    print(counts.sent)


if __name__ == "__main__":
    _work(int(sys.argv[1]), int(sys.argv[2]))
