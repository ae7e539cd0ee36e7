"""docs/howto/add-a-bank-format.md, followed to the letter: a package of somebody else is read."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from amiable.plugins.registry import plugins
from amiable.plugins.sniffing import read_file

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "add-a-bank-format.md"
FILE = {
    "iban": "FR1420041010050500013M02606",
    "currency": "EUR",
    "movements": [
        {"id": "1", "day": "2026-10-30", "amount": "1252.23", "label": "FA20260042", "from": "DUPONT"},
        {"id": "2", "day": "2026-10-31", "amount": "-9.50", "label": "frais"},
    ],
}  # fmt: skip


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOWTO.read_text("utf-8"), flags=re.S)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package of the howto as pip leaves it: a module and its .dist-info."""
    (tmp_path / "amiable_neobank.py").write_text(blocks("python")[0], "utf-8")
    points = tomllib.loads(blocks("toml")[0])["project"]["entry-points"]
    info = tmp_path / "amiable_neobank-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: amiable-neobank\nVersion: 1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in found.items())
             for group, found in points.items()]  # fmt: skip
    (info / "entry_points.txt").write_text("".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    plugins.cache_clear()
    yield
    plugins.cache_clear()
    sys.modules.pop("amiable_neobank", None)
    importlib.invalidate_caches()


@pytest.mark.usefixtures("installed")
def test_a_format_from_another_package_is_sniffed_and_read(tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(FILE))
    found = read_file(path)
    assert (found.format, found.errors) == ("neobank_json", ())
    assert [entry.amount_minor for entry in found.statements[0].entries] == [125_223, -950]
    assert found.summary["statements"][0]["balances_hold"] is None


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "12,5x"}, "statement.bad_amount"),
        ({"amount": "1.234"}, "statement.decimals"),
        ({"day": "30/10/2026"}, "statement.bad_date"),
    ],
)
def test_its_defects_are_refused_with_their_line(tmp_path, change, code):
    path = tmp_path / "export.json"
    movements = [FILE["movements"][0], {**FILE["movements"][1], **change}]
    path.write_text(json.dumps({**FILE, "movements": movements}))
    found = read_file(path)
    assert [(error.line, error.code) for error in found.errors] == [(2, code)]
    assert not found.statements
