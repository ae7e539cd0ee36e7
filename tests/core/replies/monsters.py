"""Emails built to hurt whoever reads them: each is made when asked for, some are megabytes."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Callable

_HEAD = b"From: ap@client.example\r\nTo: compta@vauban.example\r\nSubject: Re: Facture\r\n"


def _with_file(name: bytes, content: bytes, kind: bytes = b"application/zip") -> bytes:
    return (
        _HEAD + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n--b\r\nContent-Type: " + kind
        + b'\r\nContent-Disposition: attachment; filename="' + name + b'"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content) + b"--b--\r\n"
    )  # fmt: skip


def _zip_bomb() -> bytes:
    """A hundred megabytes of nothing, inside an archive inside an archive."""
    content = bytes(100 * 2**20)
    for name in ("facture.xml", "facture.zip"):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        content = made.getvalue()
    return _with_file(b"facture.zip", content)


def _nested(depth: int, opening: bytes) -> bytes:
    return _HEAD + b"".join(opening.replace(b"%d", b"%d" % i) for i in range(depth)) + b"x"


MAILS: dict[str, Callable[[], bytes]] = {
    "multiparts 1000 deep": lambda: _nested(
        1000, b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    ),
    "messages 1000 deep": lambda: _nested(1000, b"Content-Type: message/rfc822\r\n\r\n"),
    "one boundary 1000 times": lambda: _nested(
        1000, b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    ),
    "zip bomb": _zip_bomb,
    "gzip bomb": lambda: _with_file(b"a.gz", zlib.compress(bytes(50 * 2**20), 9)),
    "base64 without end": lambda: _with_file(b"a.pdf", b"%PDF-" + bytes(18 * 2**20)),
    "base64 in base64": lambda: _with_file(
        b"a.b64", base64.b64encode(base64.b64encode(bytes(2**20)))
    ),
    "thirty megabytes of text": lambda: _HEAD + b"\r\n" + b"je paie demain 12,00 EUR\r\n" * 1_200_000,
    "one line of ten megabytes": lambda: _HEAD + b"\r\n" + b"Le 1 a ecrit <" * 700_000,
    "five megabytes of headers": lambda: b"X-A: b\r\n" * 650_000 + _HEAD + b"\r\nBonjour",
    "one header of five megabytes": lambda: b"References: " + b"<a@b> " * 900_000 + b"\r\n" + _HEAD,
    "every address": lambda: _HEAD + b"Cc: " + b"ap@client.example, " * 50_000 + b"\r\n\r\nBonjour",
    "every message": lambda: b"References: " + b"<m1@vauban.example>" * 1_000 + b"\r\n\r\nBonjour",
    "NUL everywhere": lambda: (
        b"From: a\0p@client.example\r\nTo: \0\r\nSubject: Re: \0=?utf-8?q?=00?=\r\n"
        b"Message-ID: <a\0@client.example>\r\nIn-Reply-To: <m1\0@vauban.example>\r\n\r\nBon\0jour\0"
    ),
    "NUL in a report": lambda: (
        b"From: MAILER-DAEMON@mx.example\r\nSubject: failure\r\nIn-Reply-To: <m1@vauban.example>\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a\0p@client.example"
        b"\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 \0\r\n\r\n--b--\r\n"
    ),
    "halves of characters": lambda: (
        b"From: =?utf-7?q?+2AA-?= <ap@client.example>\r\nSubject: =?utf-16?b?ANg=?=\r\n"
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA- +3AA- Bonjour"
    ),
    "names of files": lambda: _with_file(
        b"../../etc/\xe2\x80\xaegpj.exe\r\nX-Injected: 1", b"MZ\0\0", b"image/jpeg"
    ),
    "markup": lambda: (
        b"From: \"<script>alert(1)</script>\" <ap@client.example>\r\n"
        b"Subject: </title><script>alert(1)</script><img src=x onerror=alert(1)>\r\n"
        b"Content-Type: text/html\r\n\r\n<p onclick=alert(1)>Je paie <b>demain</b></p>"
        b"&lt;script&gt;alert(1)&lt;/script&gt;<img src=https://spy.example/x.gif>"
        b"<a href='javascript:alert(1)'>100 EUR</a><base href=//evil.example><iframe src=//x>"
    ),
    "writing of both directions": (
        "From: \u202eelpmaxe.tneilc@pa\u202c <ap@client.example>\r\nSubject: Re: \u2066\u05d0\u2069"
        "\r\n\r\nJe paie \u202e00,001\u202c EUR demain \U0001f4b8\U0001f468\u200d\U0001f469 \u05d0"
    ).encode,
    "lone carriage returns": lambda: _HEAD.replace(b"\r\n", b"\r") + b"\rBonjour\rje paie\r",
    "a boundary that never comes": lambda: _HEAD
    + b"Content-Type: multipart/mixed; boundary=" + b"z" * 5000 + b"\r\n\r\n--z\r\nBonjour",
}  # fmt: skip
