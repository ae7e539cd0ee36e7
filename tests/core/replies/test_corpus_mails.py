"""Bounces, automatic answers and replies of the corpus: the facts of its manifest are read."""

from __future__ import annotations

import ast
import csv
import json
from pathlib import Path

import pytest

from amiable.core.replies import own_words, read_mail

# Where we judge otherwise than the oracle, and why.
DIFFERENT = {
    # A final 4.1.1 is temporary by its code: "soft" never marks an address as dead.
    "sisimai__lhost-postfix-05.eml": "soft",
    # The report says "user unknown" and 5.1.1; that a program said so first changes nothing.
    "sisimai__lhost-postfix-01.eml": "hard",
    "sisimai__rfc3464-01.eml": "hard",
}
COMPLAINTS = "feedback"


def rows(corpus: Path, kind: str) -> list[tuple[Path, dict[str, object]]]:
    with (corpus / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        found = [
            (corpus / row["file"], json.loads(row["expected_facts"]))
            for row in csv.DictReader(stream)
            if row["kind"] == kind
        ]
    assert found
    return found


def oracle(facts: dict[str, object]) -> tuple[str, bool] | None:
    """(reason, hard) of the first entry of the sisimai oracle."""
    told = facts.get("sisimai_expects [dsn,reply,reason,hard]")
    entry = ast.literal_eval(str(told))[0] if told else None
    return (entry[2], bool(entry[3])) if entry else None


def test_every_bounce_and_complaint_is_recognized(corpus):
    for path, facts in rows(corpus, "emails/bounces"):
        mail = read_mail(path.read_bytes())
        told = oracle(facts)
        expected = ("other", "complaint") if told and told[0] == COMPLAINTS else ("bounce", "")
        assert (mail.kind, mail.detail) == expected, path.name


def test_recipients_and_codes_of_standard_reports_are_those_of_the_manifest(corpus):
    checked = 0
    for path, facts in rows(corpus, "emails/bounces"):
        entries = facts.get("dsn")
        if not isinstance(entries, list):
            continue
        for entry, one in zip(entries, read_mail(path.read_bytes()).recipients, strict=True):
            assert entry["final_recipient"].lower() in {one.recipient, one.final_recipient}
            assert one.status == entry["status"].split()[0], path.name
            action = entry["action"].lower()
            assert (one.outcome == "delayed") == (action == "delayed"), path.name
            checked += 1
    assert checked >= 15


def test_addresses_are_those_of_the_flufl_oracle(corpus):
    checked = 0
    for path, facts in rows(corpus, "emails/bounces"):
        told = facts.get("flufl_expects")
        if isinstance(told, dict):
            expected = {one.decode() for one in ast.literal_eval(told["addresses"])}
            found = read_mail(path.read_bytes()).recipients
            assert {one.recipient for one in found} == expected, path.name
            temporary = told["temporary"] == "True"
            assert not (temporary and any(one.outcome == "hard" for one in found))
            checked += 1
    assert checked >= 4


def test_dead_addresses_are_those_of_the_sisimai_oracle(corpus):
    for path, facts in rows(corpus, "emails/bounces"):
        told = oracle(facts)
        if told is None or told[0] == COMPLAINTS:
            continue
        first = read_mail(path.read_bytes()).recipients[0]
        if path.name in DIFFERENT:
            assert first.outcome == DIFFERENT[path.name]
        else:
            assert (first.outcome == "hard") == told[1], (path.name, first)


def test_automatic_answers_are_recognized(corpus):
    for path, _ in rows(corpus, "emails/auto-replies"):
        mail = read_mail(path.read_bytes())
        assert (mail.kind, mail.detail) == ("auto_reply", "vacation"), path.name


def test_replies_keep_the_own_words_and_lose_the_quotes(corpus):
    for path, facts in rows(corpus, "emails/replies"):
        raw = path.read_bytes()
        if path.suffix == ".txt":
            own, _ = own_words(raw.decode("utf-8"))
            assert own.startswith(str(facts["first_line"])), path.name
            assert "\n>" not in own, path.name
        else:
            assert read_mail(raw).text == "Hello", path.name


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("crisp__email_3.txt", "Russell Brown"),
        ("crisp__email_7.txt", "Ciao Lorem"),
        ("crisp__email_fr_multiline.txt", "Etiam non sagittis"),
        ("crisp__email_french_dash_separator.txt", "Abc vous a envoyé"),
        ("crisp__email_1.txt", "riak-users mailing list"),
    ],
)
def test_tail_of_a_reply_is_cut(corpus, name, quoted):
    text = (corpus / "emails" / "replies" / name).read_text("utf-8")
    own, cut = own_words(text)
    assert quoted in cut
    assert quoted not in own
