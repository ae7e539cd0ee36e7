"""Damaged emails: real and own ones, changed the way wires, gateways and attackers change them."""

from __future__ import annotations

import binascii
import random
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "mail"
LARGEST = 6_000  # bytes of one damaged mail

_HOSTILE = (
    b"\0", b"\xff\xfe", b"\r", b"\n\n", b"\n ", b"=?utf-8?b?////?=", b"=?x?q?=", b"--", b"=\n", b"&#",
    b"<!--", b"<![CDATA[", b"\xe2\x80\xae", b"%00", b"../../", b"> ", b"Le 1/1 a \xc3\xa9crit :\n",
    b"Content-Type: multipart/mixed; boundary=x\n", b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: message/rfc822\n\n", b"charset=utf-7", b"charset=unicode_escape",
    b"charset=idna", b"name*0*=utf-8''%", b"boundary=\"\"", b"Auto-Submitted: auto-replied\n",
    b"Date: Mon, 99 Nov 99999 25:61:61 +9999\n", b"Action: failed\nStatus: 9.99.999\n\n",
    b"the day after tomorrow ", b"sous 999 jours ouvr\xc3\xa9s ", b"fin f\xc3\xa9vrier 2024 ",
    b"il y a 999 mois ", b"lundi 29/02 ", b"dans 999 semaines ", b"le 31 du mois prochain ",
    b"In-Reply-To: <m1\0@vauban.example>\n", b"From: a\0b@client.example\n", b"\xed\xa0\x80",
    b"Final-Recipient: rfc822; a\0@client.example\n", b"charset=utf-32", b"\xf0\x9f\x92\xb8",
    b"Subject: x\r\nBcc: y@client.example\r\n", b"=?utf-7?q?+2AA-?=", b"\xd8\x00\xdc\x00",
    b"<script>alert(1)</script>", b"<img src=https://spy.example/x.gif>", b"\xe2\x80\x8f\xd7\x90",
    b"jusqu'au 31/02/2026 ", b"le 99/99 ", b"99999999999999999999,99 EUR ", b"1.1.1.1.1.1",
)  # fmt: skip


def _flip(raw: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 20)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)


def _cut(raw: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(raw))
    del raw[start : start + chance.randint(1, len(raw))]


def _repeat(raw: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(raw))
    piece = raw[start : start + chance.randint(1, 200)]
    raw[start:start] = piece * chance.randint(2, 100)


def _insert(raw: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(raw))
    raw[start:start] = chance.choice(_HOSTILE) * chance.choice((1, 1, 2, 50, 500))


def _shuffle(raw: bytearray, chance: random.Random) -> None:
    lines = raw.split(b"\n")
    first = chance.randrange(len(lines))
    part = lines[first : first + 30]
    chance.shuffle(part)
    lines[first : first + 30] = part
    raw[:] = b"\n".join(lines)


def _nest(raw: bytearray, chance: random.Random) -> None:
    for depth in range(chance.randint(1, 40)):
        mark = b"b%d" % (depth % chance.choice((1, 3, 99)))
        kind = chance.choice((b"multipart/mixed; boundary=" + mark, b"message/rfc822"))
        raw[:] = b"Content-Type: " + kind + b"\n\n--" + mark + b"\n" + raw


def _charset(raw: bytearray, chance: random.Random) -> None:
    """Another charset than the one declared, or one that nobody has."""
    charsets = (b"utf-16", b"utf-7", b"iso-2022-jp", b"utf-32", b"shift_jis", b"no-such", b"cp037")
    raw[:] = re.sub(rb"charset=\S+", b"charset=" + chance.choice(charsets), raw)
    if chance.random() < 0.3:
        raw[:] = raw.decode("latin-1").encode(chance.choice(("utf-16", "utf-8", "utf-32")))


def _encode(raw: bytearray, chance: random.Random) -> None:
    """The body in an encoding, sound or torn, under an encoding that may be another."""
    head, _, body = raw.partition(b"\n\n")
    ways = (binascii.b2a_base64, binascii.b2a_qp, zlib.compress, bytes.hex)
    made = chance.choice(ways)(bytes(body[:2000]))
    told = chance.choice((b"base64", b"quoted-printable", b"x-uuencode", b"8bit"))
    coded = made.encode() if isinstance(made, str) else made
    start = chance.randint(0, 3)
    raw[:] = b"Content-Transfer-Encoding: " + told + b"\n" + head + b"\n\n" + coded[start:]


def _ends(raw: bytearray, chance: random.Random) -> None:
    """Line ends of other systems, lone ones among them."""
    raw[:] = raw.replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\x85", b"\0")))


def _again(raw: bytearray, chance: random.Random) -> None:
    """A header said twice, differently."""
    names = (b"Message-ID", b"From", b"Subject", b"Content-Type", b"Date", b"References")
    values = (
        b"<r1@client.example>",
        b"",
        b"=?utf-8?b?4oCu?=",
        b"\xff\xfe",
        b"text/html",
        b"a" * 3000,
    )
    for _ in range(chance.randint(1, 3)):
        raw[:0] = chance.choice(names) + b": " + chance.choice(values) + b"\n"


_WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _cut, _repeat, _insert, _shuffle, _nest, _charset, _encode, _ends, _again,
)  # fmt: skip


def seeds(corpus: Path | None) -> list[bytes]:
    """Our samples, and the emails of the corpus where it is."""
    files = sorted(SAMPLES.glob("*.eml"))
    if corpus:
        files += sorted(path for path in (corpus / "emails").rglob("*") if path.is_file())
    return [path.read_bytes()[:LARGEST] for path in files]


def damaged(originals: list[bytes], *, count: int, seed: int) -> Iterator[bytes]:
    """`count` damaged emails, always the same for a seed."""
    chance = random.Random(seed)
    for number in range(count):
        raw = bytearray(originals[number % len(originals)])
        for _ in range(chance.randint(1, 4)):
            chance.choice(_WAYS)(raw, chance)
            if not raw:
                break
        yield bytes(raw[:LARGEST])
