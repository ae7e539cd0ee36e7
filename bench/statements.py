"""A camt.053 file of a million entries let in, end to end, against a bare parse of the same file.

Memory is the peak of the process that imports (VmHWM), which does nothing else.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

ENTRIES = 1_000_000
TODAY = date(2026, 11, 20)
IBAN = "FR1420041010050500013M02606"


def run(entries: int = ENTRIES) -> list[dict[str, Any]]:
    """Write the file, parse it bare, import it twice; one row per measurement."""
    from amiable.apps.tenants.services import creditor_create, organization_create

    organization = organization_create(slug="bench-statement", name="Bench")
    creditor_create(organization.id, code="main", name="Bench", iban=IBAN)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement.xml"
        write_file(path, entries)
        size = path.stat().st_size / 1_000_000
        bare = _bare_parse(path, entries)
        first, again = _imported(path), _imported(path)
    if first["counts"]["lines"] != entries or again["counts"]["lines"]:
        raise RuntimeError(f"the benchmark's own file was not taken: {first}, {again}")
    reference = f"bare parse of the same {size:.0f} MB: {bare:.1f} s"
    return [
        {
            "name": f"{what} {entries:,} camt entries: {told['queries']:,} queries, "
            f"peak {told['peak_mib']} MiB",
            "value": round(told["seconds"], 1),
            "unit": "s",
            "reference": reference,
            "ratio": round(told["seconds"] / bare, 2),
        }
        for what, told in (("import", first), ("import again the same", again))
    ]


def write_file(path: Path, entries: int) -> None:
    """One statement that adds up, of fixed seed; one entry in five is like the one before."""
    dice = random.Random(20261120)
    total, cents, name = 0, 0, ""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:'
            'xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S1</Id>'
            f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        )
        stream.write(_balance("OPBD", 0, TODAY - timedelta(30)))
        for number in range(entries):
            if number % 5:
                cents, name = dice.randrange(1_000, 900_000), f"Société {dice.randrange(20_000)}"
            total += cents
            stream.write(
                _entry(number, cents, name, TODAY - timedelta(30 - number * 30 // entries))
            )
        stream.write(_balance("CLBD", total, TODAY))
        stream.write("</Stmt></BkToCstmrStmt></Document>\n")


def _balance(code: str, cents: int, on: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{on}</Dt></Dt></Bal>\n"
    )


def _entry(number: int, cents: int, name: str, on: date) -> str:
    amount = f'<Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    reference = "" if number % 5 == 0 else f"<EndToEndId>E2E{number}</EndToEndId>"
    return (
        f"<Ntry>{amount}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{on}</Dt></BookgDt>"
        f"<ValDt><Dt>{on}</Dt></ValDt><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        "<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>"
        f"<Refs>{reference}</Refs><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>FACTURE FA{number % 70_000:07d}</Ustrd></RmtInf></TxDtls></NtryDtls>"
        "</Ntry>\n"
    )


def _bare_parse(path: Path, entries: int) -> float:
    """Seconds of a loop that only parses the file and counts its entries."""
    started, count = time.perf_counter(), 0
    for _, element in etree.iterparse(str(path), tag="{*}Ntry"):
        count += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    if count != entries:
        raise RuntimeError(f"{count} entries instead of {entries}")
    return time.perf_counter() - started


def _imported(path: Path) -> dict[str, Any]:
    """The import in a process of its own, on the same database."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.statements", str(path)],
        env=os.environ.copy(), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _import(path: Path) -> dict[str, Any]:
    """Import a file here and now: seconds, queries, peak of memory, what was counted."""
    import django

    django.setup()
    from django.db import connection
    from django.utils import timezone

    from amiable.apps.insights.intake import file_import
    from amiable.apps.tenants.queries import organization

    asked: Counter[str] = Counter()

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked["queries"] += 1
        return execute(sql, params, many, context)

    started = time.perf_counter()
    with connection.execute_wrapper(counted):
        result = file_import(
            organization("bench-statement"), "statement", source=path, filename=path.name,
            now=timezone.now(), actor="bench", progress=lambda _, __: None,
        )  # fmt: skip
    seconds = time.perf_counter() - started
    peak = next(
        int(line.split()[1]) // 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    counts = dict(result.counts)
    return {"seconds": seconds, "peak_mib": peak, "queries": asked["queries"], "counts": counts}


if __name__ == "__main__":
    print(json.dumps(_import(Path(sys.argv[1]))))
