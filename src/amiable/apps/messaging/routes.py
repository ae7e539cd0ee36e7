"""Which channel carries which medium, from two pieces of configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Route = tuple[str, Mapping[str, Any]]
Routes = Mapping[str, Route]

MEDIA = ("email", "letter", "registered_letter", "sms")


def routes_from(smtp_url: str, spool_folder: Path | str) -> dict[str, Route]:
    """medium -> (channel code, config). Without an SMTP address everything stays in the outbox.

    With one, email leaves over SMTP and paper and SMS are written to the spool folder.
    Raises ValueError when the address cannot be understood.
    """
    if not smtp_url:
        return {medium: ("outbox", {}) for medium in MEDIA}
    spool: Route = ("spool", {"folder": str(spool_folder)})
    return {**dict.fromkeys(MEDIA, spool), "email": ("smtp", smtp_config(smtp_url))}


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
