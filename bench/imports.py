"""Import of 100,000 CSV invoices: reading, and reading with entering, against a bare load.

The reference writes the very rows the import wrote into the same tables of the same database, in
one transaction, without reading or checking a file: executemany on SQLite, COPY on PostgreSQL.
"""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

INVOICES = 100_000
CUSTOMERS = 10_000
TODAY = date(2026, 11, 20)
_HEADER = (
    "Code client", "Nom client", "SIREN", "E-mail", "Téléphone", "Adresse", "Code postal", "Ville",
    "N° facture", "Date facture", "Échéance", "Montant TTC", "Solde", "Devise",
)  # fmt: skip
# Far above any id of a run, so that the same rows fit beside themselves.
_SHIFT = 500_000_000


def run(invoices: int = INVOICES, customers: int = CUSTOMERS) -> list[dict[str, Any]]:
    """Write the file, import it twice, and load the same rows bare; three results."""
    from amiable.apps.imports.services import import_run
    from amiable.apps.tenants.services import creditor_create, organization_create
    from amiable.plugins.sniffing import read_file

    organization = organization_create(slug=f"bench-import-{invoices}", name="Bench")
    creditor_create(organization.id, code="main", name="Bench")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "invoices.csv"
        write_file(path, invoices, customers)
        reading = _timed(lambda: read_file(path, kind="invoices"))
        first, again = (
            _timed(
                lambda: import_run(
                    organization,
                    "invoices",
                    source=path,
                    filename=path.name,
                    on=TODAY,
                    actor="bench",
                    full=True,
                )
            )
            for _ in range(2)
        )
    bare, rows = _bare_load(organization.id)
    reference = f"bare load of the same {rows} rows: {bare:.2f} s"
    return [
        {"name": name, "value": round(seconds, 2), "unit": "s", "reference": reference,
         "ratio": round(seconds / bare, 2)}
        for name, seconds in (
            (f"read {invoices} invoices (CSV), no database", reading),
            (f"import {invoices} invoices (CSV), empty database", first),
            (f"import the same {invoices} invoices again: nothing changes", again),
        )
    ]  # fmt: skip


def write_file(path: Path, invoices: int, customers: int) -> None:
    """A CSV of invoices with fixed seed; one in five is paid, one in ten partly."""
    dice = random.Random(20261120)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(_HEADER)
        for number in range(invoices):
            code = dice.randrange(customers)
            cents = dice.randrange(1_000, 900_000)
            issued = date(2026, 1, 1) + timedelta(days=dice.randrange(320))
            left = (0, 0, cents // 2, *[cents] * 7)[number % 10]
            writer.writerow([
                f"C{code:05}", f"Société {code}", "732829320", f"compta@c{code}.example",
                "01 42 68 53 00", f"{code} rue du Port", "44000", "Nantes", f"FA{number:07}",
                f"{issued:%d/%m/%Y}", f"{issued + timedelta(days=30):%d/%m/%Y}",
                _french(cents), _french(left), "EUR",
            ])  # fmt: skip


def _french(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _timed(work: Any) -> float:
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    if result.errors:
        raise RuntimeError(f"the benchmark's own file was refused: {result.errors[:3]}")
    return seconds


def _bare_load(organization_id: int) -> tuple[float, int]:
    """(seconds, rows) of writing the organization's rows once more, as another organization."""
    from django.db import connection, transaction

    from amiable.apps.tenants.services import creditor_create, organization_create

    other = organization_create(slug=f"bench-bare-{organization_id}", name="Bare")
    creditor = creditor_create(other.id, code="main", name="Bare")
    fixed = {"organization_id": other.id, "creditor_id": creditor.id}
    tables = [
        (table, *_shifted(table, organization_id, fixed))
        for table in ("customers_customer", "customers_contactpoint", "receivables_invoice",
                      "receivables_installment", "receivables_entry", "cases_case")
    ]  # fmt: skip
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns, rows in tables:
            _load(cursor, table, columns, rows)
    seconds = time.perf_counter() - started
    return seconds, sum(len(rows) for _, _, rows in tables)


def _shifted(
    table: str, organization_id: int, fixed: dict[str, int]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(columns, rows) of a table, with every id moved so that nothing collides."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE organization_id = %s", [organization_id])
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    moved = {
        i for i, name in enumerate(columns)
        if (name == "id" or name.endswith("_id")) and name not in fixed
    }  # fmt: skip
    constant = {i: fixed[name] for i, name in enumerate(columns) if name in fixed}
    return columns, [tuple(_moved(row, moved, constant)) for row in rows]


def _moved(row: Sequence[Any], moved: set[int], constant: dict[int, int]) -> Iterator[Any]:
    for index, value in enumerate(row):
        if index in constant:
            yield constant[index]
        else:
            yield value + _SHIFT if index in moved and value is not None else value


def _load(cursor: Any, table: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    from django.db import connection

    names = ", ".join(f'"{column}"' for column in columns)
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
