"""A whole message that says stop is an objection; a sentence that holds the word is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.replies.objections import is_objection


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "STOP SMS", "StopSMS", "STOP!!!", "Stop svp", "stop merci",
        "ARRET", "Arrêt", "arrêtez", "Arrêter les SMS", "STOP au 36111", "stop 38000", "Stop all",
        "unsubscribe", "UNSUBSCRIBE ME", "please stop texting me", "opt out", "OPT-OUT",
        "Désabonnement", "me désinscrire", "désinscription s'il vous plaît", "Stop mails",
    ],
)  # fmt: skip
def test_a_message_that_only_says_stop_is_an_objection(text):
    assert is_objection(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "Stop, j'ai payé hier", "Quand est-ce que ça va stop ?", "stop ou encore",
        "Je veux un arrêt des pénalités", "Non-stop", "Arrêtez la procédure, je paie lundi",
        "Stop the invoice", "Please stop by our office", "Arrêt maladie", "cancel", "END",
        "Merci de stopper les relances car la facture est contestée", "STOP " * 40,
        "stop\n-- \nJean Dupont", "un stop",
    ],
)  # fmt: skip
def test_a_sentence_around_the_word_is_for_a_person(text):
    assert not is_objection(text)


@given(st.text(max_size=400))
def test_any_text_is_read(text):
    assert is_objection(text) in {True, False}
