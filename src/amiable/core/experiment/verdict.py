"""What may be said of an experiment today, in one sentence; guardrails first, caution second."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from amiable.core.experiment.sequential import ALPHA, Look, Tally, compared, half_width
from amiable.core.experiment.sizes import LEAST_PAYERS
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

State = Literal["stop", "undecided", "faster", "slower", "same"]

# How much more than the champion's mean an arm may cost before it is worse: harm has no excuse,
# work may cost a quarter more.
GUARDRAILS: Mapping[str, float] = {
    "disputes": 0.0,
    "opt_outs": 0.0,
    "bounces": 0.0,
    "minutes": 0.25,
    "contacts": 0.25,
}
# Rare events say nothing below this many payers in an arm.
LEAST_FOR_GUARDRAILS = 100
# Expected difference of a guardrail, in standard deviations: a small one (Cohen).
GUARDRAIL_MIXING = 0.2

declare(
    {
        "experiment.tenths": gettext_noop("{sign}{whole}.{tenth}"),
        "experiment.not_decidable_before": gettext_noop(
            "Not decidable before {on}: {payers} payers followed to the end in the smaller group, "
            "{needed} needed."
        ),
        "experiment.not_decidable": gettext_noop(
            "Not decidable: {payers} payers followed to the end in the smaller group, {needed} "
            "needed, and too few come."
        ),
        "experiment.challenger_faster": gettext_noop(
            "The challenger is faster by {days} days (between {low} and {high})."
        ),
        "experiment.challenger_slower": gettext_noop(
            "The challenger is slower by {days} days (between {low} and {high})."
        ),
        "experiment.holdout_slower": gettext_noop(
            "Held-back reminders bring payment {days} days later (between {low} and {high})."
        ),
        "experiment.holdout_faster": gettext_noop(
            "Held-back reminders bring payment {days} days sooner (between {low} and {high})."
        ),
        "experiment.no_difference": gettext_noop("No difference larger than {days} days."),
        "experiment.stop": gettext_noop(
            "Stop: guardrail {guardrail} is worse, {other} per payer against {champion}."
        ),
        "experiment.uneven_draw": gettext_noop(
            "The draw is less even than chance allows: do not trust the result before the cause is "
            "known."
        ),
        "guardrail.disputes": gettext_noop("“disputes”"),
        "guardrail.opt_outs": gettext_noop("“opt-outs”"),
        "guardrail.bounces": gettext_noop("“returned messages”"),
        "guardrail.minutes": gettext_noop("“minutes of work”"),
        "guardrail.contacts": gettext_noop("“contacts”"),
    }
)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One thing that must not get worse. Means per payer; `low`, `high` = always-valid interval
    of "other arm less champion", None while there are too few payers."""

    code: str
    champion: float
    other: float
    low: float | None
    high: float | None
    is_worse: bool

    @property
    def sentence(self) -> Sentence:
        """Its name."""
        return Sentence(f"guardrail.{self.code}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of today. Only "faster" and "slower" name a winner."""

    state: State
    sentence: Sentence


def guardrail(code: str, *, champion: Sequence[float], other: Sequence[float]) -> Guardrail:
    """Compare a count per payer. The five share the 5 % of false alarms (Bonferroni)."""
    tallies = Tally(), Tally()
    for tally, values in zip(tallies, (champion, other), strict=True):
        for value in values:
            tally.add(value)
    means = [tally.y / tally.n if tally.n else 0.0 for tally in tallies]
    if min(len(champion), len(other)) < LEAST_FOR_GUARDRAILS:
        return Guardrail(code, means[0], means[1], None, None, is_worse=False)
    difference, variance, _ = compared(tallies, floor=0.0)
    if not variance:
        return Guardrail(code, means[0], means[1], difference, difference, is_worse=False)
    sd = math.sqrt(variance / (1 / len(champion) + 1 / len(other)))
    width = half_width(variance, mixing=GUARDRAIL_MIXING * sd, alpha=ALPHA / len(GUARDRAILS))
    low, high = difference - width, difference + width
    is_worse = low > GUARDRAILS[code] * means[0]
    return Guardrail(code, means[0], means[1], low, high, is_worse=is_worse)


def conclude(
    look: Look | None,
    *,
    arm: str,
    guardrails: Sequence[Guardrail],
    needed: int,
    decidable_on: date | None,
    on: date,
    followed: int = 0,
) -> Verdict:
    """The sentence of the day.

    `needed` = payers of the smaller arm by the forecast, `decidable_on` = the day they will have
    been followed to the end, None when that cannot be foreseen. `followed` = payers of the smaller
    arm followed so far, told while they are too few for a look.
    """
    for found in guardrails:
        if found.is_worse:
            params: dict[str, Param] = {
                "guardrail": found.sentence,
                "other": tenths(found.other, digits=2),
                "champion": tenths(found.champion, digits=2),
            }
            return Verdict("stop", Sentence("experiment.stop", params))
    payers = min(look.champion_payers, look.other_payers) if look else followed
    if look is not None and payers >= LEAST_PAYERS and look.is_different:
        return _winner(look, arm)
    if look is not None and payers >= LEAST_PAYERS and decidable_on and decidable_on <= on:
        largest = max(abs(look.low), abs(look.high))
        return Verdict("same", Sentence("experiment.no_difference", {"days": tenths(largest)}))
    counts: dict[str, Param] = {"payers": payers, "needed": needed}
    if decidable_on is None:
        return Verdict("undecided", Sentence("experiment.not_decidable", counts))
    sentence = Sentence("experiment.not_decidable_before", {"on": decidable_on, **counts})
    return Verdict("undecided", sentence)


def tenths(value: float, *, digits: int = 1) -> Sentence:
    """A number with decimals as a sentence, so that each language sets its own separator."""
    scale = 10**digits
    scaled = round(value * scale)
    whole, tenth = divmod(abs(scaled), scale)
    params: dict[str, Param] = {
        "sign": "-" if scaled < 0 else "",
        "whole": str(whole),
        "tenth": f"{tenth:0{digits}d}",
    }
    return Sentence("experiment.tenths", params)


def _winner(look: Look, arm: str) -> Verdict:
    state: State = "faster" if look.high < 0 else "slower"
    ends = sorted((abs(look.low), abs(look.high)))
    params: dict[str, Param] = {
        "days": tenths(abs(look.difference)),
        "low": tenths(ends[0]),
        "high": tenths(ends[1]),
    }
    return Verdict(state, Sentence(f"experiment.{arm}_{state}", params))
