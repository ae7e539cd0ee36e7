"""What is read in a label: numbers, ranges, ends, names, and kinds of lines."""

from __future__ import annotations

import time
from datetime import date

import pytest

from amiable.core.matching.facts import Line
from amiable.core.matching.kinds import kind_of
from amiable.core.matching.labels import (
    Finder,
    number_forms,
    numbers_in,
    range_after,
    tails,
)
from amiable.core.matching.names import Names, name_tokens, sender_tokens
from amiable.core.matching.slips import is_near
from amiable.core.matching.sums import is_rare, is_telling, sets_of
from amiable.core.matching.words import names_credit

NUMBERS = ["FA20260042", "FA20260043", "FA20260051"]
FINDER = Finder(NUMBERS, NUMBERS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FACT FA2026-0042 A FA2026-0051", ("FA20260042", "FA20260051")),
        ("FACTURES FA2026-0042 AU 51 MERCI", ("FA20260042", "51")),
        ("FACTFA20260042AUFA20260051", ("FA20260042", "FA20260051")),
        ("FA2026-0042 ET FA2026-0051", None),
        ("FA2026-0051 A FA2026-0042", None),
        ("FA2026-0042", None),
    ],
)
def test_a_range_has_a_first_and_a_last_number(text, expected):
    assert range_after(text, FINDER.find(text)) == expected


def test_a_number_of_our_shape_that_is_none_of_ours_is_told():
    found = FINDER.find("FA2026-0042 ET FA2026-0099")
    assert [(f.key, f.unknown) for f in found] == [("FA20260042", False), ("FA20260099", True)]


@pytest.mark.parametrize(
    ("text", "torn"),
    [
        ("F/2601-0798 1ER VERSEMENT", True),
        ("2601 079 81EME", True),
        ("2601-07981 ER", False),
        ("2601-07981ER", False),
        ("VIR2601-07981ER", False),
        ("2601 07981", False),
    ],
)
def test_a_number_that_ends_within_the_next_word_is_told(text, torn):
    (found,) = Finder(["260107981"]).find(text)
    assert (found.key, found.torn) == ("260107981", torn)


def test_numbers_of_many_shapes_are_still_found():
    keys = [("A" * n + "7" * (20 - n)) for n in range(1, 17)] + [
        ("7" * n + "A" * m + "12345") for n in range(1, 8) for m in range(1, 8)
    ]
    finder = Finder(keys)
    assert [f.key for f in finder.find(f"VIR {keys[3]} ET {keys[40]}")] == [keys[3], keys[40]]


def test_cost_of_a_label_does_not_grow_with_the_numbers_known():
    def seconds(count: int) -> float:
        finder = Finder(f"FA2026{n:06d}" for n in range(count))
        labels = [f"VIR SEPA RECU /DE DUVAL /MOTIF FA2026-{n:06d}" for n in range(300)]
        best = 1.0
        for _ in range(5):
            started = time.perf_counter()
            assert all(finder.find(label) for label in labels)
            best = min(best, time.perf_counter() - started)
        return best

    assert seconds(50_000) < 5 * seconds(500)


def test_a_hostile_label_is_read_in_no_time():
    started = time.perf_counter()
    for text in ("9" * 20_000, "FA2026" * 4_000, "A " * 10_000, "/DE " * 5_000, "1.1" * 7_000):
        FINDER.find(text)
        tails(text)
        names_credit(text)
        kind_of(Line(1, date(2026, 1, 5), 1, "EUR", text))
        sender_tokens(text)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("given", "number", "near"),
    [
        ("FA20260024", "FA20260042", True),
        ("FA20260043", "FA20260042", True),
        ("FA20260402", "FA20260042", True),
        ("FA20262004", "FA20260042", False),
        ("FA2026004", "FA20260042", False),
    ],
)
def test_one_sign_or_two_neighbors_make_a_slip(given, number, near):
    assert is_near(given, number) is near


def test_numbers_are_written_back_in_our_form_to_look_them_up():
    forms = number_forms(["FA2026-0042", "FA2026-0043", "2026/17"])
    assert "FA2026-0099" in numbers_in("REGLT fa 2026.0099 DU 12/11", forms)
    assert "FA2026-0099" in numbers_in("REGLT 20260099", forms)
    assert not numbers_in("LOYER MARS", forms)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("VIR SEPA RECU /DE MENUISERIE DUVAL /MOTIF FACT 12", ("MENUISERIE", "DUVAL")),
        ("VIR INST RECU /DE S.A.R.L. Noël & Fils", ("NOEL", "FILS")),
        ("VIREMENT DE MENUISERIE DUVAL", ("MENUISERIE", "DUVAL")),
        ("PRLV SEPA EDF", ()),
    ],
)
def test_the_payer_is_read_from_a_label(label, words):
    assert sender_tokens(label)[0] == words


