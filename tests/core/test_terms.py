"""Payment terms: both readings of end of month, what is read, what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.terms import Term, TermError, due_date, legal_warning, month_end, parse_term

D = date.fromisoformat

# Invoice date -> 60 net, 45 FDM A, 45 FDM B, 30 FDM A, 30 FDM B. The readings are those of
# DGCCRF and CEPC; the dates were computed by hand.
TABLE = [
    ("2026-01-15", "2026-03-16", "2026-03-31", "2026-03-17", "2026-02-28", "2026-03-02"),
    ("2026-01-31", "2026-04-01", "2026-03-31", "2026-03-17", "2026-03-31", "2026-03-02"),
    ("2026-02-10", "2026-04-11", "2026-03-31", "2026-04-14", "2026-03-31", "2026-03-30"),
    ("2026-03-10", "2026-05-09", "2026-04-30", "2026-05-15", "2026-04-30", "2026-04-30"),
    ("2026-10-22", "2026-12-21", "2026-12-31", "2026-12-15", "2026-11-30", "2026-11-30"),
]


@pytest.mark.parametrize(("issued", "net60", "a45", "b45", "a30", "b30"), TABLE)
def test_due_dates_of_the_table(issued, net60, a45, b45, a30, b30):
    for text, reading, expected in (
        ("60 jours net", "A", net60),
        ("45 jours fin de mois", "A", a45),
        ("45 jours fin de mois", "B", b45),
        ("fin de mois 45 jours", "A", b45),
        ("30 jours fin de mois", "A", a30),
        ("30 jours fin de mois", "B", b30),
    ):
        assert due_date(parse_term(text, reading), D(issued)) == D(expected), (text, reading)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("30 jours net", Term(30)),
        ("30 net", Term(30)),
        ("Net 30", Term(30)),
        ("30", Term(30)),
        ("30j", Term(30)),
        ("à 30 jours", Term(30)),
        ("30 jours date de facture", Term(30)),
        ("60 jours date d’émission", Term(60)),
        ("60 net", Term(60)),
        ("45 jours fin de mois", Term(45, True)),
        ("45 FDM", Term(45, True)),
        ("45 jours F.D.M.", Term(45, True)),
        ("45 fdm b", Term(45, True, "B")),
        ("45 days end of month", Term(45, True)),
        ("30 days EOM", Term(30, True)),
        ("fin de mois 45 jours", Term(45, True, "B")),
        ("EOM+45", Term(45, True, "B")),
        ("fin de mois + 30 jours", Term(30, True, "B")),
        ("fin de mois", Term(0, True)),
        ("30 jours fin de mois le 10", Term(30, True, "A", 10)),
        ("fin de mois le 15", Term(0, True, "A", 15)),
        ("à réception", Term(0)),
        ("À réception de facture", Term(0)),
        ("Due on receipt", Term(0)),
        ("comptant", Term(0)),
        ("immédiat", Term(0)),
    ],
)
def test_term_texts_are_understood(text, term):
    assert parse_term(text) == term


@pytest.mark.parametrize(
    "text",
    ["", "bientôt", "400 jours", "30 jours après réception", "chèque", "30/60", "30 FDM le 40",
     "virement 30 jours", "1 mois", "x" * 5000],
)  # fmt: skip
def test_unreadable_term_is_an_error(text):
    with pytest.raises(TermError):
        parse_term(text)


@pytest.mark.parametrize(
    ("issued", "text", "reading", "due"),
    [
        ("2026-01-15", "30 jours fin de mois le 10", "A", "2026-03-10"),
        ("2026-01-15", "30 jours fin de mois le 10", "B", "2026-03-10"),
        ("2026-01-31", "fin de mois le 15", "A", "2026-02-15"),
        ("2026-01-10", "fin de mois le 31", "A", "2026-02-28"),
        ("2026-01-10", "fin de mois 30 jours le 31", "A", "2026-03-31"),
    ],
)
def test_day_of_month_is_the_next_one(issued, text, reading, due):
    assert due_date(parse_term(text, reading), D(issued)) == D(due)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("60 net", None),
        ("61 net", "term.above_net_cap"),
        ("90 jours", "term.above_net_cap"),
        ("45 fdm", None),
        ("60 fdm", "term.above_month_cap"),
    ],
)
def test_terms_above_the_legal_cap_are_reported(text, code):
    warning = legal_warning(parse_term(text))
    assert (warning and warning.code) == code
    if warning:
        assert "L441-10" in str(warning)


days = st.dates(date(1990, 1, 1), date(2090, 1, 1))
terms = st.builds(
    Term,
    st.integers(0, 365),
    st.booleans(),
    st.sampled_from(["A", "B"]),
    st.one_of(st.none(), st.integers(1, 31)),
)


@given(days, terms)
def test_due_date_is_never_before_the_days_of_the_term(issued, term):
    due = due_date(term, issued)
    assert (due - issued).days >= term.days
    assert (due - issued).days <= term.days + 31 + 31


@given(days, st.integers(0, 365))
def test_reading_a_ends_on_the_last_day_of_a_month(issued, count):
    due = due_date(Term(count, True), issued)
    assert due == month_end(due)


@given(st.text(max_size=60))
def test_any_text_is_a_term_or_an_error(text):
    try:
        term = parse_term(text)
    except TermError:
        return
    assert 0 <= term.days <= 365
