"""Train the classifier of replies on the texts of scripts/replies and measure it on others.

`python -m scripts.train_replies` writes src/amiable/core/replies/weights.txt and docs/replies.md;
`--check` only says whether both are what it would write. Every random choice has a fixed seed.
The *_calibrate.txt, in another voice than the others, are trained on and calibrate. The
*_measured.txt were written last, after all but two small choices of features: only measured on. A
line is labels, a bar, words; a dispute may carry its reason after a colon, a promise its day and
sum after "=" ("-" = no day).
"""

from __future__ import annotations

import math
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from amiable.core.replies.features import features
from amiable.core.replies.model import Model, Vector, sigmoid, vector_of
from amiable.core.replies.proposals import LABELS, Label
from scripts.replies_report import report

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "scripts" / "replies"
WEIGHTS = ROOT / "src" / "amiable" / "core" / "replies" / "weights.txt"
REPORT = ROOT / "docs" / "replies.md"
EPOCHS, RATE, DECAY = 6, 0.35, 0.00015
AVERAGED = 3  # last rounds whose weights are averaged: one alone leans to the texts it saw last
LEAST = 0.2  # a smaller weight decides nothing and is left out
FOLDS = 4
WANTED_PRECISION = 0.95
LENT = 15  # judgements of all labels that one label's few are weighed with
_PADDING = {
    "fr": ("Bonjour,", "Bonjour Madame, Monsieur,", "Suite à votre relance,", "Merci d'avance.",
           "Je reviens vers vous au sujet de votre courrier.", "Bonne journée à vous.",
           "Cordialement", "Nous avons bien reçu votre message.", "Merci de votre compréhension.",
           "Bonsoir", "En réponse à votre mail du 12/11 concernant la facture FA-2044 de 312,50 €,",
           "Restant à votre disposition.", "Dans l'attente de vous lire."),
    "en": ("Hello,", "Dear Sir or Madam,", "Further to your reminder,", "Thanks in advance.",
           "I am writing about your letter.", "Have a nice day.", "Kind regards", "Hi there",
           "We have received your message.", "Thank you for your understanding.",
           "In reply to your email of 12 November about invoice INV-2044 of EUR 312.50,",
           "Please let me know if you need anything else.", "Looking forward to hearing from you."),
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A text that we wrote: its labels, the likeliest first; a dispute's reason, what a promise
    names ("2026-12-04,850.00", "-" = no day that can be told), where that is given."""

    text: str
    labels: tuple[str, ...]
    reason: str
    language: str
    named: str = ""


def examples(suffix: str = "") -> list[Example]:
    """Texts of fr.txt and en.txt, or of those with a suffix, in the order of the files."""
    found = []
    for language in ("fr", "en"):
        for line in (TEXTS / f"{language}{suffix}.txt").read_text("utf-8").splitlines():
            head, _, text = line.partition(" | ")
            head, _, named = head.partition("=")
            named, plus, rest = named.partition("+")
            marks = [mark.partition(":") for mark in f"{head}{plus}{rest}".split("+")]
            reason = next((reason for _, _, reason in marks if reason), "")
            labels = tuple(label for label, _, _ in marks)
            found.append(Example(text.replace("\\n", "\n"), labels, reason, language, named))
    return found


def augmented(kept: list[Example], chance: random.Random) -> list[Example]:
    """The texts, again among courtesies, and some in pairs that want two things."""
    result = list(kept)
    for one in kept:
        padding = _PADDING[one.language]
        before, after = chance.choice(padding), chance.choice(padding)
        text = f"{before} {one.text} {after}"
        result.append(Example(text, one.labels, one.reason, one.language))
    for one in kept[::3]:
        other = chance.choice([two for two in kept if two.language == one.language])
        if "other" not in one.labels + other.labels:
            labels = tuple(dict.fromkeys(one.labels + other.labels))
            result.append(Example(f"{one.text} {other.text}", labels, "", one.language))
    return result


def train(kept: list[Example], *, seed: int) -> Model:
    """Logistic regressions by AdaGrad with a small decay; features seen once are left out."""
    chance = random.Random(seed)
    known = _known([vector_of(one.text) for one in kept])
    cells = {name: _Cell() for name in sorted(known)}
    bias = _Cell()
    rows: list[Row] = []
    for number, one in enumerate(augmented(kept, chance)):
        wanted = [float(label in one.labels) for label in LABELS]
        values = vector_of(one.text)
        rows.append(([(cells[name], value) for name, value in values.items() if name in cells],
                     wanted))  # fmt: skip
        if number < len(kept):
            # Once more without the phrases, so that the words learn to speak for themselves.
            rows.append(([(cells[name], value) for name, value in values.items()
                          if name in cells and not name.startswith("r:")], wanted))  # fmt: skip
    for epoch in range(EPOCHS):
        chance.shuffle(rows)
        for row in rows:
            _step(bias, row)
        if epoch >= EPOCHS - AVERAGED:
            for cell in (bias, *cells.values()):
                cell.total = [sum(pair) for pair in zip(cell.total, cell.weights, strict=True)]
    return _shortened(cells, bias)


class _Cell:
    """One feature while it is learned: its weights per label, and how far they were moved."""

    __slots__ = ("squares", "total", "weights")

    def __init__(self) -> None:
        self.weights, self.total = [0.0] * len(LABELS), [0.0] * len(LABELS)
        self.squares = [1.0] * len(LABELS)


Row = tuple[list[tuple[_Cell, float]], list[float]]


def _step(bias: _Cell, row: Row) -> None:
    seen, wanted = row
    margins = list(bias.weights)
    for cell, value in seen:
        pairs = zip(margins, cell.weights, strict=True)
        margins = [margin + weight * value for margin, weight in pairs]
    slopes = [sigmoid(margin) - goal for margin, goal in zip(margins, wanted, strict=True)]
    live = [(index, slope) for index, slope in enumerate(slopes) if abs(slope) > 0.02]
    for cell, value in (*seen, (bias, 1.0)):
        weights, squares = cell.weights, cell.squares
        for index, slope in live:
            gradient = slope * value + DECAY * weights[index]
            squares[index] += gradient * gradient
            weights[index] -= RATE * gradient / math.sqrt(squares[index])


def _shortened(cells: dict[str, _Cell], bias: _Cell) -> Model:
    """The model without what decides nothing."""
    means = {name: [weight / AVERAGED for weight in cell.total] for name, cell in cells.items()}
    kept = {
        name: [weight if abs(weight) >= LEAST else 0.0 for weight in row]
        for name, row in means.items()
    }
    return Model(
        weights={name: row for name, row in kept.items() if any(row)},
        bias=[weight / AVERAGED for weight in bias.total],
    )


def _known(vectors: list[Vector]) -> set[str]:
    counts: dict[str, int] = {}
    for one in vectors:
        for name in one:
            counts[name] = counts.get(name, 0) + 1
    return {name for name, count in counts.items() if count > 1 or name.startswith("r:")}


Judged = tuple[float, Label, bool]  # probability, label, whether it was right


def calibrate(model: Model, judged: list[Judged]) -> None:
    """Percentages and the floors of the labels, from rising judgements of texts apart: each
    quarter of them by a model that was trained on everything but that quarter.
    """
    model.calibration = _rising(judged)
    model.floors = [_floor(judged, label) for label in LABELS]


def _judged(given: tuple[int, list[Example], list[Example]]) -> list[Judged]:
    """What a model that has not seen one part of the texts apart says of that part."""
    fold, kept, apart = given
    rest = [one for index, one in enumerate(apart) if index % FOLDS != fold]
    trial = train([*kept, *rest], seed=fold)
    judged: list[Judged] = []
    for one in apart[fold::FOLDS]:
        chances = trial.chances(one.text, list(features(one.text)))
        best = max(chances, key=lambda label: chances[label])
        judged.append((chances[best], best, best in one.labels))
    return judged


def _rising(judged: list[Judged]) -> list[tuple[float, int]]:
    """Share that was right per twelfth of the judgements, made monotone by pooling neighbours."""
    size = max(1, len(judged) // 12)
    blocks = [judged[i : i + size] for i in range(0, len(judged), size)]
    pools: list[list[float]] = []  # floor, right, count
    for block in blocks:
        pools.append([block[0][0], float(sum(right for *_, right in block)), float(len(block))])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            _, right, count = pools.pop()
            pools[-1][1] += right
            pools[-1][2] += count
    # Laplace: a handful of texts never proves certainty.
    return [(floor, int(100 * (right + 1) / (count + 2))) for floor, right, count in pools]


def _floor(judged: list[Judged], label: str) -> float:
    """The lowest probability above which WANTED_PRECISION of a label's proposals were right.

    A label has a few dozen judgements: LENT of all labels, as they are above that probability,
    are counted with them.
    """
    for index, (probability, _, _) in enumerate(judged):
        above = judged[index:]
        own = [right for _, one, right in above if one == label]
        lent = sum(right for *_, right in above) / len(above)
        if sum(own) + LENT * lent >= WANTED_PRECISION * (len(own) + LENT):
            return probability
    return 1.0


def main() -> int:
    """Train, measure, write; with --check compare instead of writing."""
    kept, apart, measured = examples(), examples("_calibrate"), examples("_measured")
    with ProcessPoolExecutor() as pool:
        folds = pool.map(_judged, [(fold, kept, apart) for fold in range(FOLDS)])
        model = train([*kept, *apart], seed=20)
        judged = sorted(one for fold in folds for one in fold)
    calibrate(model, judged)
    weights = model.to_text()
    document = report(Model.from_text(weights), kept, apart, measured, judged)
    written = {WEIGHTS: weights, REPORT: document}
    if "--check" in sys.argv:
        stale = [path.name for path, text in written.items() if path.read_text("utf-8") != text]
        print(" ".join(stale) or "current")
        return bool(stale)
    for path, text in written.items():
        path.write_text(text, "utf-8")
    print(written[REPORT])
    return 0


if __name__ == "__main__":
    sys.exit(main())
