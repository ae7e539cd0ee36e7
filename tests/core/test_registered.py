"""Registered letters: the state by what was told in any order, what to do, numbers, words."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from amiable.core.registered import STATES, number_problem, standing, status_kind

D = date(2026, 3, 2)


def day(offset: int) -> date:
    return D + timedelta(days=offset)


@pytest.mark.parametrize(
    ("told", "state", "since", "presented"),
    [
        ([], "to_deposit", None, None),
        ([("sent", 0), ("deferred", 1)], "to_deposit", None, None),
        ([("deposited", 1)], "deposited", 1, None),
        ([("deposited", 3), ("deposited", 1)], "deposited", 1, None),
        ([("deposited", 1), ("presented", 3), ("presented", 4)], "presented", 3, 3),
        ([("presented", 3), ("accepted", 9)], "accepted", 9, 3),
        ([("delivered", 9)], "accepted", 9, 9),
        ([("presented", 3), ("refused", 3)], "refused", 3, 3),
        ([("deposited", 1), ("presented", 3), ("unclaimed", 20)], "unclaimed", 20, 3),
        ([("deposited", 1), ("returned", 8)], "returned", 8, None),
        # Set right by the right word of a later day.
        ([("presented", 3), ("refused", 4), ("accepted", 6)], "accepted", 6, 3),
    ],
)
def test_a_letter_stands_where_its_events_put_it_in_any_order(told, state, since, presented):
    for order in itertools.permutations(told):
        found = standing((kind, day(offset)) for kind, offset in order)
        assert found.state == state
        assert found.since == (None if since is None else day(since))
        assert found.presented_on == (None if presented is None else day(presented))


def test_after_fifteen_days_a_person_is_asked_and_nothing_is_made_up():
    letter = standing([("deposited", day(0)), ("presented", day(2))])
    assert not letter.is_overdue(day(17))
    assert letter.next_step(day(17)).code == "registered.presented"
    assert letter.is_overdue(day(18))
    assert letter.next_step(day(18)).code == "registered.not_collected"
    assert letter.state == "presented"


def test_each_state_says_what_to_do():
    ways = {
        "to_deposit": [], "deposited": ["deposited"], "presented": ["presented"],
        "accepted": ["accepted"], "refused": ["refused"], "unclaimed": ["unclaimed"],
        "returned": ["returned"],
    }  # fmt: skip
    assert set(ways) == set(STATES)
    for state, kinds in ways.items():
        sentence = standing((kind, D) for kind in kinds).next_step(day(1))
        assert sentence.code == f"registered.{state}"
        assert "{" not in str(sentence)
    silent = standing([("deposited", D)]).next_step(day(11))
    assert silent.code == "registered.silent"


@pytest.mark.parametrize(
    "number",
    # The first is the example of the standard; the sums of two others are 11 and 10.
    ["RR473124829CN", "rr 4731 2482 9 cn", "RK000000005FR", "RK000000500FR", "2C 123 456 7890 1",
     "1A12345678901", "87001234567890"],
)  # fmt: skip
def test_numbers_of_letters_are_taken_as_people_write_them(number):
    assert number_problem(number) is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("RR473124828CN", "registered.check_digit"), ("RR473124892CN", "registered.check_digit"),
        ("", "registered.no_number"), ("2C123", "registered.no_number"),
        ("ABCDEFGHIJKL", "registered.no_number"), ("1" * 21, "registered.no_number"),
        ("²³¹²³¹²³¹²³¹", "registered.no_number"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused_with_the_reason(number, code):
    assert number_problem(number).code == code
    assert "{" not in str(number_problem(number))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Déposé", "deposited"), ("Pris en charge par La Poste", "deposited"),
        ("Avisé", "presented"), ("AVISÉ - en attente de retrait", "presented"),
        ("Présenté / avisé", "presented"), ("En instance au bureau", "presented"),
        ("Distribué", "accepted"), ("Distribué contre signature", "accepted"),
        ("Remis au destinataire", "accepted"), ("delivered", "accepted"),
        ("Pli refusé par le destinataire", "refused"), ("REFUSE", "refused"),
        ("Non réclamé", "unclaimed"), ("Pli avisé et non réclamé", "unclaimed"),
        ("Présenté, non réclamé", "unclaimed"), ("Unclaimed", "unclaimed"),
        ("NPAI", "returned"), ("Destinataire inconnu à l'adresse", "returned"),
        ("Défaut d'accès ou d'adressage", "returned"),
        ("N'habite pas à l'adresse indiquée", "returned"),
        ("Retourné à l'expéditeur", None), ("Statut inconnu", None), ("Non distribué", None),
        ("Pli non distribuable", None), ("Indisponible", None), ("", None), ("En cours", None),
        ("Not delivered", None), ("Supprimé", None), ("Entreposé", None),
    ],
)  # fmt: skip
def test_words_of_the_post_are_read_and_doubtful_ones_are_not(words, kind):
    assert status_kind(words) == kind
