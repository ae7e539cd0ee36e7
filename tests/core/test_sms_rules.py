"""Who may stand as the sender of a text message, and what it must not tell whoever reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.sms_rules import (
    revealing,
    revealing_problem,
    sender_problem,
    sender_text,
    takes_replies,
)


@pytest.mark.parametrize(
    ("sender", "problem"),
    [
        ("", None),
        ("VAUBAN", None),
        ("Atelier2026", None),
        ("ABC", None),
        ("AB", "sms.sender_name"),
        ("Atelier Vau", "sms.sender_name"),
        ("Société", "sms.sender_name"),
        ("ATELIERVAUBAN", "sms.sender_name"),
        ("VAUBAN!", "sms.sender_name"),
        ("38123", None),
        ("36123", "sms.sender_advertising"),
        ("31234", "sms.sender_name"),
        ("123", "sms.sender_name"),
        ("12345678901", "sms.sender_name"),
        ("09 37 00 00 00", None),
        ("+33 9 37 00 00 00", None),
        ("06 12 34 56 78", "sms.sender_mobile"),
        ("+33712345678", "sms.sender_mobile"),
        ("+32 470 12 34 56", None),
        ("<script>", "sms.sender_name"),
    ],
)
def test_senders_are_those_that_operators_accept(sender, problem):
    found = sender_problem(sender)
    assert (found.code if found else None) == problem
    assert found is None or str(found)


@pytest.mark.parametrize(
    ("sender", "text", "replies"),
    [
        (" VAUBAN ", "VAUBAN", False),
        ("38 123", "38123", True),
        ("09 37 00 00 00", "+33937000000", True),
        ("0033937000000", "+33937000000", True),
        ("+32.470.12.34.56", "+32470123456", True),
        ("", "", False),
    ],
)
def test_sender_is_given_as_networks_take_it(sender, text, replies):
    assert (sender_text(sender), takes_replies(sender)) == (text, replies)


@given(st.text(max_size=30))
def test_what_is_accepted_is_short_and_plain(sender):
    if sender_problem(sender) is None:
        assert len(sender_text(sender)) <= 16
        assert sender_text(sender).isascii()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Vous devez 1 252,23 € à Vauban", ["1 252,23 €"]),
        ("Reste 45 EUR", ["45 EUR"]),
        ("£12.50 please", ["£12.50"]),
        ("Votre dette", ["dette"]),
        ("Relance : facture IMPAYÉE", ["Relance", "facture", "IMPAYÉE"]),
        ("Sans réponse, contentieux.", ["contentieux"]),
        ("la somme due", ["somme", "due"]),
        ("ce qui est dû", ["dû"]),
        ("we will go to court", ["to court"]),
        ("mise en demeure", ["mise en demeure"]),
        ("Your invoice is overdue: pay now", ["invoice", "overdue", "pay"]),
        ("https://relance.example/p/1", ["relance"]),
        ("réglement, règlement", ["réglement", "règlement"]),
    ],
)
def test_words_that_reveal_a_debt_are_named_as_they_stand(text, words):
    assert list(revealing(text)) == words
    assert str(revealing_problem(text)).endswith(f"{', '.join(words)}.")


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, Atelier Vauban vous invite à prendre contact au sujet de votre dossier C42 : "
        "04 72 00 00 00. Merci.",
        "Hello, Atelier Vauban would like to get in touch with you about your file C42. Thank you.",
        "Lettre du 3 mars, réf. 2026-0042. Une question ? Nous sommes à votre disposition.",
        "Un court message de la collecte, Pays de la Loire, paysage, du lundi au vendredi, en euros",
        "",
    ],
)
def test_neutral_texts_reveal_nothing(text):
    assert revealing(text) == ()
    assert revealing_problem(text) is None


def test_names_of_the_parties_may_mean_anything():
    text = "Bonjour, Alpha Recouvrement, pour Factures & Fils, souhaite vous joindre."
    assert revealing(text, names=["Alpha Recouvrement", "Factures & Fils"]) == ()
    assert revealing(text, names=["Factures & Fils", ""]) == ("Recouvrement",)


@given(st.text(max_size=200))
def test_any_text_is_judged(text):
    for word in revealing(text):
        assert word
