"""docs/replies.md: what the classifier of replies was measured to do on texts kept from it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from amiable.core.replies.facts import facts_of
from amiable.core.replies.features import features
from amiable.core.replies.model import Model
from amiable.core.replies.proposals import LABELS, Label

ON = date(2026, 11, 24)  # the day on which the measured promises were given
_NOTE = (
    "Precision: of the proposals, those right. Recall: of the texts that mean it first, those for\n"
    "which it was proposed; the others got “unsure” or another label.\n\n"
)
_HEAD = """# What replies are taken for

Written by `python -m scripts.train_replies`; no figure here is typed by hand.

A reply is read on the machine itself: {features} weights of a logistic regression over words,
pairs of words, pieces of words, tenses, {phrases} telling phrases, and {meanings} meanings with
their pairs (words that mean alike in French and English). It only proposes. A person decides.

**How much this is worth.** All {total} texts were written by us, in French and English, as short
emails and SMS. {kept} are trained on. {apart} more, in a voice of their own and richer in turns of
phrase, are trained on and calibrate the certainty and the floor of each label, each judged by a
model that had not seen it, while the meanings were written knowing them. {measured} were written
last, in one go, in plain everyday words; they are only measured on, though two small choices of
features came after them. The same people wrote texts and meanings, so
expect less of real customers than these figures until confirmed replies of your own are measured.

## In the other voice: {apart} texts, each judged by a model that had not seen it

- Says something for {said} of {apart} ({said_pct}), and is right for {right} of these
  ({right_pct}).
- Made to answer every time it would be right for {forced} of {apart} ({forced_pct}).

The floors were chosen on these texts: what they say of the certainty is kind to it.

"""


def report(
    model: Model, kept: list[Any], apart: list[Any], held: list[Any],
    calibrated: list[tuple[float, Label, bool]],
) -> str:  # fmt: skip
    """The document, from the model as it is stored and scripts.train_replies.Example texts."""
    phrases = sum(name.startswith("r:") for name in model.weights)
    sure = [right for chance, label, right in calibrated if model.is_sure(label, chance)]
    forced = sum(right for *_, right in calibrated)
    text = _HEAD.format(
        said=len(sure), said_pct=_pct(len(sure), len(apart)), right=sum(sure),
        right_pct=_pct(sum(sure), len(sure)), forced=forced, forced_pct=_pct(forced, len(apart)),
        meanings=sum(name.startswith("k:") and "+" not in name for name in model.weights),
        features=len(model.weights), phrases=phrases, total=len(kept) + len(apart) + len(held),
        kept=len(kept), apart=len(apart), measured=len(held),
    )  # fmt: skip
    judged = [(one, model.chances(one.text, list(features(one.text)))) for one in held]
    for language, name in (("", "Both languages"), ("fr", "French"), ("en", "English")):
        chosen = [pair for pair in judged if not language or pair[0].language == language]
        text += f"## {name}: {len(chosen)} texts only measured on\n\n"
        text += _summary(chosen, model) + "\n"
        text += _table(chosen, model) + "\n"
        if not language:
            text += _NOTE + _second(chosen) + _named(held) + _mistakes(chosen, model)
    return text.rstrip() + "\n"


def _best(chances: dict[Label, float]) -> Label:
    return max(chances, key=lambda label: chances[label])


def _is_sure(chances: dict[Label, float], model: Model) -> bool:
    best = _best(chances)
    return model.is_sure(best, chances[best])


def _summary(judged: list[Any], model: Model) -> str:
    said = [(one, chances) for one, chances in judged if _is_sure(chances, model)]
    right = sum(_best(chances) in one.labels for one, chances in said)
    forced = sum(_best(chances) in one.labels for one, chances in judged)
    return (
        f"- Says something for {len(said)} of {len(judged)} ({_pct(len(said), len(judged))}), "
        f"and is right for {right} of these ({_pct(right, len(said))}).\n"
        f"- Made to answer every time it would be right for {forced} of {len(judged)} "
        f"({_pct(forced, len(judged))}).\n"
    )


def _table(judged: list[Any], model: Model) -> str:
    said: Counter[str] = Counter()
    right: Counter[str] = Counter()
    meant: Counter[str] = Counter()
    for one, chances in judged:
        best = _best(chances)
        meant[one.labels[0]] += 1
        if _is_sure(chances, model):
            said[best] += 1
            right[best] += best in one.labels
    lines = ["| label | texts | proposed | precision | recall |", "|---|---|---|---|---|"]
    for label in LABELS:
        found = sum(
            _best(chances) == label and _is_sure(chances, model)
            for one, chances in judged
            if one.labels[0] == label
        )
        lines.append(
            f"| {label} | {meant[label]} | {said[label]} | {_pct(right[label], said[label])} "
            f"| {_pct(found, meant[label])} |"
        )
    return "\n".join(lines) + "\n"


def _named(held: list[Any]) -> str:
    """Of the promises with what they name: days and sums read, and read rightly."""
    days = [0, 0, 0]
    sums = [0, 0, 0]
    promises = [one for one in held if one.named]
    for one in promises:
        day, _, amount = one.named.partition(",")
        facts = facts_of(one.text, "promise", on=ON, language=one.language, currency="EUR")[0]
        read = facts.amount.amount_minor if facts.amount else None
        wanted = int(amount.replace(".", "")) if amount else None
        _count(days, facts.day.isoformat() if facts.day else None, None if day == "-" else day)
        _count(sums, read, wanted)
    return (
        f"Of {len(promises)} promises, {days[0]} name a day that can be told: {days[1]} are read, "
        f"{days[2]} of\nthem rightly. {sums[0]} name a sum: {sums[1]} are read, {sums[2]} of them "
        "rightly. (What is read where nothing\nis named counts as read wrongly.)\n\n"
    )


def _count(counts: list[int], read: object, wanted: object) -> None:
    counts[0] += wanted is not None
    counts[1] += read is not None
    counts[2] += read is not None and read == wanted


def _second(judged: list[Any]) -> str:
    """Texts that want two things: are both among the two likeliest?"""
    double = [(one, chances) for one, chances in judged if len(one.labels) > 1]
    both = sum(
        set(sorted(chances, key=lambda label: -chances[label])[:2]) == set(one.labels[:2])
        for one, chances in double
    )
    return f"Of {len(double)} texts that want two things, both are ranked first for {both}.\n\n"


def _mistakes(judged: list[Any], model: Model) -> str:
    wrong = [
        f"- {best} instead of {' and '.join(one.labels)}: “{one.text}”"
        for one, chances in judged
        if (best := _best(chances)) not in one.labels and _is_sure(chances, model)
    ]
    if not wrong:
        return ""
    return "What it got wrong while sure of it:\n\n" + "\n".join(wrong) + "\n\n"


def _pct(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"
