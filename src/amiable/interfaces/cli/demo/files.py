"""Writes the story as the files a user would have: accounting exports, statements, the truth.

Each file is a Delivery with the day it arrives; `amiable demo` imports it on that day.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from amiable.core.money import major
from amiable.core.workdays import add_workdays, next_workday
from amiable.interfaces.cli.demo import bank, camt, keys, online
from amiable.interfaces.cli.demo.people import Client, Creditor, plain
from amiable.interfaces.cli.demo.story import Bill, Books

CUSTOMER_HEADER = (
    "Code client", "Raison sociale", "Type client", "SIREN", "N° TVA", "Adresse", "Code postal",
    "Ville", "Pays", "E-mail", "Téléphone", "Contact", "Fonction contact", "Délai de paiement",
    "Segment", "Score", "Groupe payeur", "Commercial", "IBAN", "Langue",
)  # fmt: skip
PEOPLE_HEADER = ("Code client", "Raison sociale", "Contact", "Fonction contact", "E-mail")
INVOICE_HEADER = (
    "N° facture", "Type", "Date facture", "Date échéance", "Code client", "Nom client",
    "Montant TTC", "Devise", "Réf commande", "Référence de paiement", "Libellé",
)  # fmt: skip
KINDS = {"company": "Entreprise", "public": "Organisme public", "consumer": "Particulier"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file and the day it arrives; `content` is written to `name` inside the folder.

    `covers` = the last day it speaks of.
    """

    on: date
    kind: Literal["customers", "invoices", "payouts", "statement"]
    name: str
    content: bytes
    covers: date | None = None


def deliveries(story: Books) -> list[Delivery]:
    """Every file of the story in order of arrival; the statement of the day comes last."""
    creditor = Creditor()
    lines = bank.lines(story)
    found = [_customers(story), *_people(story)]
    found += _history(story)
    found += _new_bills(story)
    found += _first_statements(story, creditor, lines)
    found += _daily_statements(story, creditor, lines)
    found += _payouts(story)
    order = {"customers": 0, "invoices": 1, "payouts": 2, "statement": 3}
    return sorted(found, key=lambda d: (d.on, order[d.kind], d.name != "clients.csv", d.name))


def write(found: Iterable[Delivery], folder: Path, *, until: date) -> list[Path]:
    """Write the files that have arrived by `until`; a file already there is left as it is."""
    return [write_one(delivery, folder) for delivery in found if delivery.on <= until]


def write_one(delivery: Delivery, folder: Path) -> Path:
    """Write one file, unless it is there."""
    path = folder / delivery.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(delivery.content)
    return path


def truth(story: Books) -> dict[str, Any]:
    """What only the generator knows, by bank reference and by invoice number; for measuring."""
    return {
        "seed": story.seed,
        "anchor": story.anchor.isoformat(),
        "lines": {
            line.reference: {
                "on": line.on.isoformat(),
                "amount": major(line.amount_minor),
                "nature": line.nature,
                "customer": line.code,
                "pays": {number: major(cents) for number, cents in line.parts},
                "repeats": list(line.repeats),
            }
            for line in bank.lines(story)
        },
        "invoices": {
            bill.number: {
                "customer": bill.code,
                "paid_on": settled.isoformat() if (settled := story.settled_on(bill)) else None,
            }
            for bill in story.bills
            if bill.kind == "invoice"
        },
        "insolvent": {code: on.isoformat() for code, on in story.insolvencies.items()},
        "habits": {client.code: client.habit for client in story.clients.values()},
    }


def write_truth(story: Books, folder: Path) -> Path:
    """truth.json beside the files."""
    path = folder / "truth.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth(story), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _table(header: tuple[str, ...], rows: Iterable[Iterable[str]], encoding: str) -> bytes:
    """A CSV as French accounting software exports it: semicolons, CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def _customers(story: Books) -> Delivery:
    rows = [_customer_cells(client) for client in story.clients.values()]
    content = _table(CUSTOMER_HEADER, rows, "cp1252")
    return Delivery(story.begins, "customers", "clients.csv", content)


def _people(story: Books) -> Iterator[Delivery]:
    """More people at key accounts: one file a function, a customer on one row of each."""
    by_role: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for client in story.clients.values():
        for person in client.colleagues:
            cells = (client.code, client.name, person.name, person.role, person.email)
            by_role[person.role].append(cells)
    for role, rows in by_role.items():
        name = f"contacts-{plain(role).lower().replace(' ', '-')}.csv"
        yield Delivery(story.begins, "customers", name, _table(PEOPLE_HEADER, rows, "cp1252"))


def _customer_cells(client: Client) -> tuple[str, ...]:
    return (
        client.code, client.name, KINDS[client.kind], client.siren, client.vat_number,
        client.street, client.postcode, client.town, "FR", client.email, client.phone,
        client.contact, client.role, client.term, client.segment,
        "" if client.score is None else str(client.score), client.payer_group, client.sales_owner,
        client.iban if client.iban_known else "", "fr",
    )  # fmt: skip


def _french(amount_minor: int) -> str:
    return major(amount_minor).replace(".", ",")


def _bill_cells(story: Books, bill: Bill) -> tuple[str, ...]:
    reference = keys.creditor_reference(bill.number) if bill.kind == "invoice" else ""
    return (
        bill.number, "Avoir" if bill.kind == "credit_note" else "Facture",
        f"{bill.issued:%d/%m/%Y}", f"{bill.due:%d/%m/%Y}", bill.code,
        story.clients[bill.code].name, _french(bill.total_minor), "EUR", bill.order_reference,
        reference, bill.label,
    )  # fmt: skip


def month_ends(first: date, last: date) -> Iterator[date]:
    """Last days of the months from `first`'s on that are before `last`, then `last` itself."""
    day = first
    while True:
        end = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        if end >= last:
            break
        yield end
        day = end + timedelta(days=1)
    yield last


