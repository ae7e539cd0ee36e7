"""A person's process that can be killed: `python -m tests.stories.money_child load | DONE STOPPED`.

It takes one decision about money whole, checks what must hold, says "ready"; then it begins another
and says "inside" when all but the commit is done, and waits to be killed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

TODAY = date(2026, 11, 20)
WHO = {"on": TODAY, "actor": "lea@example.org"}
IBAN = "FR7630006000011234567890189"


def load() -> None:
    """Three customers with an invoice each and money on account, a parent's line, a bulk line."""
    from django.core.management import call_command

    from amiable.apps.banking.models import StatementLine
    from amiable.apps.banking.services import line_assign
    from amiable.apps.payments.services import PaymentIn, payment_record
    from tests import factories
    from tests.apps.test_bank_batches import bulk, camt, details, take

    call_command("migrate", verbosity=0)
    owner = factories.creditor(factories.organization())
    for n in range(3):
        each = factories.customer(owner, f"C{n}", name=f"Outlet {n}")
        factories.invoice(each, f"FX2026-000{n}", total_minor=10_000 * (n + 1))
        paid = PaymentIn(each.id, 5_000, "EUR", TODAY, f"p{n}", payer_iban=IBAN)
        payment_record(owner.organization_id, paid, cases={}, **WHO)
    folder = Path(tempfile.mkdtemp())
    for number, entry in enumerate((bulk(45_000, label="VIR"), bulk(75_000, batch="B")), 1):
        path = camt(folder / f"{number}.xml", "053", entry, balance=0, number=str(number))
        take(owner.organization, path)
    line = StatementLine.objects.get(amount_minor=75_000)
    line_assign(owner.organization_id, line.id, 1, allocations=[], **WHO)
    take(owner.organization, camt(folder / "n.xml", "054", bulk(75_000, told=details(), batch="B")))


def refund() -> None:
    from amiable.apps.payments.decisions import Wish
    from amiable.apps.payments.models import Payment
    from amiable.apps.payments.refunds import refund_request

    credit = Payment.objects.get(external_id="p0").entry_id
    refund_request(1, Wish(credit, 0), amount_minor=5_000, iban=IBAN, name="", cases={}, **WHO)


def order() -> None:
    from amiable.apps.banking.refund_orders import OrderWish, refunds_order
    from amiable.apps.payments.models import CreditDecision

    ids = list(CreditDecision.objects.values_list("id", flat=True))
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    refunds_order(1, ids, OrderWish(TODAY, words="Refund"), now=now, **WHO)


def give_up() -> None:
    from amiable.apps.cases.handovers import item_write_off
    from amiable.apps.receivables.models import Installment

    item = Installment.objects.get(invoice__number="FX2026-0000")
    assert item_write_off(1, item.pk, reason="gone", **WHO) == 10_000


def share() -> None:
    from amiable.apps.banking.models import StatementLine
    from amiable.apps.banking.sharing import line_share
    from amiable.apps.receivables.models import Installment

    one, two = Installment.objects.filter(invoice__number__in=["FX2026-0001", "FX2026-0002"])
    line = StatementLine.objects.get(amount_minor=45_000)
    line_share(1, line.pk, [(one.pk, 20_000), (two.pk, 20_000)], rest_for=one.customer_id, **WHO)


def undo() -> None:
    from amiable.apps.banking.models import Match
    from amiable.apps.banking.services import match_undo

    posted = Match.objects.filter(line__amount_minor=45_000, state="posted")
    match_undo(1, posted.latest("id").pk, **WHO)


def split() -> None:
    from amiable.apps.banking.models import StatementLine
    from amiable.apps.banking.splitting import batch_split

    batch_split(1, StatementLine.objects.get(amount_minor=75_000).pk, **WHO)


ACTS = {f.__name__: f for f in (refund, order, give_up, share, undo, split)}


def inside(execute, sql, params, many, context):
    """Let the decision write all it writes, its last event too, and stay before the commit."""
    result = execute(sql, params, many, context)
    if sql.startswith('INSERT INTO "audit_event"'):
        print("inside", flush=True)
        time.sleep(600)
    return result


def main(done: str, stopped: str = "") -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "amiable.project.settings"
    import django

    django.setup()
    from django.db import connection

    from amiable.apps.audit.queries import broken_invariants

    if done == "load":
        load()
    elif done:
        ACTS[done]()
    assert broken_invariants() == []
    print("ready", flush=True)
    if stopped:
        with connection.execute_wrapper(inside):
            ACTS[stopped]()


if __name__ == "__main__":
    main(*sys.argv[1:])
