"""Run the benchmarks, each in its own process on its own empty database; write docs/benchmarks.md.

A run of some of them renews their rows and leaves the others, each with the day it was taken.
`python -m bench [--only NAME] [--database sqlite|postgresql] [--json] [--no-write]`
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from scripts.postgres import postgres_server

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "benchmarks.md"
ROWS = REPORT.with_suffix(".json")
MODULES = (
    "imports", "statements", "planning", "matching", "messages", "figures", "pages",
    "experiments",
    "simulation", "portal",
)  # fmt: skip
DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Run what is asked for; returns 1 when a benchmark failed."""
    options = _options()
    if options.inside:
        print(json.dumps(_run_inside(options.inside)))
        return 0
    rows: list[dict[str, Any]] = []
    on = date.today().isoformat()
    failed = []
    for database in options.database or DATABASES:
        for name in options.only or MODULES:
            print(f"{name} on {database} ...", file=sys.stderr, flush=True)
            try:
                rows += [
                    {"database": database, "module": name, "on": on, **row}
                    for row in _run(name, database)
                ]
            except subprocess.CalledProcessError:
                failed.append(f"{name} on {database}")
    document = {"machine": machine(), "on": on, "results": rows}
    if not failed and not options.no_write:
        kept = renewed(json.loads(ROWS.read_text("utf-8"))["results"], rows)
        whole = {**document, "results": kept}
        ROWS.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
        REPORT.write_text(markdown(whole), "utf-8")
    if options.as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print(markdown(document))
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return 1 if failed else 0


def renewed(before: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of before, those of the modules and databases just run replaced."""
    run = {(row["database"], row["module"]) for row in rows}
    kept = [row for row in before if (row["database"], row["module"]) not in run] + rows
    return sorted(kept, key=lambda r: (r["database"] != "sqlite", MODULES.index(r["module"])))


def machine() -> dict[str, Any]:
    """What the numbers were taken on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor() or "unknown",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu,
        "memory_gib": round(memory),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def markdown(document: dict[str, Any]) -> str:
    """The report as a table, one row per measurement."""
    where = document["machine"]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Each value stands beside a reference taken in the same run on",
        "the same machine; compare ratios, not absolute values.",
        "",
        f"{document['on']}, {where['cores']} cores of {where['cpu']}, {where['memory_gib']} GiB, "
        f"{where['system']}, Python {where['python']}.",
        "",
        "| what | database | value | reference | ratio | taken on |",
        "|---|---|---:|---|---:|---|",
    ]
    lines += [
        f"| {row['name']} | {row['database']} | {_number(row['value'])} {row['unit']} | "
        f"{row['reference']} | {_number(row['ratio'])} | {row['on']} |"
        for row in document["results"]
    ]
    return "\n".join([*lines, ""])


def _number(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    return "" if value is None else str(value)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=MODULES, help="run only this one")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one")
    parser.add_argument("--json", dest="as_json", action="store_true", help="one JSON document")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.* alone")
    parser.add_argument("--inside", choices=MODULES, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(name: str, database: str) -> list[dict[str, Any]]:
    """One module in its own process on an empty database."""
    with _empty_database(database) as environment:
        done = subprocess.run(
            [sys.executable, "-m", "bench", "--inside", name],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


@contextmanager
def _empty_database(database: str) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="amiable-bench-") as folder:
        environment = {
            **os.environ,
            "AMIABLE_VAR": folder,
            "AMIABLE_SMTP_URL": "",
            "DJANGO_SETTINGS_MODULE": "amiable.project.settings",
        }
        if database == "sqlite":
            yield {**environment, "AMIABLE_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3"}
            return
        with postgres_server() as url:
            yield {**environment, "AMIABLE_DATABASE_URL": url}


def _run_inside(name: str) -> list[dict[str, Any]]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    rows: list[dict[str, Any]] = importlib.import_module(f"bench.{name}").run()
    return rows


if __name__ == "__main__":
    sys.exit(main())
