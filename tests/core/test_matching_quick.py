"""The quick ways of the matching engine answer just as the plain ones they stand for."""

from __future__ import annotations

import re
from bisect import insort
from dataclasses import replace
from datetime import date, timedelta

import pytest
from bench.matching.engine import Engine, facts_of
from bench.matching.facts import Answer, BankLine
from bench.matching.profiles import PROFILES
from bench.matching.replay import run
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.allocation import Debt, allocate
from amiable.core.matching import kinds, labels
from amiable.core.matching import words as said
from amiable.core.matching.amounts import FEWEST_BEFORE, without_amount
from amiable.core.matching.book import Book
from amiable.core.matching.engine import by_readings, view_of
from amiable.core.matching.facts import (
    Customer,
    Decision,
    Hypothesis,
    Item,
    Line,
    Opening,
    Terms,
)
from amiable.core.matching.named import decide_named
from amiable.core.matching.names import ALIKE, Names, name_likeness, name_tokens
from amiable.core.matching.slips import is_near
from amiable.core.matching.sums import sets_of
from amiable.core.matching.view import oldest_first

DAY = date(2026, 3, 2)
# fmt: off
PIECES = st.sampled_from([
    "AV", "AVOIR", "OIR", "CREDIT", "NOTE", "DE", "NC", "DEDUCTION", "DEDUIT", "RETENUE", "VERS",
    "COMPENSATION", "ACOMPTE", "PARTIEL", "1", "2", "12", "1ER", "2E", "EME", "VERSEMENT", "DEVIS",
    "DIVERSES", "ARRHES", "PRO", "FORMA", "/", "1/2", "3/4/5", "0042", "12345", "1234567", "é", "-",
    "FA2026-0042", "02/03/2026", "1.234,56",
])
# fmt: on
# fmt: off
KIND_PIECES = st.sampled_from([
    "DGFIP", "DDFIP", "IMPOT", "REMB", "CREDIT", "TVA", "URSSAF", "AGIRC", "ARRCO", "CPAM", "CIPAV",
    "MALAKOFF", "AG2R", "PRO", "BTP", "STRIPE", "SUMUP", "PAYPAL", "ADYEN", "MOLLIE", "GOCARDLESS",
    "PAYPLUG", "SHOPIFY", "PAY", "ZETTLE", "REM", "REMISE", "CB", "CARTES", "VIR", "INTERNE",
    "NIVELLEMENT", "TRESORERIE", "INTERETS", "CREDITEURS", "AGIOS", "COMMISSION", "FRAIS ",
    "CHEQUES", "CHQ", "VERSEMENT CHEQUE", "PRLV", "ENCAISSEMENT PRLV", "SDD", "LCR", "EFFETS",
    "TRESOR PUBLIC", "DIRECTION GENERALE", "FINANCES", "RESTITUTION", "DE", "12",
])
# fmt: on
WORDS = ["GARAGE", "DUPONT", "DUPOND", "DUPONTS", "MARTIN", "LYON"]
TEXTS = st.builds(
    lambda pieces, glue: glue.join(pieces),
    st.lists(PIECES, max_size=8),
    st.sampled_from([" ", "", "-"]),
)


class BothWays(Engine):
    """The engine, which compares the short way of a line with all readings weighed."""

    short = several = 0

    def decide(self, line: BankLine) -> Answer:
        facts = facts_of(line)
        if facts.amount_minor > 0 and not facts.is_return:
            decision = decide_named(view_of(facts, self.book))
            if decision is not None:
                assert decision == by_readings(view_of(facts, self.book))
                self.short += 1
                self.several += len(decision.hypotheses[0].parts) > 1
        return super().decide(line)


@pytest.mark.parametrize(
    ("profile", "label", "seed", "mode"),
    [
        ("typical", "camt", 31, "own"),
        ("typical", "cfonb", 32, "gold"),
        ("hostile", "camt", 33, "own"),
        ("hostile", "cfonb", 34, "gold"),
        ("easy", "cfonb", 35, "own"),
    ],
)
def test_the_short_way_decides_as_all_readings_weighed(profile, label, seed, mode):
    both = BothWays()
    run(both, replace(PROFILES[profile], label=label), seed, lines=1_000, mode=mode)
    assert both.short > 150
    assert both.several > 10


@given(
    st.sampled_from([0, 1_00, 10_10, 101_01, 1_111_11, 10_101_01, 1_234_567_89]),
    st.lists(st.sampled_from([
        "1", "0", "01", "10", "11", "1000", ".", ",", " ", "A", "AMOUNT", "AMOUNT", "AMOUNT",
    ]), max_size=7),
    st.sampled_from(["", " ", "."]),
    st.sampled_from(",."),
)  # fmt: skip
def test_amounts_are_taken_out_as_a_pattern_finds_them(amount, pieces, apart, comma):
    units, cents = f"{amount // 100:,}", f"{amount % 100:02}"
    label = "".join(pieces).replace("AMOUNT", units.replace(",", apart) + comma + cents)
    expected = label
    groups = units.replace(",", "[ .]?")
    for found in reversed(list(re.finditer(rf"{groups}[.,]{cents}(?!\d)", label))):
        start, end = found.span()
        before = len(label[:start]) - len(label[:start].rstrip("0123456789"))
        if not 0 < before < FEWEST_BEFORE:
            expected = expected[:start] + " " * (end - start) + expected[end:]
    assert without_amount(label, amount) == expected


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 900)), min_size=1, max_size=6),
    st.integers(1, 3_000),
    st.sampled_from(["law", "oldest", "agreed"]),
)
def test_money_reaches_the_oldest_as_the_law_spreads_it(rows, amount, order):
    items = [
        Item(number, 1, f"F{number}", "EUR", DAY + timedelta(days=days), left)
        for number, (days, left) in enumerate(sorted(rows), 1)
    ]
    book = Book(Opening(tuple(items), (Customer(1, "A"),), terms=(Terms(1, order),)))
    line = Line(1, DAY + timedelta(days=2), amount, "EUR", "X")
    debts = [Debt(item.id, item.due_date, item.open_minor) for item in items]
    expected = allocate(amount, debts, on=line.booked_on, order=order)
    assert oldest_first(view_of(line, book), items) == tuple(expected)


