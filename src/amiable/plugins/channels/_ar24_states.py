"""What AR24 tells of letters, in our words, and the papers that prove it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from amiable.core.delivery import EventKind, ReportedEvent
from amiable.plugins.channels._ar24_api import moment
from amiable.plugins.inbound import HookRequest
from amiable.plugins.papers import ProofKind

# A letter is deposited and announced to its addressee at the same moment (CPCE R53 and those that
# follow): the time stamp of its sending proves both. The addressee has 15 days from the next day.
# date of a letter -> what it says.
DATES: tuple[tuple[str, tuple[EventKind, ...]], ...] = (
    ("ts_ev_date", ("deposited", "presented")),
    ("view_date", ("accepted",)),
    ("refused_date", ("refused",)),
    ("negligence_date", ("unclaimed",)),
    ("bounced_date", ("returned",)),
)
# new_state of a call -> the date that goes with it.
_STATES = {
    "sent": "ts_ev_date", "ev": "ts_ev_date", "ar": "view_date", "viewed": "view_date",
    "refused": "refused_date", "rf": "refused_date", "negligence": "negligence_date",
    "ng": "negligence_date", "bounced": "bounced_date", "bc": "bounced_date",
}  # fmt: skip
# Papers: deposit, sending, receipt, negligence, refusal, return.
PAPERS: Mapping[str, ProofKind] = {
    "dp": "deposit", "ev": "deposit", "ar": "receipt", "ng": "return", "rf": "return",
    "bc": "return",
}  # fmt: skip
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}")


def called(request: HookRequest) -> tuple[ReportedEvent, ...]:
    """What a call says: a form, or JSON, with `id_mail` and `new_state`. Raises ValueError."""
    text = request.body.decode()
    if "json" in request.headers.get("content-type", ""):
        values = json.loads(text)
    else:
        values = dict(parse_qsl(text, max_num_fields=50))
    if not isinstance(values, Mapping) or not _NUMBER.fullmatch(str(values.get("id_mail", ""))):
        raise ValueError("no letter is named")
    number, state = str(values["id_mail"]), str(values.get("new_state", "")).lower()
    if state == "error":
        return (_event("failed", number, None, "error"),)
    date = _STATES.get(state, "")
    kinds = dict(DATES).get(date, ())
    return tuple(_event(kind, number, values.get(date), state) for kind in kinds)


def known(number: str, letter: Mapping[str, Any]) -> tuple[ReportedEvent, ...]:
    """What a letter's own record says."""
    events = [
        _event(kind, number, letter.get(date), str(letter.get("status") or ""))
        for date, kinds in DATES
        if moment(letter.get(date)) is not None
        for kind in kinds
    ]
    if str(letter.get("status")).lower() == "error" or str(letter.get("send_fail")) == "1":
        events.append(_event("failed", number, None, "error"))
    return tuple(events)


def papers(number: str, letter: Mapping[str, Any]) -> Iterator[tuple[str, ProofKind, str]]:
    """(file name, what it is, address) of each paper that exists."""
    for name, kind in PAPERS.items():
        url = letter.get(f"proof_{name}_url")
        if isinstance(url, str) and url:
            yield f"ar24-{number}-{name}.pdf", kind, url


def _event(kind: EventKind, number: str, date: object, state: str) -> ReportedEvent:
    return ReportedEvent(
        kind, event_id=f"{number}:{kind}", at=moment(date), provider_id=number, detail=state[:500]
    )
