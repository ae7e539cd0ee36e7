"""What a payment leaves open of an invoice: the names a rest may have, and which is likely.

A discount, a bank's fee or cents within the limits is given up at once; above them, and for every
deduction, another person approves. A dispute pauses the rest; a part payment leaves it due.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from amiable.core.matching.facts import Habit, Limits
from amiable.core.matching.labels import plain
from amiable.core.matching.residuals import DISCOUNTS, LARGEST_FEE_SHARE
from amiable.core.money import Money
from amiable.core.sentences import Sentence, declare, gettext_noop

RestReason = Literal["part", "discount", "bank_fee", "cents", "deduction", "dispute"]
REASONS: tuple[RestReason, ...] = (
    "part", "discount", "bank_fee", "cents", "deduction", "dispute",
)  # fmt: skip
# What a payer deducts of its own accord, as the trade names it.
DEDUCTIONS = ("debit_note", "retention", "prorata", "penalties", "other")
# A transfer from abroad, or an instant one, arrives short by so much when banks took a fee.
LEAST_FEE_MINOR, MOST_FEE_MINOR = 500, 2_500
# Loi 71-584 of 16 July 1971, art. 1: no more may be retained of works as a guarantee.
RETENTION_PERCENT = 5

declare(
    {
        "rest.why_cents": gettext_noop("{left} is less than is worth asking for"),
        "rest.why_agreed_discount": gettext_noop(
            "{left} is exactly the discount of {rate} % agreed with this customer"
        ),
        "rest.why_discount": gettext_noop("{left} is exactly {rate} %, paid by the due date"),
        "rest.why_late_discount": gettext_noop(
            "{left} is exactly {rate} %, but it was paid after the due date"
        ),
        "rest.why_foreign_fee": gettext_noop(
            "{left} is missing of a transfer from abroad: a bank on the way may have kept it"
        ),
        "rest.why_instant_fee": gettext_noop(
            "{left} is missing of an instant transfer: a bank may have kept it"
        ),
        "rest.why_same_fee": gettext_noop(
            "the customer's payments were short by this same amount the last {count} times"
        ),
        "rest.why_retention": gettext_noop(
            "{left} is exactly 5 %, the most that may be retained of works (loi 71-584)"
        ),
        "rest.why_words": gettext_noop("the remittance says {word}"),
        "rest.why_part": gettext_noop("nothing tells why {left} is missing: it stays due"),
    }
)

_DEDUCTION_WORDS = {
    "retention": re.compile(r"\bRETENUE(?: DE)? GARANTIE\b|\bRG ?5 ?%|\bRETENUE\b"),
    "prorata": re.compile(r"\b(?:COMPTE )?PRORATA\b"),
    "penalties": re.compile(r"\bPENALITES?\b"),
    "debit_note": re.compile(r"\bNOTES? DE DEBIT\b|\bDEBIT NOTE\b|\bDEDUCTION\b|\bDEDUIT\b"),
}
_DISPUTE_WORD = re.compile(r"\bLITIGES?\b|\bCONTESTE\w*\b|\bRECLAMATION\b|\bDISPUTED?\b")
_INSTANT_WORD = re.compile(r"\bVIR(?:EMENT)? ?INST\w*\b|\bSCT ?INST\b|\bINSTANT\w*\b")


@dataclass(frozen=True, slots=True)
class Rest:
    """What stays open of an invoice after a payment, minor units; `open_minor` was open before."""

    left_minor: int
    open_minor: int
    currency: str
    due_date: date
    received_on: date
    label: str = ""
    payer_iban: str = ""
    operation: str = ""

    @property
    def in_time(self) -> bool:
        """Whether the payment came by the due date."""
        return self.received_on <= self.due_date


@dataclass(frozen=True, slots=True)
class Likely:
    """The reason to show first, why, and the kind of a deduction."""

    reason: RestReason
    why: Sentence
    detail: str = ""

    @property
    def value(self) -> str:
        """Reason and detail in one, as a form sends them."""
        detail = self.detail or ("other" if self.reason in ("deduction", "dispute") else "")
        return f"{self.reason}:{detail}" if detail else self.reason


def is_within(reason: str, rest: Rest, *, limits: Limits) -> bool:
    """Whether the limits let a rest of this name go without an approval."""
    left = rest.left_minor
    if reason == "cents":
        return left <= limits.cents_minor
    if reason == "bank_fee":
        return left <= limits.bank_fee_minor
    if reason == "discount":
        most = (rest.open_minor * limits.discount_permille + 500) // 1000
        return rest.in_time and left <= most
    return False


def likely_reason(
    rest: Rest, limits: Limits, *, agreed_permille: int | None = None, habit: Habit | None = None
) -> Likely:
    """What the rest most likely is: the payer's words, then amounts that mean something.

    `agreed_permille` = the discount agreed with the customer; `habit` = its usual fee, if learned.
    """
    left = Money(rest.left_minor, rest.currency)
    for found in (_by_words(rest), _by_discount(rest, left, agreed_permille)):
        if found:
            return found
    if rest.left_minor <= limits.cents_minor:
        return Likely("cents", Sentence("rest.why_cents", {"left": left}))
    if habit and habit.code == "bank_fee" and habit.value == rest.left_minor:
        return Likely("bank_fee", Sentence("rest.why_same_fee", {"count": len(habit.days)}))
    fee = _by_fee(rest, left)
    if fee:
        return fee
    if rest.left_minor * 100 == rest.open_minor * RETENTION_PERCENT:
        return Likely("deduction", Sentence("rest.why_retention", {"left": left}), "retention")
    return Likely("part", Sentence("rest.why_part", {"left": left}))


def _by_words(rest: Rest) -> Likely | None:
    text = plain(rest.label)
    for detail, words in _DEDUCTION_WORDS.items():
        if found := words.search(text):
            return Likely("deduction", Sentence("rest.why_words", {"word": found[0]}), detail)
    if found := _DISPUTE_WORD.search(text):
        return Likely("dispute", Sentence("rest.why_words", {"word": found[0]}))
    return None


def _by_discount(rest: Rest, left: Money, agreed_permille: int | None) -> Likely | None:
    """A rate in use, to the cent; the one agreed counts above all."""
    for permille in (agreed_permille or 0, *DISCOUNTS):
        exact = (rest.open_minor * permille + 500) // 1000
        if not permille or abs(exact - rest.left_minor) > 1:
            continue
        code = "why_discount" if rest.in_time else "why_late_discount"
        if permille == agreed_permille:
            code = "why_agreed_discount"
        said = Sentence(f"rest.{code}", {"left": left, "rate": f"{permille / 10:g}"})
        return Likely("discount", said)
    return None


def _by_fee(rest: Rest, left: Money) -> Likely | None:
    """5 to 25 of a transfer from abroad or an instant one, and less than a quarter of what was
    due."""
    small = rest.left_minor * LARGEST_FEE_SHARE < rest.open_minor
    if not (small and LEAST_FEE_MINOR <= rest.left_minor <= MOST_FEE_MINOR):
        return None
    if rest.payer_iban and not rest.payer_iban.startswith("FR"):
        return Likely("bank_fee", Sentence("rest.why_foreign_fee", {"left": left}))
    if rest.operation in {"C2", "RRTI", "IRCT"} or _INSTANT_WORD.search(plain(rest.label)):
        return Likely("bank_fee", Sentence("rest.why_instant_fee", {"left": left}))
    return None
