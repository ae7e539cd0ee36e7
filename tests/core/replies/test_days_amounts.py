"""Days and amounts of free text, read against a Tuesday, or left alone when two readings exist."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.money import Money
from amiable.core.replies.amounts import named_amounts, named_share
from amiable.core.replies.days import MAX_DAYS, named_days
from amiable.core.replies.facts import facts_of
from amiable.core.replies.wording import fold, language_of

ON = date(2026, 11, 24)  # a Tuesday


def days(text, language="fr", past=False):
    return [
        str(one.day) if one.day else None
        for one in named_days(text, on=ON, language=language, past=past)
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("vendredi", "2026-11-27"),
        ("vendredi prochain", "2026-11-27"),
        ("mardi", "2026-12-01"),
        ("mercredi en huit", "2026-12-02"),
        ("le 15", "2026-12-15"),
        ("le 30", "2026-11-30"),
        ("le 15 du mois prochain", "2026-12-15"),
        ("vendredi 27", "2026-11-27"),
        ("sous huitaine", "2026-12-02"),
        ("sous quinzaine", "2026-12-09"),
        ("en fin de semaine", "2026-11-27"),
        ("fin de la semaine prochaine", "2026-12-04"),
        ("fin du mois", "2026-11-30"),
        ("fin de mois prochain", "2026-12-31"),
        ("fin janvier", "2027-01-31"),
        ("fin d'année", "2026-12-31"),
        ("mi-décembre", "2026-12-15"),
        ("lundi 14/12", "2026-12-14"),
        ("le 5 janvier", "2027-01-05"),
        ("le 1er décembre 2026", "2026-12-01"),
        ("du 3 au 12 décembre", "2026-12-12"),
        ("30.11.2026", "2026-11-30"),
        ("31/12/26", "2026-12-31"),
        ("14-12-2026", "2026-12-14"),
        ("2026-12-01", "2026-12-01"),
        ("dans 10 jours", "2026-12-04"),
        ("dans deux semaines", "2026-12-08"),
        ("dans un mois", "2026-12-24"),
        ("sous 48 h", "2026-11-26"),
        ("sous 5 jours ouvrés", "2026-12-01"),
        ("aujourd'hui", "2026-11-24"),
        ("demain", "2026-11-25"),
        ("après-demain", "2026-11-26"),
        ("semaine 48", "2026-11-27"),
        ("en S49", "2026-12-04"),
        ("semaine 2", "2027-01-15"),
        ("la semaine du 7 décembre", "2026-12-11"),
        ("lundi en huit", "2026-12-07"),
        ("vendredi en quinze", "2026-12-11"),
        ("vendredi de la semaine prochaine", "2026-12-04"),
        ("lundi 30", "2026-11-30"),
        ("ce week-end", "2026-11-29"),
        ("avant Noël", "2026-12-24"),
        ("le dernier jour du mois", "2026-11-30"),
        ("le dernier vendredi du mois", "2026-11-27"),
        ("le 10 et le 25", "2026-12-25"),
    ],
)
def test_french_day_to_come(text, day):
    assert days(f"Je paie {text}, merci")[-1] == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Friday", "2026-11-27"),
        ("this Friday", "2026-11-27"),
        ("on the 15th", "2026-12-15"),
        ("by the 5th of next month", "2026-12-05"),
        ("end of month", "2026-11-30"),
        ("EOM", "2026-11-30"),
        ("end of December", "2026-12-31"),
        ("end of next week", "2026-12-04"),
        ("mid-January", "2027-01-15"),
        ("Dec 12", "2026-12-12"),
        ("December 15th, 2026", "2026-12-15"),
        ("3 December", "2026-12-03"),
        ("December 10-18", "2026-12-18"),
        ("12/25", "2026-12-25"),
        ("25/12", "2026-12-25"),
        ("in two weeks", "2026-12-08"),
        ("within 10 working days", "2026-12-08"),
        ("in a fortnight", "2026-12-09"),
        ("tomorrow", "2026-11-25"),
        ("the day after tomorrow", "2026-11-26"),
        ("in week 49", "2026-12-04"),
        ("week commencing 7 December", "2026-12-11"),
        ("a week on Monday", "2026-12-07"),
        ("Friday of next week", "2026-12-04"),
        ("this weekend", "2026-11-29"),
        ("before Christmas", "2026-12-24"),
        ("on the last day of the month", "2026-11-30"),
    ],
)
def test_english_day_to_come(text, day):
    assert days(f"I will pay {text} thanks", "en") == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("hier", "2026-11-23"), ("avant-hier", "2026-11-22"), ("le 15", "2026-11-15"),
        ("le 30", "2026-10-30"), ("le 03/11", "2026-11-03"), ("vendredi", "2026-11-20"),
        ("mardi dernier", "2026-11-17"), ("il y a trois semaines", "2026-11-03"),
        ("fin octobre", "2026-10-31"), ("fin décembre", "2025-12-31"),
    ],
)  # fmt: skip
def test_day_gone_by(text, day):
    assert days(f"J'ai payé {text}", past=True) == [day]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("5/12", "en"),  # the fifth of December, or May the twelfth
        ("lundi 15/12", "fr"),  # a Tuesday
        ("next Friday", "en"),  # in three days, or in ten
        ("la semaine prochaine", "fr"),
        ("début janvier", "fr"),
        ("dans quelques jours", "fr"),
        ("next month", "en"),
        ("le 31/02", "fr"),
        ("le 12/13/2026", "fr"),
        ("le 1er février 2099", "fr"),
        ("le 12 novembre", "fr"),  # twelve days ago, said of the future
        ("sous 36 h", "fr"),
        ("le 39", "fr"),
        ("lundi 31", "fr"),  # a Tuesday
        ("à 45 jours fin de mois", "fr"),  # of an invoice that is not named
        ("30 days end of month", "en"),
        ("semaine 54", "fr"),
    ],
)
def test_day_with_two_readings_is_none(text, language):
    assert set(days(f"x {text} y", language)) == {None}


def test_days_are_limited():
    assert len(days("le 15 " * 500)) == MAX_DAYS


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1 200,50 €", 120050), ("1.200,50", 120050), ("EUR 300", 30000), ("300 euros", 30000),
        ("1.200 €", 120000), ("500e", 50000), ("la somme de 500", 50000), ("2 k€", 200000),
        ("2,5k€", 250000), ("1200€50", 120050), ("un virement de 1500", 150000),
        ("1 234,00 EUR", 123400), ("4512.80", 451280),
    ],
)  # fmt: skip
def test_french_amount(text, minor):
    assert [one.money for one in named_amounts(f"Je paie {text} lundi")] == [Money(minor)]


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("$1,200.50", Money(120050, "USD")),
        ("£300", Money(30000, "GBP")),
        ("EUR 1,200", Money(120000)),
        ("1,200.00", Money(120000)),
    ],
)
def test_english_amount(text, money):
    assert [one.money for one in named_amounts(f"pay {text} now", language="en")] == [money]


def test_canadian_dollars_where_the_case_is_in_them():
    assert named_amounts("$50", currency="CAD")[0].money == Money(5000, "CAD")


@pytest.mark.parametrize(("text", "language"), [("1,200 €", "fr"), ("1.200 EUR", "en"), ("0 €", "fr"), ("999.999.999.999.999 €", "fr")])  # fmt: skip
def test_amount_with_two_readings_is_none(text, language):
    assert [one.money for one in named_amounts(text, language=language)] in ([None], [])


@pytest.mark.parametrize(
    "text",
    ["facture 20231234", "06 12 34 56 78", "le 15.12", "à 10h30", "10.30", "10,5 %", "FA-2026-001", "15/12/2026"],
)  # fmt: skip
def test_other_numbers_are_no_amounts(text):
    assert named_amounts(text) == []


def test_share_of_the_debt():
    assert named_share("je règle la moitié") == 50
    assert named_share("a third now") == 33
    assert named_share("30 % tout de suite") == 30
    assert named_share("la moitié, ou 30 %") is None
    assert named_share("tout") is None


WORDS = st.sampled_from(
    ("le 15", "fin de mois", "semaine 48", "lundi 30", "vendredi en quinze", "je paie", "ne", "pas",
     "mais", "500 €", "1.200,50 EUR", "et", "le solde", "le 25", "avant Noël", "hier", "12/11", ".",
     "by Friday", "week 49", "the 15th", "I cannot", "not", "will pay", "sous huitaine", "31/02",
     "le 1er février", "\n", "🙂", "ÉCHÉANCE", "01.12.26", "2020-01-01", "le 29 février", "dans 3 mois")
)  # fmt: skip


@given(st.lists(WORDS, max_size=15).map(" ".join), st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_a_promise_is_never_for_the_past_and_its_words_stand_in_the_text(text, on):
    for one in named_days(text, on=on):
        assert 0 <= one.start < one.end <= len(text)
    for label in ("promise", "hardship", "already_paid"):
        facts, spans = facts_of(text, label, on=on, language="fr", currency="EUR")
        assert all(0 <= start < end <= len(text) for start, end in spans)
        if facts.day:
            assert facts.day <= on if label == "already_paid" else facts.day >= on
        assert facts.amount is None or facts.amount.amount_minor > 0


@pytest.mark.parametrize(
    ("text", "day", "amount"),
    [
        ("Je ne pourrai pas payer le 15", None, None),
        ("Je ne pourrai pas payer le 15 mais le 20 oui", "2026-12-20", None),
        ("I can't pay on the 15th, I will pay on the 20th", "2026-12-20", None),
        ("Pas avant le 10", None, None),
        ("Pas de souci je paie vendredi", "2026-11-27", None),
        ("Sans faute le 5", "2026-12-05", None),
        ("500 euros le 10 et 700 le 25", "2026-12-10", 50000),
        ("Je paie 200 € demain et 300 € le 5", "2026-11-25", 20000),
        ("Demain 200 € puis 300 € le 5", "2026-11-25", 20000),
        ("On règle en deux fois, le 1er décembre et le 1er janvier", "2026-12-01", None),
    ],
)
def test_the_first_day_that_is_promised_counts_with_its_amount(text, day, amount):
    facts, _ = facts_of(text, "promise", on=ON, language="", currency="EUR")
    assert (str(facts.day) if facts.day else None) == day
    assert (facts.amount.amount_minor if facts.amount else None) == amount


def test_every_instalment_of_an_offer_is_shown():
    text = "500 euros le 10 décembre et 700 le 25 décembre"
    _, spans = facts_of(text, "promise", on=ON, language="fr", currency="EUR")
    assert {text[start:end] for start, end in spans} == {
        "500 euros", "le 10 décembre", "700", "le 25 décembre",
    }  # fmt: skip


def test_folding_keeps_every_place():
    text = "L’Été à Œuvre\u00a0ﬁn İ ẞ"
    assert len(fold(text)) == len(text)
    assert fold("L’ÉTÉ\u202fÇA") == "l'ete ca"


def test_language_is_guessed_or_left_open():
    assert language_of("Je ne suis pas d'accord avec la facture") == "fr"
    assert language_of("j ai paye la facture") == "fr"
    assert language_of("I have not received the invoice") == "en"
    assert language_of("STOP") == ""
    assert language_of("") == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("200 le 5 et 300 le 20", [("2026-12-05", 20_000), ("2026-12-20", 30_000)]),
        (
            "je vous fais 200€ le 5 décembre et 300€ le 20 décembre",
            [("2026-12-05", 20_000), ("2026-12-20", 30_000)],
        ),
        (
            "virement de 250 le 1er, 250 le 15 et 250 le 30 décembre",
            [("2026-12-01", 25_000), ("2026-12-15", 25_000), ("2026-12-30", 25_000)],
        ),
        (
            "I will pay £200 on 5 December and £300 on 20 December.",
            [("2026-12-05", 20_000), ("2026-12-20", 30_000)],
        ),
        # The day first, and the parts in the order of their days.
        ("le 20 : 300 €, le 5 : 200 €", [("2026-12-05", 20_000), ("2026-12-20", 30_000)]),
        # What can be read in two ways is the first part at most.
        ("Le 5/12 : 200 €, le 20/12 : 300 €, le 5/01 le solde", [("2026-12-05", 20_000)]),
        ("je paie 500 € le 5 décembre, facture de 1200 €", [("2026-12-05", 50_000)]),
        ("200 € le 5 ou 300 € le 5", [("2026-12-05", None)]),
    ],
)
def test_a_promise_in_parts_holds_each_with_its_day(text, parts):
    language = "en" if " on " in text else "fr"
    facts, spans = facts_of(text, "promise", on=ON, language=language, currency="EUR")
    first = (facts.day.isoformat(), facts.amount and facts.amount.amount_minor)
    assert [first, *((p.day.isoformat(), p.amount.amount_minor) for p in facts.later)] == parts
    assert len(set(spans)) == len(spans) or len(parts) == 1


@pytest.mark.parametrize("text", ["facture 42 le 5", "n° 120 le 5", "rue 120 le 5"])
def test_a_number_of_something_else_is_no_amount_because_of_a_day(text):
    assert named_amounts(text) == []