@given(
    st.lists(st.integers(1, 12) | st.integers(1, 900), max_size=9),
    st.integers(1, 60) | st.integers(1, 3_000),
)
def test_sets_are_those_found_by_trying_all(amounts, target):
    every = [
        tuple(at for at in range(len(amounts)) if bits >> at & 1)
        for bits in range(2 ** len(amounts))
    ]
    making = [places for places in every if sum(amounts[at] for at in places) == target]
    found = sets_of(amounts, target)
    assert found is not None or 2 ** len(amounts) > 300
    if found is not None:
        assert found.count == min(2, len(making))
        assert found.members == (making[0] if len(making) == 1 else ())


@given(st.lists(KIND_PIECES, max_size=4), st.sampled_from([" ", ""]))
def test_kinds_seen_by_their_signs_are_those_of_the_words(pieces, glue):
    text = glue.join(pieces)
    every = {**kinds._WAITING_RE, **kinds._ASIDE_RE}
    expected = next((code for code, words in every.items() if words.search(text)), None)
    found = kinds.kind_of(Line(1, DAY, 100, "EUR", text))
    assert (found.code if found else None) == expected


@given(TEXTS)
def test_words_seen_by_their_signs_are_those_found_by_looking_for_all(text):
    plain = labels.plain(text)
    kept = said._KEPT.sub(" ", plain)
    assert said.names_credit(text) == bool(said._CREDIT.search(kept))
    assert said.names_part(text) == bool(said._PART.search(plain))


@given(TEXTS)
def test_ends_of_numbers_are_those_of_every_short_run(text):
    plain = labels.plain(text)
    guarded = [match.span() for match in labels._PROTECTED.finditer(plain)]
    runs = [
        run.group().lstrip("0")
        for run in labels._SHORT_RUN.finditer(plain)
        if not any(a < run.end() and run.start() < b for a, b in guarded)
    ]
    assert labels.tails(text) == {run for run in runs if len(run) >= 2}


@given(st.text("AB1é²&. -", max_size=12))
def test_words_and_digits_are_those_of_the_patterns(text):
    plain = labels.plain(text)
    assert labels.words_of(plain) == re.findall(r"[A-Z0-9]+", plain)
    assert labels.digits_of(plain) == "".join(re.findall(r"[0-9]", plain))


@given(st.text("012", min_size=1, max_size=5), st.text("012", min_size=1, max_size=5))
def test_near_is_one_sign_wrong_or_two_neighbors_exchanged(one, other):
    exchanged = {one[:at] + one[at + 1] + one[at] + one[at + 2 :] for at in range(len(one) - 1)}
    wrong = {one[:at] + sign + one[at + 1 :] for at in range(len(one)) for sign in "012"}
    assert is_near(one, other) == (other in (exchanged | wrong) - {one})


@given(
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.lists(
        st.lists(st.sampled_from(WORDS), max_size=3),
        max_size=6,
    ),
)
def test_names_compared_at_a_stretch_are_those_compared_one_by_one(given_words, known):
    names = Names()
    for customer_id, words in enumerate(known, 1):
        names.add(customer_id, " ".join(words))
    payer = name_tokens(" ".join(given_words))
    every = {i for i, words in names.tokens.items() if name_likeness(payer, words) >= ALIKE}
    sharing = {i for i in every if set(payer) & set(names.tokens[i])}
    assert set(names.alike(payer)) == sharing
    assert set(names.alike(payer, range(1, len(known) + 1))) == every


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-300, 300)), max_size=12))
def test_what_a_customer_owes_stays_in_order_whatever_is_paid_and_taken_back(moves):
    items = [
        Item(i, 1, f"FA2026-{i:05d}", "EUR", DAY + timedelta(days=i % 2), 100 * i) for i in range(5)
    ]
    book = Book(Opening(tuple(reversed(items)), (Customer(1, "Garage Dupont"),)))
    owed = {item.id: item.open_minor for item in items}
    for item_id, amount in moves:
        line = Line(1, DAY, max(1, amount), "EUR", "VIR")
        reading = Hypothesis("test", 1, (), parts=((item_id, amount),))
        book.apply(line, Decision(1, "post", (), (reading,)))
        owed[item_id] -= amount
        expected: list[tuple[date, int, int]] = []
        for item in items:
            if owed[item.id] > 0:
                insort(expected, (item.due_date, item.id, owed[item.id]))
        found = book.open_of(1, "EUR")
        assert [(i.due_date, i.id, i.open_minor) for i in found] == expected
        assert {i for ids in book.by_amount.values() for i in ids} == {i for _, i, _ in expected}
