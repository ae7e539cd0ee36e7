"""Emails as customers and mail servers write them, for tests."""

from __future__ import annotations


def reply(
    text: str = "Bonjour, je paie vendredi.",
    *,
    sender: str = "ap@client.example",
    to: str = "compta@vauban.example",
    answers: str = "",
    own_id: str = "r1@client.example",
    subject: str = "Re: Facture",
    extra: str = "",
) -> bytes:
    """A person's answer; `answers` = the Message-ID it answers, with its brackets."""
    thread = f"In-Reply-To: {answers}\r\nReferences: {answers}\r\n" if answers else ""
    return (
        f"From: Anne Petit <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{own_id}>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n{thread}{extra}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


def with_file(name: str, content: bytes, declared: str = "application/pdf") -> bytes:
    """An answer with one attachment."""
    import base64

    body = base64.encodebytes(content).decode().replace("\n", "\r\n")
    return (
        "From: ap@client.example\r\nTo: compta@vauban.example\r\nSubject: Re: Facture\r\n"
        "Message-ID: <file@client.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVoici la preuve.\r\n"
        f'--b\r\nContent-Type: {declared}; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{body}\r\n--b--\r\n"
    ).encode()


def bounce(
    recipient: str, *, returned: str = "", status: str = "5.1.1", own_id: str = "b1@mx"
) -> bytes:
    """A delivery report (RFC 3464) about `recipient`; `returned` = the Message-ID it is about."""
    original = f"Message-ID: {returned}\r\n" if returned else ""
    action = "failed" if status.startswith("5") else "delayed"
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: compta@vauban.example\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{own_id}>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mail system could not deliver.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{original}Subject: Facture\r\n\r\nBonjour\r\n"
        "--b--\r\n"
    ).encode()


def absence(until: str = "lundi 30 novembre 2026", *, answers: str = "") -> bytes:
    """An automatic answer of somebody who is away."""
    thread = f"In-Reply-To: {answers}\r\n" if answers else ""
    return (
        "From: ap@client.example\r\nTo: compta@vauban.example\r\n"
        "Subject: Absence du bureau : Re: Facture\r\nAuto-Submitted: auto-replied\r\n"
        f"Message-ID: <away@client.example>\r\n{thread}"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Bonjour,\r\nje suis absente jusqu'au {until}.\r\n"
    ).encode()
