"""Direct debits of the demo: mandates given, collections announced, filed, booked, some unpaid.

What the bank books bears references that only the books know, so these statements are written as
the days are lived; they are of an account of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from amiable.core.workdays import add_workdays
from amiable.interfaces.cli.demo import bank, camt, doors, files, portal
from amiable.interfaces.cli.demo.people import Creditor
from amiable.interfaces.cli.demo.profiles import DEBITED
from amiable.interfaces.cli.demo.remittance import Remittance
from amiable.interfaces.cli.demo.story import Books

if TYPE_CHECKING:
    from amiable.apps.payments.debits.queries import DebitRow

ACTOR = "Marc Ferrand"
OPENING_MINOR = 0
FILED_AT = time(11, 5)
# Working days after which an unpaid debit comes back; of the latest, files are the visitor's.
BACK_AFTER, LEFT_FILES = 3, 3
AHEAD = timedelta(days=3)  # no file is made of what is to be handed over later
# Why they come back: the first for want of funds, then paid; the latest, for good.
FIRST_REASON, LATEST_REASON, LATEST = "AM04", "AC04", timedelta(days=31)


def sign(organization_id: int, story: Books, *, since: date, day: date) -> None:
    """The mandates of the story: one on the payment page, the others on paper."""
    if not since < story.mandated_on <= day:
        return
    for place, client in enumerate(c for c in story.clients.values() if c.part in DEBITED):
        if place == 0:
            portal.give_mandate(organization_id, client, on=day)
        else:
            _on_paper(organization_id, client.code, name=client.name, iban=client.iban, on=day)


def hand_over(organization_id: int, *, day: date, last: date) -> None:
    """Make the file of what is to go to the bank today, until the latest days."""
    from amiable.apps.cases.services import CaseError
    from amiable.apps.dunning.debiting.filing import debit_file_make
    from amiable.apps.payments.debits.queries import collecting_creditors, debits_page

    announced = debits_page(organization_id, tab="announced", limit=10_000)
    soon = any(row.submit_by <= day + AHEAD for row in announced)
    if day > add_workdays(last, -LEFT_FILES) or not soon:
        return
    now = doors.local(datetime.combine(day, FILED_AT))
    for creditor_id, _, _ in collecting_creditors(organization_id):
        try:
            debit_file_make(organization_id, creditor_id, now=now, actor=ACTOR)
        except CaseError as error:
            if error.sentence.code != "debit_file.nothing":
                raise


def booked(organization_id: int, story: Books, folder: Path, *, day: date) -> Path | None:
    """The statement of what the bank booked before today, written; None = nothing new."""
    from amiable.apps.payments.debits.queries import debits_page

    collected = debits_page(organization_id, tab="collected", limit=10_000)
    lines = list(_collections(organization_id, day)) + list(_returns(story, collected, day))
    if not lines:
        return None
    lines.sort(key=lambda line: (line.on, line.reference))
    creditor = Creditor()
    text = camt.camt053(
        version="08", iban=creditor.debit_iban, holder=creditor.name, first=lines[0].on,
        last=add_workdays(day, -1), lines=lines,
        opening_minor=OPENING_MINOR + sum(row.amount.amount_minor for row in collected),
    )  # fmt: skip
    name = f"banque/{day:%Y-%m-%d}-prelevements.xml"
    return files.write_one(files.Delivery(day, "statement", name, text.encode()), folder)


def _on_paper(organization_id: int, code: str, *, name: str, iban: str, on: date) -> None:
    from amiable.apps.customers.queries import ids_by_code
    from amiable.apps.payments.debits.mandates import MandateIn, mandate_sign

    signed = MandateIn(
        customer_id=ids_by_code(organization_id, [code])[code], holder_name=name[:70],
        holder_iban=iban, signed_on=on, signed_how="paper",
    )  # fmt: skip
    mandate_sign(organization_id, signed, on=on, actor=ACTOR, case_id=None)


def _collections(organization_id: int, day: date) -> Iterator[bank.Line]:
    from amiable.apps.payments.debits.queries import debits_page

    for row in debits_page(organization_id, tab="sent", limit=10_000):
        if row.collect_on < day:
            yield _line(row, row.collect_on)


def _returns(story: Books, collected: list[DebitRow], day: date) -> Iterator[bank.Line]:
    """Of "unpaid" customers the first collection comes back, and that of the latest month."""
    names = {client.name for client in story.clients.values() if client.part == "unpaid"}
    for row in collected:
        on = add_workdays(row.collect_on, BACK_AFTER)
        first, latest = row.sequence == "FRST", row.collect_on > story.anchor - LATEST
        if row.customer not in names or row.attempt > 1 or not (first or latest) or on >= day:
            continue
        back = _line(row, on)
        yield replace(
            back, reference=f"{back.reference}R", amount_minor=-back.amount_minor,
            nature="debit_return", label=f"PRLV SEPA IMPAYE {row.reference}",
            return_reason=FIRST_REASON if first else LATEST_REASON,
        )  # fmt: skip


def _line(row: DebitRow, on: date) -> bank.Line:
    return bank.Line(
        reference=f"P{row.reference}"[:34],
        on=on,
        amount_minor=row.amount.amount_minor,
        nature="debit",
        label=f"REMISE PRLV SEPA {row.reference}",
        name=row.customer.upper()[:70],
        remit=Remittance(" ".join(row.numbers), "", row.reference),
        mandate=row.mandate,
    )
