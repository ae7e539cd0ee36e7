"""How an invoice reached its customer: what is known, and what the strongest of it proves.

A message that left proves nothing of its arrival: whoever relies on a receipt has to prove it
(C. civ. 1353), and is told here what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from amiable.core.sentences import Sentence, declare, gettext_noop

# From the strongest to the weakest. "signed" = a registered letter about it was handed over;
# "used" = the payment page of a message about it was used by a person; "returned" = what was sent
# about it came back.
TraceKind = Literal[
    "downloaded", "disputed", "signed", "presented", "used", "delivered", "sent", "returned"
]
KINDS: tuple[TraceKind, ...] = get_args(TraceKind)
Strength = Literal["proven", "likely", "unproven"]
_PROVEN = frozenset({"downloaded", "disputed", "signed"})
_LIKELY = frozenset({"presented", "used", "delivered"})

declare(
    {
        "reached.downloaded": gettext_noop(
            "The document was downloaded on the payment page on {on}: it was received."
        ),
        "reached.disputed": gettext_noop(
            "The customer contested it on the payment page on {on}: it is known to the customer."
        ),
        "reached.signed": gettext_noop(
            "A registered letter that names it was handed over against a signature on {on}."
        ),
        "reached.presented": gettext_noop(
            "A registered letter that names it was presented on {on}, and not accepted."
        ),
        "reached.used": gettext_noop(
            "The payment page that lists it was used on {on}; nothing shows that the document was "
            "opened."
        ),
        "reached.delivered": gettext_noop(
            "A message about it was delivered on {on}; nothing shows that it was read."
        ),
        "reached.sent": gettext_noop("Sent on {on}, without any proof that it was received."),
        "reached.returned": gettext_noop(
            "What was sent on {on} came back: find another address, then send it again."
        ),
        "reached.nothing": gettext_noop(
            "Nothing that was sent from here names it: nothing proves that it was received."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that is known, and its day."""

    kind: TraceKind
    on: date


@dataclass(frozen=True, slots=True)
class Reached:
    """What all of it comes to: `sentence` says the strongest trace."""

    strength: Strength
    sentence: Sentence


def reached(traces: Iterable[Trace]) -> Reached:
    """The strongest trace, the earliest of its kind; what came back counts only where nothing
    that was sent stayed away."""
    known = sorted(traces, key=lambda trace: (KINDS.index(trace.kind), trace.on))
    if not known:
        return Reached("unproven", Sentence("reached.nothing"))
    best = known[0]
    sentence = Sentence(f"reached.{best.kind}", {"on": best.on})
    if best.kind in _PROVEN:
        return Reached("proven", sentence)
    return Reached("likely" if best.kind in _LIKELY else "unproven", sentence)
