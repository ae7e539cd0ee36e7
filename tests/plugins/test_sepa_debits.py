"""The direct debit file: one holder's name in another alphabet does not hold up all the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from amiable.plugins.sepa_debits import Collection, Collector, OrderError, pain008

NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
COLLECTOR = Collector("Ateliers Béranger & Fils", "FR1420041010050500013M02606", "FR72ZZZ123456")
FIRST = Collection(
    "C1-1", 12_345, date(2026, 11, 16), "CORE", "FRST", "AM-00000001", date(2026, 11, 2),
    "Élodie Noël", "FR7630006000011234567890189", "FA-1 Œuvre",
)  # fmt: skip


def texts(content: bytes, tag: str) -> list[str]:
    return [each.text for each in etree.fromstring(content).iter(f"{{*}}{tag}")]


def test_names_of_other_alphabets_are_written_in_signs_that_every_bank_takes():
    greek = replace(FIRST, end_to_end_id="C2-2", holder_name="Δημήτρης", text="//ΑΒ//")
    signs = replace(FIRST, end_to_end_id="C3-3", holder_name="…", text="…")
    content = pain008("AM1", COLLECTOR, collections=[FIRST, greek, signs], now=NOW)
    creditor, *_ = names = texts(content, "Nm")
    assert creditor == "Ateliers Beranger + Fils"
    assert "Elodie Noel" in names
    assert all(name.isascii() and name.strip() for name in names)
    assert texts(content, "Ustrd")[0] == "FA-1 OEuvre"
    assert not any("//" in text for text in texts(content, "Ustrd"))
    assert texts(content, "EndToEndId") == ["C1-1", "C2-2", "C3-3"]
    assert texts(content, "CtrlSum") == ["370.35", "370.35"]


def test_nothing_and_nobody_is_no_file():
    for collections in ([], [replace(FIRST, amount_minor=0)], [replace(FIRST, holder_iban="X")]):
        with pytest.raises(OrderError):
            pain008("AM1", COLLECTOR, collections=collections, now=NOW)
