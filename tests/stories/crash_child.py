"""A worker process that can be killed: `python -m tests.stories.crash_child load|plan|send|bank|undo|check ...`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))


def load(count: int) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests import factories

    owner = factories.creditor(factories.organization())
    for number in range(count):
        debtor = factories.customer(owner, f"C{number}", email=f"c{number}@client.example")
        factories.invoice(debtor, f"F{number:06d}", due=factories.TODAY - timedelta(days=1))


def plan() -> None:
    from amiable.apps.dunning.planning import plan_tick

    plan_tick(1, on=NOW.date(), chunk=5, progress=told)


def send() -> None:
    from amiable.apps.dunning import sending

    # A killed worker's lease ends at once, so that the story need not wait ten minutes.
    sending.LEASE = timedelta(seconds=0)
    sending.send_tick(1, now=NOW, chunk=40, progress=told)


def bank(count: int) -> None:
    """As many payments, each matched with its invoice."""
    from amiable.apps.banking.services import lines_match, statement_import
    from amiable.core.records import StatementEntry, StatementRecord

    load(count)
    on = NOW.date()
    lines = tuple(StatementEntry(1, on, on, 120_000, "EUR", f"FACT F{n:06d}") for n in range(count))
    ours = "FR1420041010050500013M02606"
    record = StatementRecord(ours, "EUR", None, None, on, on, lines, "1")
    statement_import(1, [record], source="test.xml", on=on, actor="test")
    assert lines_match(1, on=on)["posted"] == count


def undo() -> None:
    """Undo every match that is posted, one by one; what another has undone meanwhile is passed."""
    from amiable.apps.banking.models import Match
    from amiable.apps.banking.services import MatchError, match_undo

    ids = list(Match.objects.filter(state="posted").order_by("id").values_list("id", flat=True))
    for done, match_id in enumerate(ids, 1):
        with suppress(MatchError):
            match_undo(1, match_id, on=NOW.date(), actor="test")
        told(done, len(ids))


def check() -> None:
    """Fails when an invariant is broken."""
    from amiable.apps.audit.queries import broken_invariants

    assert broken_invariants() == []


def told(done: int, total: int) -> None:
    print(done, total, flush=True)


def main(command: str, *arguments: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "amiable.project.settings"
    import django

    django.setup()
    commands = {f.__name__: f for f in (load, plan, send, bank, undo, check)}
    commands[command](*map(int, arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
