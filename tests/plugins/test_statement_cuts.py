"""A file that was cut, wherever, is refused or told: no movement is lost without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from amiable.plugins.base import ReadOptions, ReadResult
from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import SAMPLES

FILES = ("mt940/releve.sta", "ofx/releve.ofx", "ofx/releve-xml.ofx")
HEAD = ":20:A\n:25:FR1\n:28C:1/1\n:60F:C261030EUR0,\n"
LINE = ":61:261030C1,NTRFX\n:86:VIR DUPONT FA-1\n"


def read(path: Path, content: bytes) -> ReadResult:
    path.write_bytes(content)
    return read_file(path, ReadOptions(), kind="statement")


def facts(result: ReadResult) -> list[tuple[object, ...]]:
    return [
        (each.account, each.closing_minor, *((e.amount_minor, e.label) for e in each.entries))
        for each in result.statements
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_cut_is_refused_or_told_or_loses_no_part_of_a_statement(name: str, tmp_path: Path):
    content = (SAMPLES / name).read_bytes()
    path = tmp_path / f"cut{Path(name).suffix}"
    whole = facts(read(path, content))
    refused = 0
    ends = range(1, len(content), max(1, len(content) // 400))
    for end in ends:
        result = read(path, content[:end])
        refused += bool(result.errors)
        sums = [each["balances_hold"] for each in result.summary.get("statements", ())]
        if not result.errors and not result.warnings and False not in sums:
            # Messages of MT940 stand alone: those that came whole are whole.
            assert facts(result) == whole[: len(result.statements)], content[end - 40 : end]
    assert refused > len(ends) // 2


def test_mt940_says_where_it_was_cut_and_what_it_cannot_tell(tmp_path: Path):
    cut = read(tmp_path / "m.sta", f"{HEAD}{LINE}"[:-4].encode())
    assert [(e.line, e.column, e.code) for e in cut.errors] == [(6, "62F", "mt940.cut")]
    told = read(tmp_path / "m.sta", f"{HEAD}{LINE}".encode())
    assert [(w.line, w.column, w.code) for w in told.warnings] == [(1, "62F", "mt940.no_closing")]
    assert len(list(told.statements[0].entries)) == 1
    ended = read(tmp_path / "m.sta", f"{HEAD}{LINE}:62F:C261030EUR1,".encode())
    assert (ended.errors, ended.warnings) == ((), ())


def test_ofx_without_its_end_is_told_when_its_statements_are_whole(tmp_path: Path):
    content = (SAMPLES / "ofx/releve.ofx").read_bytes()
    told = read(tmp_path / "o.ofx", content[: content.upper().rindex(b"</OFX")])
    assert [warning.code for warning in told.warnings] == ["ofx.no_end"]
    assert facts(told) == facts(read(tmp_path / "o.ofx", content))
    cut = read(tmp_path / "o.ofx", content[: content.upper().index(b"</STMTTRN>")])
    assert [error.code for error in cut.errors] == ["ofx.cut"]
