"""Connections to a mail server, and what its answers say, for the SMTP channel."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def smtp_config(url: str) -> dict[str, Any]:
    """smtp[s]://user:password@host:port?tls=none|starttls|auto&sender=...&timeout=30&ca_file=...

    smtp: port 25 and STARTTLS when offered, unless `tls` says otherwise; smtps: port 465.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    unknown = options.keys() - {"tls", "sender", "timeout", "ca_file"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or unknown:
        raise ValueError(
            "an SMTP address reads smtp://user:password@host:port or smtps://...; options: "
            "tls, sender, timeout, ca_file"
        )
    tls = "implicit" if parts.scheme == "smtps" else options.get("tls", "auto")
    if tls not in {"implicit", "auto", "starttls", "none"}:
        raise ValueError("tls is one of none, starttls, auto")
    return {
        "host": parts.hostname,
        "port": parts.port or (465 if tls == "implicit" else 25),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "tls": tls,
        "sender": options.get("sender", ""),
        "timeout": float(options.get("timeout", 30)),
        "ca_file": options.get("ca_file", ""),
    }


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
