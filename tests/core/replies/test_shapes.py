"""Shapes that mail programs and servers give to answers and reports, in several languages."""

from __future__ import annotations

from datetime import date

import pytest

from amiable.core.replies import absence_in, own_words, read_mail
from tests.core.replies.machines import ANSWERS, REPORTS
from tests.core.replies.tails import TAILS

OWN = "Bonjour,\nje paie vendredi.\n"
ON = date(2026, 11, 24)
SOFT = {"qmail quota": "mailbox_full", "postfix": "mailbox_full", "zimbra": "mailbox_full",
        "free fr": "mailbox_full", "left": "account_disabled",
        "barracuda": "blocked_as_spam", "ses": ""}  # fmt: skip
UNTIL = {
    "fr": "2026-12-04", "fr2": "2026-12-06", "fr3": "2026-11-30", "fr4": "2026-12-01",
    "en": "2026-11-30", "en2": "2026-12-02", "en3": "2026-12-01", "en4": "2026-12-01",
    "de": "2026-12-04", "de2": "2026-12-04", "de3": "2026-12-06", "es": "2026-12-04",
    "es2": "2026-12-06", "it": "2026-12-04", "nl": "2026-12-04",
}  # fmt: skip


@pytest.mark.parametrize("name", TAILS)
def test_what_a_program_adds_below_is_cut(name):
    own, _ = own_words(OWN + TAILS[name])
    for farewell in ("Cordialement,\nAnne Petit", "Kind regards,\nAnne Petit"):
        own = own.removesuffix(farewell).strip()
    assert own == OWN.strip()


def test_particulars_of_a_transfer_are_no_header_block():
    text = "Virement fait.\nDate : 12/11/2026\nDe : compte SG\nMontant : 500 €"
    assert own_words(text) == (text, "")


def test_answers_below_and_between_quoted_lines_are_kept():
    text = "Mes réponses :\n\nLe 3 nov. 2026 à 10:12, X <c@v.example> a écrit :\n> Quand ?\n\nVendredi.\n> Combien ?\n500 euros."
    assert own_words(text)[0] == "Mes réponses :\n\n\nVendredi.\n500 euros.".replace(
        "\n\n\n", "\n\n"
    )


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_without_a_standard_part_names_recipient_and_outcome(name):
    found = read_mail(REPORTS[name])
    assert found.kind == "bounce"
    (report,) = found.recipients
    assert report.recipient == "ap@client.example"
    if "delay" in name:
        assert report.outcome == "delayed"
    else:
        assert report.outcome == ("soft" if name in SOFT else "hard")
        assert report.reason == SOFT.get(name, "unknown_address")
    if b"<m1@vauban.example>" in REPORTS[name]:
        assert found.returned_id == "m1@vauban.example"


@pytest.mark.parametrize("name", ANSWERS)
def test_an_automatic_answer_says_its_sort_and_its_last_day(name):
    found = read_mail(ANSWERS[name])
    if name.startswith("human"):
        assert found.kind == "reply"
        return
    assert found.kind == "auto_reply"
    if name in UNTIL:
        assert found.detail == "vacation"
        assert str(absence_in(found, on=ON).absent_until) == UNTIL[name]
    elif name.startswith("chal"):
        assert found.detail == "challenge"
    else:
        assert found.detail == ("ticket" if name.startswith("ticket") else "automatic")


def test_whom_to_write_to_meanwhile_is_read_in_other_languages():
    meant = {"fr": "paul.roy", "en": "jo", "de": "kollege", "es": "otro"}
    for name, local in meant.items():
        contact = absence_in(read_mail(ANSWERS[name]), on=ON).contact
        assert contact is not None
        assert contact.address == f"{local}@client.example"
