"""What a reply seems to say: a proposal that a person confirms in one key, never a decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from amiable.core.money import Money
from amiable.core.replies.mail import Address

Label = Literal[
    "promise",
    "dispute",
    "already_paid",
    "needs_copy",
    "wrong_contact",
    "absence",
    "hardship",
    "refusal",
    "stop",
    "other",
]
LABELS: tuple[Label, ...] = (
    "promise", "dispute", "already_paid", "needs_copy", "wrong_contact", "absence", "hardship",
    "refusal", "stop", "other",
)  # fmt: skip
DisputeReason = Literal[
    "", "price", "quantity", "quality", "delivery", "duplicate", "missing_document", "other"
]
Means = Literal["", "transfer", "card", "cheque", "direct_debit", "cash"]
Language = Literal["fr", "en", ""]
Span = tuple[int, int]


# More parts than this are a plan that a person agrees.
MOST_PARTS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a promise in several."""

    day: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reply states, as far as it can be read in one way only; None or "" otherwise.

    `day` = the promised day, the day it was paid, or the last day away. `share_pct` = a part of
    the debt in words ("half" = 50). `contact` = whom to write to instead. `later` = the parts of a
    promise behind the one of `day` and `amount`, in the order of their days.
    """

    day: date | None = None
    amount: Money | None = None
    share_pct: int | None = None
    dispute_reason: DisputeReason = ""
    means: Means = ""
    contact: Address | None = None
    later: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing the writer wants. `spans` = the words of the text that show it, in order."""

    label: Label
    confidence_pct: int
    spans: tuple[Span, ...] = ()
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The likeliest intent and the others, ranked; label "unsure" when none is likely enough.

    `intents` holds what was found even when unsure, so that a person sees the candidates.
    `confidence_pct` = how often proposals of this certainty were right on texts kept from
    training, 0 to 99.
    """

    label: Label | Literal["unsure"]
    confidence_pct: int
    spans: tuple[Span, ...] = ()
    facts: Facts = field(default_factory=Facts)
    intents: tuple[Intent, ...] = ()
    language: Language = ""