def names() -> Names:
    found = Names()
    for i, name in enumerate(
        (
            "Menuiserie Duval SARL",
            "Garage Martin",
            "Martin Frères SA",
            "Boulangerie Lefevre Nantes",
            "Boulangerie Lefevre Rennes",
        ),
        1,
    ):
        found.add(i, name)  # fmt: skip
    return found


def test_names_are_found_exact_reordered_cut_glued_and_misspelt():
    known = names()
    assert known.same(name_tokens("DUVAL MENUISERIE")) == {1}
    assert known.cut(name_tokens("GARAGE MAR")) == {2}
    assert known.glued("VIRSEPARECU/DEMENUISERIEDUVAL/MOTIFFACT12") == {1}
    assert known.close(name_tokens("MENUISREIE DUVAL")) == 1
    assert known.leading(name_tokens("GARAGE MARTIN LOYER MARS")) == {2}


def test_a_name_like_two_customers_is_nobodys():
    known = names()
    assert known.close(name_tokens("BOULANGERIE LEFEVRE")) is None
    assert known.close(name_tokens("MARTIN")) is None
    assert known.cut(name_tokens("BOULANGERIE LEF")) == {4, 5}


@pytest.mark.parametrize(
    ("label", "code", "aside"),
    [
        ("REMISE CB 123456 DU 010226 NB 3", "payout", True),
        ("VIR SEPA RECU /DE STRIPE TECHNOLOGY EUROPE", "payout", True),
        ("VIR SEPA RECU /DE DGFIP /MOTIF REMB CREDIT TVA", "tax", True),
        ("VIR SEPA RECU /DE URSSAF RHONE ALPES", "social", True),
        ("VIR INTERNE COMPTE EPARGNE", "internal", True),
        ("INTERETS CREDITEURS", "interest", True),
        ("REMISE CHEQUE 0012345 NB 3", "cheques", False),
        ("REMISECHEQUE0012345NB3", "cheques", False),
        ("REMISE PRLV SEPA CORE LOT12 NB 9", "debits", False),
        ("REM LCR 12", "bills", False),
    ],
)
def test_lines_of_no_single_customer_have_a_kind(label, code, aside):
    kind = kind_of(Line(1, date(2026, 1, 5), 100, "EUR", label))
    assert kind is not None
    assert (kind.code, kind.aside) == (code, aside)


@pytest.mark.parametrize(
    "label",
    [
        "VIR SEPA RECU /DE DRFIP ILE DE FRANCE /MOTIF MANDAT 1234",
        "VIR SEPA RECU /DE TRESOR PUBLIC NANTES /MOTIF FACT 12",
        "VIR SEPA RECU /DE MENUISERIE DUVAL",
        "VIREMENT REMISE EN ETAT",
    ],
)
def test_public_payers_and_all_others_have_no_kind(label):
    assert kind_of(Line(1, date(2026, 1, 5), 100, "EUR", label)) is None


def test_sets_are_counted_and_chance_is_judged():
    assert sets_of([1_000, 2_000, 3_000], 3_000).count == 2
    only = sets_of([123_456, 77_701, 5_499], 83_200)
    assert (only.members, only.count) == ((1, 2), 1)
    assert only.rare
    assert sets_of([123_456, 77_701], 1).count == 0
    prices = sets_of([12_000, 24_000, 36_000], 48_000)
    assert prices.count == 1
    assert not prices.rare
    many = [10_007 + 1_013 * n for n in range(40)]
    assert sets_of(many, sum(many) // 2) is None
    assert is_rare(many, sum(many[:20]), choices=40)
    assert not is_rare([12_000] * 39 + [7], 24_000, choices=40)
    assert is_telling([1_000, 2_000], 2_000, choices=1)


@pytest.mark.parametrize("text", ["AVOIR 12", "AV2026-0009", "DEDUCTION RETENUE", "NOTE DE CREDIT"])
def test_a_text_that_speaks_of_a_credit_is_heard(text):
    assert names_credit(f"FA2026-0042 {text}")
    assert not names_credit("FA2026-0042 AVANCE TRAVAUX")
