"""Readings that look right and are not: what an accountant would stop at, the engine stops at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, Opening
from amiable.core.matching.labels import Finder, tails
from amiable.core.matching.names import sender_tokens

DAY = date(2026, 11, 20)
DUVAL = Customer(1, "Menuiserie Duval SARL", "C1031")
PROXIBAT = Customer(2, "Proxibat Angers", "C1187")
IBAN1 = "FR7630006000011234567890189"
BASE = Opening(items=(), customers=(DUVAL, PROXIBAT), ibans=((IBAN1, 1),))


def item(item_id: int, number: str, open_minor: int, *, customer: int = 1, days: int = -10) -> Item:
    return Item(item_id, customer, number, "EUR", DAY + timedelta(days=days), open_minor)


def decide(amount: int, label: str, *items: Item, credits_=(), **fields) -> Decision:
    given = Line(1, DAY, amount, "EUR", label, **{"payer_iban": IBAN1, **fields})
    opening = replace(BASE, items=items, credits=tuple(credits_))
    (decision,) = decide_all(opening, [given])
    return decision


@pytest.mark.parametrize("written", ["26-0042", "26/0042", "26 0042", "260042"])
def test_a_short_number_is_found_as_it_is_written(written):
    twins = [item(11, "26-0042", 12_000), item(12, "26-0043", 12_000)]
    decision = decide(12_000, f"FACT {written}", *twins)
    assert decision.action == "post"
    assert dict(decision.hypotheses[0].parts) == {11: 12_000}


def test_separators_where_our_numbers_have_none_are_not_read_over():
    finder = Finder(["260042", "4711"])
    finder.add_written("26-0042")
    assert not finder.find("LOT 47 11 PORTE 2-60042")
    assert [found.key for found in finder.find("FACT 26-0042")] == ["260042"]


def test_the_number_of_a_credit_note_is_not_the_end_of_an_invoice():
    assert tails("FACT 4711 MOINS AV218260") == {"4711"}
    assert tails("FACT 4711 AVOIR 218260 RAVEL 218261") == {"4711", "218261"}


@pytest.mark.parametrize(
    ("label", "words", "whole"),
    [
        ("VIR RECU 5604411234S DE: MENUISERIE DUVAL MOTIF: V/CDE 12", ("MENUISERIE", "DUVAL"), True),
        ("VIREMENT EN VOTRE FAVEUR DE MENUISERIE DUVAL", ("MENUISERIE", "DUVAL"), False),
        ("VIR PERMANENT MENUISERIE DUVAL", ("MENUISERIE", "DUVAL"), False),
        ("VIR INST RECU DE: MENUISERIE DUVAL", ("MENUISERIE", "DUVAL"), False),
    ],
)  # fmt: skip
def test_payers_are_read_from_the_labels_of_french_banks(label, words, whole):
    assert sender_tokens(label) == (words, whole)
