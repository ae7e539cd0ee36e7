"""Statements in ZIP files: one or many, per member; bombs, nesting and passwords refused."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import SAMPLES, read


def packed(folder: Path, members: dict[str, bytes], name: str = "releves.zip") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_members_of_several_formats_are_read_and_reported(tmp_path):
    path = packed(tmp_path, {
        "2026/camt.xml": sample("camt053/details.xml"),
        "2026/releve.sta": sample("mt940/releve.sta"),
        "banque.csv": sample("statement_csv/banque-a.csv"),
        "releve.pdf": b"%PDF-1.7",
        "__MACOSX/._releve": b"x",
        "vide/": b"",
    })  # fmt: skip
    found = read_file(path)
    assert (found.kind, found.format, found.errors) == ("statement", "zip", ())
    assert len(found.statements) == 4
    assert [(m["name"], m["format"], m["statements"]) for m in found.summary["members"]] == [
        ("2026/camt.xml", "camt053", 1),
        ("2026/releve.sta", "mt940", 2),
        ("banque.csv", "statement_csv", 1),
    ]
    assert [s["member"] for s in found.summary["statements"]][-1] == "banque.csv"
    assert [(w.code, w.column) for w in found.warnings] == [("zip.passed_over", "releve.pdf")]
    assert found.statements[1:3] == read("mt940", SAMPLES / "mt940" / "releve.sta").statements


def test_the_sample_of_ours_is_read_whole():
    found = read_file(SAMPLES / "zip" / "releves.zip")
    assert found.errors == ()
    assert {member["format"] for member in found.summary["members"]} == {
        "camt053", "mt940", "ofx", "cfonb120", "statement_csv",
    }  # fmt: skip
    assert len(found.summary["statements"]) == len(found.statements)


def test_one_bad_member_refuses_the_file_and_is_named(tmp_path):
    bad = sample("mt940/releve.sta").replace(b"1252,23NTRF", b"12S2,23NTRF")
    path = packed(tmp_path, {"bon.xml": sample("camt053/details.xml"), "mauvais.sta": bad})
    found = read_file(path)
    assert not found.statements
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (6, "mauvais.sta · 61", "statement.bad_amount")
    ]
    assert [m["errors"] for m in found.summary["members"]] == [0, 1]


def test_an_unknown_member_is_an_error_and_an_empty_file_holds_no_statement(tmp_path):
    unknown = read_file(packed(tmp_path, {"notes.txt": b"bonjour"}))
    assert [(e.column, e.code) for e in unknown.errors] == [("notes.txt", "file.columns_missing")]
    assert [e.code for e in read_file(packed(tmp_path, {})).errors] == ["statement.none"]


def test_nested_files_are_refused(tmp_path):
    inner = packed(tmp_path, {"a.xml": sample("camt053/details.xml")}, "inner.zip").read_bytes()
    found = read_file(packed(tmp_path, {"inner.zip": inner}))
    assert [(e.column, e.code) for e in found.errors] == [("inner.zip", "zip.nested")]


def test_bombs_are_refused_unopened(tmp_path):
    found = read_file(packed(tmp_path, {"zeros.xml": b"\0" * 30_000_000}))
    assert [error.code for error in found.errors] == ["zip.bomb"]
    many = read_file(packed(tmp_path, {f"{n}.xml": b"" for n in range(501)}))
    assert [error.code for error in many.errors] == ["zip.too_many"]


def test_a_hostile_member_and_a_path_of_a_member_do_nothing(tmp_path):
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>'
    found = read_file(packed(tmp_path, {"../../etc/evil.xml": bomb}))
    assert [(e.column, e.code) for e in found.errors] == [
        ("../../etc/evil.xml", "file.xml_hostile")
    ]
    assert sorted(tmp_path.iterdir()) == [tmp_path / "releves.zip"]


def test_a_password_and_damage_are_told(tmp_path):
    path = packed(tmp_path, {"a.xml": sample("camt053/details.xml")})
    content = bytearray(path.read_bytes())
    locked = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", locked, locked.index(mark) + at, 1)
    path.write_bytes(locked)
    assert [error.code for error in read_file(path).errors] == ["zip.password"]
    content[60] ^= 0xFF
    path.write_bytes(content)
    assert [error.code for error in read_file(path).errors] == ["zip.broken"]
    path.write_bytes(bytes(content[:200]))
    assert [error.code for error in read_file(path).errors] == ["zip.broken"]


def test_a_workbook_is_no_zip_of_statements():
    content = (SAMPLES / "invoices_xlsx" / "factures.xlsx").read_bytes()
    assert zipfile.is_zipfile(io.BytesIO(content))
    assert read_file(SAMPLES / "invoices_xlsx" / "factures.xlsx").format == "invoices_xlsx"


def test_a_notice_is_told_and_what_windows_adds_is_not(tmp_path):
    found = read_file(packed(tmp_path, {
        "releve.sta": sample("mt940/releve.sta"),
        "LISEZ-MOI.txt": b"Vos releves du mois.",
        "Thumbs.db": b"\xd0\xcf\x11\xe0" + b"x" * 100,
        "Desktop.ini": b"[.ShellClassInfo]",
    }))  # fmt: skip
    assert found.errors == ()
    assert [(w.code, w.column) for w in found.warnings] == [("zip.passed_over", "LISEZ-MOI.txt")]
    unknown = packed(tmp_path, {"a.sta": sample("mt940/releve.sta"), "b.txt": b"Vos releves"})
    assert [error.column.split(" ")[0] for error in read_file(unknown).errors] == ["b.txt"]


def test_a_member_without_a_name_is_damage(tmp_path):
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"content")
    content = path.read_bytes()
    at = content.rindex(b"PK\x01\x02")
    named = bytearray(content)
    named[at + 28 : at + 30] = b"\0\0"  # the length of the name in the directory
    del named[at + 46]
    end = named.rindex(b"PK\x05\x06")
    named[end + 12 : end + 16] = (end - at).to_bytes(4, "little")
    path.write_bytes(named)
    found = read_file(path, kind="statement")
    assert [error.code for error in found.errors] == ["zip.broken"]