def _history(story: Books) -> Iterator[Delivery]:
    """Exports of the books at the end of each month before the statements begin.

    Each holds the month's bills and those that were open a month earlier, with what is open now:
    that is how older payments come in.
    """
    before = story.begins - timedelta(days=1)
    for end in month_ends(story.begins, story.bank_begins - timedelta(days=1)):
        rows = [
            (*_bill_cells(story, bill), _french(story.open_minor(bill, end)))
            for bill in story.bills
            if bill.issued <= end and (bill.issued > before or story.open_minor(bill, before))
        ]
        content = _table((*INVOICE_HEADER, "Reste dû"), rows, "cp1252")
        if rows:  # a small portfolio has months without a bill
            yield Delivery(end, "invoices", f"factures/{end:%Y-%m-%d}-grand-livre.csv", content)
        before = end


def _new_bills(story: Books) -> Iterator[Delivery]:
    """Bills issued since the last file: by month, then, during the run, by week on Mondays.

    What is issued by the anchor arrives by then, so that a new demo holds all its bills.
    """
    last = story.bank_begins - timedelta(days=1)
    ends = list(month_ends(story.bank_begins, story.run_begins - timedelta(days=1)))
    friday = story.run_begins + timedelta(days=(4 - story.run_begins.weekday()) % 7)
    while friday <= story.ends:
        ends.append(friday)
        friday += timedelta(days=7)
    for end in sorted({*ends, story.anchor}):
        rows = [_bill_cells(story, bill) for bill in story.bills if last < bill.issued <= end]
        arrives = end if end < story.run_begins else add_workdays(end, 1)
        if end <= story.anchor:
            arrives = min(arrives, story.anchor)
        content = _table(INVOICE_HEADER, rows, "utf-8-sig")
        if rows:
            name = f"factures/{end:%Y-%m-%d}-factures.csv"
            yield Delivery(arrives, "invoices", name, content, end)
        last = end


def _first_statements(
    story: Books, creditor: Creditor, lines: list[bank.Line]
) -> Iterator[Delivery]:
    """camt.053.001.02 by month up to the run, and one CFONB120 file of the second bank."""
    last_day = story.run_begins - timedelta(days=1)
    first, balance = story.bank_begins, bank.opening(1)
    for end in month_ends(story.bank_begins, last_day):
        period = [x for x in lines if x.account == 1 and first <= x.on <= end]
        text = camt.camt053(
            version="02", iban=creditor.iban, holder=creditor.name, first=first, last=end,
            opening_minor=balance, lines=period,
        )  # fmt: skip
        yield Delivery(end, "statement", f"banque/{end:%Y-%m-%d}-camt053.xml", text.encode())
        balance += sum(line.amount_minor for line in period)
        first = end + timedelta(days=1)
    text = camt.cfonb120(
        iban=creditor.second_iban,
        first=story.run_begins - timedelta(days=bank.CFONB_DAYS),
        last=last_day,
        opening_minor=bank.opening(2),
        lines=[line for line in lines if line.account == 2],
    )
    name = f"banque/{last_day:%Y-%m-%d}-cfonb120.txt"
    yield Delivery(last_day, "statement", name, text.encode("iso-8859-1"))


def _daily_statements(
    story: Books, creditor: Creditor, lines: list[bank.Line]
) -> Iterator[Delivery]:
    """camt.053.001.08 of each working day of the run; it arrives on the next working day."""
    by_day = bank.by_day(lines, 1)
    balance = bank.opening(1)
    balance += sum(x.amount_minor for x in lines if x.account == 1 and x.on < story.run_begins)
    day = story.run_begins
    while day <= story.ends:
        period = by_day.get(day, [])
        text = camt.camt053(
            version="08", iban=creditor.iban, holder=creditor.name, first=day, last=day,
            opening_minor=balance, lines=period,
        )  # fmt: skip
        balance += sum(line.amount_minor for line in period)
        following = next_workday(day + timedelta(days=1))
        name = f"banque/{day:%Y-%m-%d}-camt053.xml"
        yield Delivery(following, "statement", name, text.encode(), day)
        day = following


def _payouts(story: Books) -> Iterator[Delivery]:
    """The provider's report of each payout; it arrives with the statement that shows the sum."""
    for payout in story.payouts:
        arrives = next_workday(payout.on + timedelta(days=1))
        name = f"prestataire/{payout.on:%Y-%m-%d}-stripe.csv"
        yield Delivery(arrives, "payouts", name, online.report(story, payout), payout.on)
