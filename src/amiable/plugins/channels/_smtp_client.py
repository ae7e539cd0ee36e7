"""Connections to a mail server, and what its answers say, for the SMTP channel."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from typing import Any

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def smtp_opened(config: Mapping[str, Any]) -> smtplib.SMTP:
    """A greeted, encrypted where asked, authenticated connection."""
    host, tls = str(config["host"]), config.get("tls", "auto")
    port, timeout = int(config["port"]), float(config.get("timeout", 30))
    context = ssl.create_default_context(cafile=config.get("ca_file") or None)
    if tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    else:
        client = smtplib.SMTP(host, port, timeout=timeout)
    try:
        client.ehlo_or_helo_if_needed()
        encrypted = tls == "implicit"
        if tls == "starttls" or (tls == "auto" and client.has_extn("starttls")):
            client.starttls(context=context)
            encrypted = True
        if config.get("user"):
            if not encrypted and host not in _LOOPBACK:
                raise ValueError("a password is never sent over an unencrypted connection")
            client.login(str(config["user"]), str(config.get("password", "")))
    except BaseException:
        client.close()
        raise
    return client


def envelope_sender(content: bytes) -> str:
    """The address of the From header, for the envelope."""
    head = content.partition(b"\r\n\r\n")[0]
    match = re.search(rb"(?ms)^From:(.*?)(?:\r\n(?![ \t])|\Z)", head)
    address = re.search(rb"<([^<>\s]+)>", match[1]) if match else None
    found = address[1] if address else match[1].strip() if match else b""
    return found.decode("ascii", "replace")


def answer(code: int, text: bytes) -> str:
    """An answer of the server as text."""
    return f"{code} {text.decode('utf-8', 'replace')}"[:500]


def said(error: BaseException) -> str:
    """What an error says, in the server's words where it spoke."""
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        return (
            f"{error.smtp_code} {raw.decode('utf-8', 'replace') if isinstance(raw, bytes) else raw}"
        )
    return str(error) or type(error).__name__
