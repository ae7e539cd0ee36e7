"""A worker process that can be killed: `python -m tests.stories.crash_child load|plan|send ...`."""

from __future__ import annotations

import os
import sys
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
        factories.invoice(debtor, f"F{number}", due=factories.TODAY - timedelta(days=1))


def plan() -> None:
    from amiable.apps.dunning.planning import plan_tick

    plan_tick(1, on=NOW.date(), chunk=5, progress=told)


def send() -> None:
    from amiable.apps.dunning import sending

    # A killed worker's lease ends at once, so that the story need not wait ten minutes.
    sending.LEASE = timedelta(seconds=0)
    sending.send_tick(1, now=NOW, chunk=40, progress=told)


def told(done: int, total: int) -> None:
    print(done, total, flush=True)


def main(command: str, *arguments: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "amiable.project.settings"
    import django

    django.setup()
    {"load": load, "plan": plan, "send": send}[command](*map(int, arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
