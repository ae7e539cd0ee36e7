"""docs/replies.md: what the classifier of replies was measured to do on texts kept from it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from amiable.core.replies.features import features
from amiable.core.replies.model import Model
from amiable.core.replies.proposals import LABELS

_HEAD = """# What replies are taken for

Written by `python -m scripts.train_replies`; no figure here is typed by hand.

A reply is read on the machine itself: {features} weights of a logistic regression over words, pairs
of words, pieces of words and {phrases} telling phrases. It only proposes. A person decides.

**How much this is worth.** All {total} texts were written by us, in French and English, as short
emails and SMS. {kept} are trained on; {apart} more, written after the telling phrases, are trained
on and calibrate the certainty, each judged by a model that had not seen it; {measured} were written
last and are only measured on. Real customers write other things: expect less than these figures
until confirmed replies of your own are measured.

"""


def report(model: Model, kept: list[Any], apart: list[Any], held: list[Any]) -> str:
    """The document, from the model as it is stored and scripts.train_replies.Example texts."""
    phrases = sum(name.startswith("r:") for name in model.weights)
    text = _HEAD.format(
        features=len(model.weights), phrases=phrases, total=len(kept) + len(apart) + len(held),
        kept=len(kept), apart=len(apart), measured=len(held),
    )  # fmt: skip
    judged = [(one, model.chances(one.text, list(features(one.text)))) for one in held]
    floor = model.abstain_below
    for language, name in (("", "Both languages"), ("fr", "French"), ("en", "English")):
        chosen = [pair for pair in judged if not language or pair[0].language == language]
        text += f"## {name}: {len(chosen)} texts only measured on\n\n"
        text += _summary(chosen, floor) + "\n"
        if not language:
            text += _table(chosen, floor) + "\n" + _second(chosen) + _mistakes(chosen, floor)
    return text.rstrip() + "\n"


def _best(chances: dict[str, float]) -> str:
    return max(chances, key=lambda label: chances[label])


def _summary(judged: list[Any], floor: float) -> str:
    said = [(one, chances) for one, chances in judged if chances[_best(chances)] >= floor]
    right = sum(_best(chances) in one.labels for one, chances in said)
    forced = sum(_best(chances) in one.labels for one, chances in judged)
    return (
        f"- Says something for {len(said)} of {len(judged)} ({_pct(len(said), len(judged))}), "
        f"and is right for {right} of these ({_pct(right, len(said))}).\n"
        f"- Made to answer every time it would be right for {forced} of {len(judged)} "
        f"({_pct(forced, len(judged))}).\n"
    )


def _table(judged: list[Any], floor: float) -> str:
    said: Counter[str] = Counter()
    right: Counter[str] = Counter()
    meant: Counter[str] = Counter()
    for one, chances in judged:
        best = _best(chances)
        meant[one.labels[0]] += 1
        if chances[best] >= floor:
            said[best] += 1
            right[best] += best in one.labels
    lines = ["| label | texts | proposed | precision | recall |", "|---|---|---|---|---|"]
    for label in LABELS:
        found = sum(
            _best(chances) == label and chances[label] >= floor
            for one, chances in judged
            if one.labels[0] == label
        )
        lines.append(
            f"| {label} | {meant[label]} | {said[label]} | {_pct(right[label], said[label])} "
            f"| {_pct(found, meant[label])} |"
        )
    note = (
        "\nPrecision: of the proposals, those right. Recall: of the texts that mean it first,\n"
        "those for which it was proposed; the others got “unsure” or another label.\n"
    )
    return "\n".join(lines) + "\n" + note


def _second(judged: list[Any]) -> str:
    """Texts that want two things: are both among the two likeliest?"""
    double = [(one, chances) for one, chances in judged if len(one.labels) > 1]
    both = sum(
        set(sorted(chances, key=lambda label: -chances[label])[:2]) == set(one.labels[:2])
        for one, chances in double
    )
    return f"Of {len(double)} texts that want two things, both are ranked first for {both}.\n\n"


def _mistakes(judged: list[Any], floor: float) -> str:
    wrong = [
        f"- {best} instead of {' and '.join(one.labels)}: “{one.text}”"
        for one, chances in judged
        if (best := _best(chances)) not in one.labels and chances[best] >= floor
    ]
    if not wrong:
        return ""
    return "What it got wrong while sure of it:\n\n" + "\n".join(wrong) + "\n\n"


def _pct(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"
