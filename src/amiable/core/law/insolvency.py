"""French insolvency: which claims the judgment that opens it bars from being paid.

The rules are dated facts: a judgment from before them raises, nothing is extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "insolvency.unknown": gettext_noop(
            "The judgment of {judgment} is from before {since}: the rules of that time are not "
            "known here. Ask a lawyer what this payment may settle."
        ),
        "insolvency.barred": gettext_noop(
            "The insolvency proceedings were opened on {judgment}: what was owed before may not "
            "be paid any more (C. com. L622-7) and is declared instead (L622-24). A payment all "
            "the same can be annulled for three years."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class PaymentRule:
    """From which judgments on payment of prior claims is barred, and by which text."""

    starts_on: date
    articles: tuple[str, ...]
    source: str


# A judgment opened on or after the first day follows these articles; the reform of 2021 (ordonnance
# 2021-1193, in force on 1 October 2021) left the ban itself as it was.
RULES = (
    PaymentRule(
        date(2006, 1, 1),
        ("C. com. L622-7", "C. com. L622-24"),
        "loi 2005-845 du 26 juillet 2005, art. 190 and 191 (in force on 1 January 2006)",
    ),
)


class UnknownLawError(ValueError):
    """A day whose rules are not known; `sentence` says which."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def payment_rule(judgment_on: date) -> PaymentRule:
    """The rule that a judgment of this day follows. Raises UnknownLawError before the first."""
    for rule in reversed(RULES):
        if rule.starts_on <= judgment_on:
            return rule
    values = {"judgment": judgment_on, "since": RULES[0].starts_on}
    raise UnknownLawError(Sentence("insolvency.unknown", values))


def payment_bar(*, claim_on: date, judgment_on: date, paid_on: date) -> Sentence | None:
    """Why money of the debtor received on `paid_on` may not settle a claim born on `claim_on`.

    None when it may: paid before the judgment, or claims born from its day on (C. com. L622-17).
    A judgment takes effect from the first hour of its day (R621-4). Raises UnknownLawError.
    """
    if paid_on < judgment_on or claim_on >= judgment_on:
        return None
    payment_rule(judgment_on)
    return Sentence("insolvency.barred", {"judgment": judgment_on})
