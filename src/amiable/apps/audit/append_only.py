"""Triggers that refuse UPDATE and DELETE on a table. They only refuse, they never compute."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def refuse_changes(table: str) -> migrations.RunPython:
    """Migration operation: make `table` append-only on SQLite and PostgreSQL."""

    def install(_: Any, schema_editor: Any) -> None:
        for statement in _statements(table, schema_editor.connection.vendor):
            schema_editor.execute(statement)

    def remove(_: Any, schema_editor: Any) -> None:
        for verb in ("update", "delete"):
            suffix = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{suffix}")

    return migrations.RunPython(install, remove)


def _statements(table: str, vendor: str) -> list[str]:
    if vendor == "sqlite":
        # A table that SQLite rebuilt for a new column has lost its triggers; others keep theirs.
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("update", "delete")
        ]
    function = (
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; "
        f"END $$"
    )
    return [function] + [
        f"CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        for verb in ("update", "delete")
    ]
