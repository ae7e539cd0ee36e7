"""The classifier: one logistic regression per label over the features, weights frozen in a file.

`scripts/train_replies.py` makes weights.txt; nothing is learned while the product runs and no
text leaves it. Linear, so that the weight of every word is the reason that can be shown.
"""

from __future__ import annotations

import functools
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import islice, pairwise

from amiable.core.replies.features import MAX_CHARS, Feature, features
from amiable.core.replies.proposals import LABELS, Label, Span

SCALE = 100  # weights are stored as whole hundredths, probabilities as thousandths
SENTENCE_SHARE = 0.95  # a sentence alone knows a little less than the whole
_END = re.compile(r"(?<=[.!?;])\s+|\n+|,? (?:mais|but|par contre|however|en revanche) ", re.I)
MAX_SENTENCES = 40
MAX_REASONS = 8
Vector = dict[str, float]


@dataclass(slots=True)
class Model:
    """Weights per feature in the order of LABELS, and how margins become percentages.

    `calibration` = rising (probability, percent right) pairs measured on texts kept from training;
    `floors` = the probability under which a label is not proposed, in the order of LABELS.
    """

    weights: dict[str, list[float]] = field(default_factory=dict)
    bias: list[float] = field(default_factory=lambda: [0.0] * len(LABELS))
    calibration: list[tuple[float, int]] = field(default_factory=list)
    floors: list[float] = field(default_factory=lambda: [0.5] * len(LABELS))

    def probabilities(self, vector: Mapping[str, float]) -> dict[Label, float]:
        """Each label's own probability; they do not sum to one, a text may want two things."""
        margins = list(self.bias)
        for name, value in vector.items():
            row = self.weights.get(name)
            if row:
                for index, weight in enumerate(row):
                    margins[index] += weight * value
        return {label: sigmoid(margin) for label, margin in zip(LABELS, margins, strict=True)}

    def chances(self, text: str, found: Sequence[Feature]) -> dict[Label, float]:
        """Probabilities of a text with its features: the most that it or one sentence says.

        A long answer holds one telling sentence among courtesies. "other" is what is left when
        no sentence says anything else.
        """
        whole = self.probabilities(vector(found))
        ordered = sorted(found, key=lambda one: one[1])
        starts = [start for _, start, _ in ordered]
        for first, last in sentences(text):
            inside = ordered[bisect_left(starts, first) : bisect_left(starts, last)]
            for label, chance in self.probabilities(vector(inside)).items():
                whole[label] = max(whole[label], chance * SENTENCE_SHARE)
        telling = max(chance for label, chance in whole.items() if label != "other")
        whole["other"] = min(whole["other"], 1 - telling)
        return whole

    def is_sure(self, label: Label, probability: float) -> bool:
        """Whether a label of this probability is worth proposing."""
        return probability >= self.floors[LABELS.index(label)]

    def percent(self, probability: float) -> int:
        """Share of proposals of this probability that were right, 0 to 99."""
        known = [percent for floor, percent in self.calibration if probability >= floor]
        return known[-1] if known else 0

    def reasons(self, found: Iterable[Feature], label: Label) -> tuple[Span, ...]:
        """Where a text speaks for a label: its phrases, else the words that weigh most."""
        index, spans = LABELS.index(label), dict[Span, float]()
        phrases: list[Span] = []
        for name, start, end in found:
            if name.startswith(f"r:{label}."):
                phrases.append((start, end))
            row = self.weights.get(name)
            if row and end > start and name[:2] in {"w:", "p:", "n:"} and row[index] > 0:
                spans[start, end] = spans.get((start, end), 0.0) + row[index]
        if phrases:
            return merged(phrases[:MAX_REASONS])
        best = sorted(spans, key=lambda span: (-spans[span], span))[: MAX_REASONS // 2]
        return merged(span for span in best if spans[span] >= spans[best[0]] / 4)

    def to_text(self) -> str:
        """The file weights.txt: a head of three lines, then one feature a line."""
        lines = [
            "bias " + " ".join(str(round(one * SCALE)) for one in self.bias),
            "calibration " + " ".join(f"{round(p * 1000)}:{pct}" for p, pct in self.calibration),
            "floors " + " ".join(str(round(one * 1000)) for one in self.floors),
        ]
        for name in sorted(self.weights):
            row = [round(weight * SCALE) for weight in self.weights[name]]
            cells = " ".join(f"{i}:{weight}" for i, weight in enumerate(row) if weight)
            if cells:
                lines.append(f"{name}\t{cells}")
        return "\n".join(lines) + "\n"

    @staticmethod
    def from_text(text: str) -> Model:
        """Inverse of to_text."""
        bias, calibration, floors, *rows = text.splitlines()
        model = Model(
            bias=[int(cell) / SCALE for cell in bias.split()[1:]],
            calibration=[
                (int(floor) / 1000, int(percent))
                for floor, _, percent in (cell.partition(":") for cell in calibration.split()[1:])
            ],
            floors=[int(cell) / 1000 for cell in floors.split()[1:]],
        )
        for row in rows:
            name, _, cells = row.partition("\t")
            weights = [0.0] * len(LABELS)
            for index, _, weight in (cell.partition(":") for cell in cells.split()):
                weights[int(index)] = int(weight) / SCALE
            model.weights[name] = weights
        return model


@functools.cache
def shipped() -> Model:
    """The model that comes with the package."""
    source = resources.files("amiable.core.replies").joinpath("weights.txt")
    return Model.from_text(source.read_text("utf-8"))


def vector(found: Iterable[Feature]) -> Vector:
    """Features as numbers: phrases count one each, words with their pieces share a length of two,
    and so do meanings.
    """
    names = dict.fromkeys(name for name, _, _ in found)
    meanings = [name for name in names if name.startswith("k:")]
    words = [name for name in names if not name.startswith(("r:", "k:"))]
    values = dict.fromkeys(names, 1.0)
    for group in (words, meanings):
        values.update(dict.fromkeys(group, 2.0 / math.sqrt(len(group)) if group else 0.0))
    return values


def vector_of(text: str) -> Vector:
    """The vector of a text."""
    return vector(features(text))


def sentences(text: str) -> list[Span]:
    """Where the sentences of a text stand when there are several, the first MAX_SENTENCES."""
    text = text[:MAX_CHARS]
    ends = [found.end() for found in islice(_END.finditer(text), MAX_SENTENCES)]
    places = pairwise([0, *ends, len(text)])
    found = [(start, end) for start, end in places if text[start:end].count(" ") > 1]
    return found if len(found) > 1 else []


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch or overlap made one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def sigmoid(margin: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, margin))))
