"""Large sets of ids and rows, in one statement on either database.

`field__among=ids` is `IN` with the whole list as one parameter: no limit on its length, and no
cost per id in the query builder (measured: a fifth of a planning night went there).
`rows_insert` is COPY on PostgreSQL and executemany on SQLite, several times faster than building
instances; constraints and triggers hold as always.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Field,
    ForeignKey,
    JSONField,
    Lookup,
    Model,
    TextField,
)

AT_ONCE = 5000


@Field.register_lookup
@ForeignKey.register_lookup
class Among(Lookup):  # type: ignore[type-arg]
    """Integers or texts in a collection: json_each on SQLite, = ANY(array) on PostgreSQL.

    Sets are cheaper than lists, which Django walks through looking for expressions.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """PostgreSQL, and any other database that has arrays."""
        left, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        is_text = isinstance(self.lhs.output_field, CharField | TextField)
        # Small numbers would travel as int4[], which PostgreSQL compares with a bigint column one
        # by one; the same type on both sides is hashed (100,000 ids: 25 s became less than one).
        kind = "text" if is_text else "bigint"
        return f"{left} = ANY(%s::{kind}[])", [*params, values]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """SQLite has no arrays; its JSON table function is always there."""
        left, params = self.process_lhs(compiler, connection)
        ids = json.dumps(list(self.rhs))
        return f"{left} IN (SELECT value FROM json_each(%s))", [*params, ids]  # noqa: S608


def ids_reserve(model: type[Model], count: int) -> Sequence[int]:
    """Primary keys that no other writer will get. Call inside a transaction that then uses them."""
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(s.name) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass"
                " AS name OFFSET 0) s, generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # An immediate transaction holds the only write lock, so nobody else reads the same number.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return range(first, first + count)


def rows_insert(model: type[Model], names: Sequence[str], *, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of plain values in the order of `names` (attribute names such as customer_id)."""
    fields = [_field(model, name) for name in names]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(field.column) for field in fields)
    converters = [(i, c) for i, field in enumerate(fields) if (c := _converter(field))]
    values = (_converted(row, converters) for row in rows) if converters else rows
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
            # In pieces: Django looks at the first row of each call by a copy that keeps all others.
            rest = iter(values)
            while some := list(islice(rest, AT_ONCE)):
                cursor.executemany(statement, some)


def _field(model: type[Model], name: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == name)


def _converter(field: Any) -> Callable[[Any], Any] | None:
    if isinstance(field, JSONField):
        return json.dumps
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, DateField):
        return lambda day: None if day is None else day.isoformat()
    return None


def _converted(
    row: Sequence[Any], converters: Sequence[tuple[int, Callable[[Any], Any]]]
) -> list[Any]:
    values = list(row)
    for index, convert in converters:
        values[index] = convert(values[index])
    return values
