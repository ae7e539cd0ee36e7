"""A process that polls a mailbox and can be killed: `python -m tests.stories.mail_child load|read`."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))


def load() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests import factories

    owner = factories.creditor(factories.organization())
    factories.invoice(factories.customer(owner))


def read() -> None:
    from amiable.apps.messaging.replies.mailboxes import mailboxes_read

    print("reading", flush=True)
    counts = mailboxes_read(now=NOW)
    print(counts.received, counts.known, counts.errors, flush=True)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "amiable.project.settings"
    import django

    django.setup()
    {"load": load, "read": read}[sys.argv[1]]()
