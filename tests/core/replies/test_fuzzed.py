"""Damaged and hostile emails are read: no exception, bounded work, bounded results.

AMIABLE_FUZZED_MAILS=100000 tries more than the usual 10,000.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from amiable.core.replies import IncomingMail, absence_in, classify, read_mail
from amiable.core.replies.attachments import MAX_ATTACHMENTS, MAX_BYTES
from amiable.core.replies.bounces import MAX_RECIPIENTS
from amiable.core.replies.mime import MAX_DEPTH, MAX_PARTS, parse
from tests.conftest import CORPUS
from tests.core.replies.mutations import damaged, seeds

ON = date(2026, 11, 24)
COUNT = int(os.environ.get("AMIABLE_FUZZED_MAILS", "10000"))
CHUNKS = 4
KINDS = {"bounce", "auto_reply", "reply", "other"}


def understood(raw: bytes) -> IncomingMail:
    """Everything that is done to an incoming mail, with what must hold of any."""
    mail = read_mail(raw)
    assert mail.kind in KINDS
    assert mail.evidence
    assert all(str(one) for one in (*mail.evidence, *mail.problems))
    assert len(mail.attachments) <= MAX_ATTACHMENTS
    assert len(mail.recipients) <= MAX_RECIPIENTS
    assert all(one.recipient or one.status or one.diagnostic for one in mail.recipients) or (
        mail.kind == "bounce"
    )
    for one in mail.attachments:
        assert len(one.content) == one.size <= MAX_BYTES
        assert one.name not in {"", ".", ".."}
        assert not set(one.name) & set("/\\\0\n")
    proposal = classify(mail, on=ON)
    for intent in proposal.intents:
        assert all(0 <= start < end <= len(mail.text) for start, end in intent.spans)
        assert 0 <= intent.confidence_pct < 100
    if mail.kind == "auto_reply":
        absence_in(mail, on=ON)
    return mail


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_mails_are_read_without_exception(chunk):
    originals = seeds(CORPUS if CORPUS.exists() else None)
    kinds = {understood(raw).kind for raw in damaged(originals, count=COUNT // CHUNKS, seed=chunk)}
    assert kinds == KINDS  # the damage left enough of them to be told apart


HOSTILE = {
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(5000)
    ),
    "one boundary for all": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5000,
    "messages in messages": b"Content-Type: message/rfc822\n\n" * 5000,
    "many parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20000,
    "many attachments": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b'--b\nContent-Disposition: attachment; filename="a.txt"\n\nx\n' * 500,
    "many headers": b"X-A: b\n" * 50000 + b"\nhello",
    "one long header": b"To: " + b'"\\"' * 50000 + b"\n\nhello",
    "many addresses": b"To: " + b"a@b.example, " * 20000 + b"\n\nhello",
    "many brackets": b"From: " + b"<(" * 50000 + b"\n\nhello",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 10000 + b"\n\nhello",
    "open tags": b"Content-Type: text/html\n\n" + b"<a href='" * 20000,
    "hidden tags": b"Content-Type: text/html\n\n" + b"<div style='display:none'>" * 20000,
    "nested quotes": b"Content-Type: text/html\n\n" + b"<blockquote>" * 20000 + b"x",
    "quoted lines": b"Subject: Re: x\n\n" + b"> a\n" * 50000,
    "announcements": b"Subject: Re: x\n\n" + b"Le 1 janvier, a\n" * 20000,
    "days": b"Subject: Re: x\n\n" + b"le 15 du mois " * 20000,
    "amounts": b"Subject: Re: x\n\n" + b"1.000,00 EUR " * 20000,
    "negations": b"Subject: Re: x\n\n" + b"ne pas payer jamais " * 20000,
    "one endless word": b"Subject: Re: x\n\n" + b"a" * 400_000,
    "recipients": b"From: mailer-daemon@x.example\nSubject: failure notice\n\n"
    b"could not be delivered\n" + b"".join(b"<u%d@x.example>: 550\n" % i for i in range(5000)),
    "report groups": b"Content-Type: message/delivery-status\nFrom: mailer-daemon@x.example\n\n"
    + b"Action: failed\nFinal-Recipient: rfc822; a@b.example\n\n" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_on_hostile_mail_is_bounded(name):
    """Calls made by the interpreter, not seconds: a machine may be busy."""
    raw = HOSTILE[name]
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        understood(raw)
    finally:
        sys.setprofile(None)
    assert calls < 400_000 + 12 * len(raw), calls


def test_parts_and_depth_are_limited():
    def depth(part):
        return 1 + max(map(depth, part.children), default=0)

    def count(part):
        return 1 + sum(map(count, part.children))

    deep, wide = parse(HOSTILE["parts in parts"]), parse(HOSTILE["many parts"])
    assert depth(deep) <= MAX_DEPTH + 1
    assert count(wide) <= MAX_PARTS
    for name in ("parts in parts", "many parts"):
        said = [one.code for one in read_mail(HOSTILE[name]).problems]
        assert "mail.nested_too_deep" in said, name


def test_nothing_at_all_is_a_mail_too():
    for raw in (b"", b"\n", b"\0", b":", b"\n\n\n", b"a:b", b"\xff" * 10):
        understood(raw)


def test_path_of_samples_exists():
    assert len(list((Path(__file__).parents[2] / "samples" / "mail").glob("*.eml"))) > 10
