"""How HTTP gateways for text messages are asked and read: Kannel's sendsms (user guide 1.4.5,
chapter 10), or another shape that the address describes."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from amiable.core.delivery import EventKind
from amiable.core.sms import encoding_of
from amiable.plugins.base import Outgoing
from amiable.plugins.channels._hosts import is_near
from amiable.plugins.channels._sms_reports import sealed


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of gateway is asked, and what its answers and reports look like.

    `to`, `sender`, `text`, `user`, `password`, `callback` = names of its parameters (`callback` =
    where it is told the address of reports, "" = nowhere). `auth` = where user and password go.
    `taken` = pattern of an answer that accepts a message; its group, where it has one, is the
    provider's id; `never` = pattern of one that refuses it for good, whatever its
    number says. `status`, `id`, `error` = parameters of a report; `events` translates the first.
    `report` = what such a gateway fills in by itself, appended to the address of reports.
    """

    method: str = "post"
    auth: str = "basic"
    to: str = "to"
    sender: str = "from"
    text: str = "text"
    user: str = "username"
    password: str = "password"  # noqa: S105 - the name of a parameter
    callback: str = ""
    taken: str = ""
    never: str = ""
    status: str = "status"
    id: str = "id"
    error: str = "error"
    events: Mapping[str, EventKind] = field(default_factory=dict)
    report: str = ""
    kannel: bool = False


# Reports: 1 delivered, 2 not delivered, 4 waits at the operator, 16 refused by it; 8, taken by the
# operator, says nothing new and is not asked for. %d = which of them, %F = the operator's id, %I =
# Kannel's own, %T = seconds since 1970, %A = the operator's words.
KANNEL = Shape(
    method="get",
    auth="query",
    callback="dlr-url",
    taken=r"^(?:0: Accepted|3: Queued|Sent\.)",
    never=r"Do not try again",  # 403, as for a wrong password
    events={"1": "delivered", "2": "failed", "4": "deferred", "16": "failed"},
    report="&status=%d&id=%F&ref=%I&at=%T&said=%A",
    kannel=True,
)
KANNEL_REPORTS = "23"
SCHEMES = frozenset({"kannel", "kannels", "sms+http", "sms+https"})
_COMMON = frozenset({"from", "timeout", "ca_file", "gone"})
# Options of another shape: `from` is taken by the sender itself.
_NAMES = {"param_to": "to", "param_from": "sender", "param_text": "text", "param_user": "user",
          "param_password": "password", "param_callback": "callback", "param_status": "status",
          "param_id": "id", "param_error": "error", "method": "method", "auth": "auth",
          "taken": "taken", "never": "never"}  # fmt: skip


def gateway_config(url: str) -> dict[str, Any]:
    """kannel[s]://user:password@host:port/path?from=SENDER&timeout=30&ca_file=...&gone=001,005, or
    sms+http[s]://... with another shape as options (see Shape): method, auth, taken, never,
    param_to, param_from ... and `delivered`, `failed`: the words of its reports, with commas.

    `gone` = error codes of numbers that do not exist.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    kannel = parts.scheme.startswith("kannel")
    known = _COMMON if kannel else {*_COMMON, *_NAMES, "delivered", "failed"}
    if parts.scheme not in SCHEMES or not parts.hostname or options.keys() - known:
        raise ValueError(
            "a gateway reads kannel[s]://user:password@host:port or sms+http[s]://...; options: "
            + ", ".join(sorted(known))
        )
    secure = parts.scheme in {"kannels", "sms+https"}
    if not secure and parts.password and not is_near(parts.hostname):
        raise ValueError("a password leaves this network only over kannels:// or sms+https://")
    return {
        "secure": secure,
        "host": parts.hostname,
        "port": parts.port or (13013 if kannel else 443 if secure else 80),
        "path": "/cgi-bin/sendsms" if kannel and parts.path in {"", "/"} else parts.path or "/",
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "sender": options.get("from", ""),
        "timeout": float(options.get("timeout", 30)),
        "ca_file": options.get("ca_file", ""),
        "gone": _words(options, "gone"),
        "shape": KANNEL if kannel else _shape(options),
    }


Request = tuple[str, str, str, dict[str, str]]


def request_of(message: Outgoing, config: Mapping[str, Any]) -> Request:
    """(method, path, body, headers) that hand a message over."""
    shape: Shape = config["shape"]
    text = message.content.decode()
    sender = message.sender or config.get("sender", "")
    values = {shape.to: message.recipient, shape.text: text}
    values |= {shape.sender: sender} if sender else {}
    if shape.kannel:
        values |= {"charset": "UTF-8", "coding": "0" if encoding_of(text) == "gsm7" else "2"}
    if shape.callback and config.get("hook_url") and config.get("hook_secret"):
        address = f"{config['hook_url']}?{sealed(message.key, config['hook_secret'])}"
        values[shape.callback] = address + shape.report
        values |= {"dlr-mask": KANNEL_REPORTS} if shape.kannel else {}
    headers = _authorization(values, config)
    if shape.method == "get":
        return "GET", f"{config['path']}?{urlencode(values)}", "", headers
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return "POST", config["path"], urlencode(values), headers


def _authorization(values: dict[str, str], config: Mapping[str, Any]) -> dict[str, str]:
    """The headers that say who asks; a shape that says it in the query adds to `values`."""
    shape: Shape = config["shape"]
    user, password = config.get("user", ""), config.get("password", "")
    if not user and not password:
        return {}
    if shape.auth == "query":
        values |= {shape.user: user, shape.password: password}
        return {}
    if shape.auth == "bearer":
        return {"Authorization": f"Bearer {password or user}"}
    both = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {both}"}


def _shape(options: Mapping[str, str]) -> Shape:
    given: dict[str, Any] = {
        _NAMES[name]: value for name, value in options.items() if name in _NAMES
    }
    delivered, failed = _words(options, "delivered"), _words(options, "failed")
    events: dict[str, EventKind] = dict.fromkeys(delivered, "delivered")
    events |= dict.fromkeys(failed, "failed")
    shape = Shape(**given, events=events)
    if shape.method not in {"get", "post"} or shape.auth not in {"query", "basic", "bearer"}:
        raise ValueError("method is get or post; auth is query, basic or bearer")
    for pattern in (shape.taken, shape.never):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern} is no pattern: {error}") from error
    return shape


def _words(options: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, options.get(name, "").split(",")))
