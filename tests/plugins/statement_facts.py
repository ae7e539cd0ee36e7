"""What the tests of bank formats share: reading a file, and the facts of the corpus."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

from amiable.plugins.base import ReadOptions, ReadResult
from amiable.plugins.registry import plugins
from tests.conftest import CORPUS

SAMPLES = Path(__file__).parents[1] / "samples"


def read(code: str, path: Path) -> ReadResult:
    return plugins("statements")[code].read(path, ReadOptions())


def written(code: str, folder: Path, content: str | bytes, name: str = "f") -> ReadResult:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read(code, folder / name)


def manifest(kind: str) -> list[tuple[str, dict, str]]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "MANIFEST.csv").open(newline="") as file:
        return [
            (row["file"], json.loads(row["expected_facts"]), row["notes"])
            for row in csv.DictReader(file)
            if row["kind"] == kind
        ]


def number(text: str | None) -> Decimal | None:
    """None where nothing is stated."""
    return Decimal(text) if text else None
