"""Train the classifier of replies on the texts of scripts/replies and measure it on others.

`python -m scripts.train_replies` writes src/amiable/core/replies/weights.txt and docs/replies.md;
`--check` only says whether both are what it would write. Every random choice has a fixed seed.
The *_calibrate.txt were written after the telling phrases, the *_measured.txt last of all: they
are only measured on.
"""

from __future__ import annotations

import math
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from amiable.core.replies.features import features
from amiable.core.replies.model import Model, Vector, sigmoid, vector_of
from amiable.core.replies.proposals import LABELS
from scripts.replies_report import report

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "scripts" / "replies"
WEIGHTS = ROOT / "src" / "amiable" / "core" / "replies" / "weights.txt"
REPORT = ROOT / "docs" / "replies.md"
EPOCHS, RATE, DECAY = 8, 0.35, 0.00015
FOLDS = 5
WANTED_PRECISION = 0.95
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
    """A text that we wrote: its labels, the likeliest first, and for a dispute its reason."""

    text: str
    labels: tuple[str, ...]
    reason: str
    language: str


def examples(suffix: str = "") -> list[Example]:
    """Texts of fr.txt and en.txt, or of those with a suffix, in the order of the files."""
    found = []
    for language in ("fr", "en"):
        for line in (TEXTS / f"{language}{suffix}.txt").read_text("utf-8").splitlines():
            head, _, text = line.partition(" | ")
            marks = [mark.partition(":") for mark in head.split("+")]
            reason = next((reason for _, _, reason in marks if reason), "")
            found.append(Example(text, tuple(label for label, _, _ in marks), reason, language))
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
    texts = augmented(kept, chance)
    rows: list[tuple[Vector, list[float]]] = []
    for one in texts:
        wanted = [float(label in one.labels) for label in LABELS]
        values = vector_of(one.text)
        words = {name: value for name, value in values.items() if not name.startswith("r:")}
        # Once more without the phrases, so that the words learn to speak for themselves.
        rows += [(values, wanted), (words, wanted)]
    known = _known([vector_of(one.text) for one in kept])
    model = Model(weights={name: [0.0] * len(LABELS) for name in sorted(known)})
    squares = {name: [1e-6] * len(LABELS) for name in known}
    bias_squares = [1e-6] * len(LABELS)
    order = list(range(len(rows)))
    for _ in range(EPOCHS):
        chance.shuffle(order)
        for index in order:
            _step(model, rows[index], squares, bias_squares)
    return model


def _known(vectors: list[Vector]) -> set[str]:
    counts: dict[str, int] = {}
    for one in vectors:
        for name in one:
            counts[name] = counts.get(name, 0) + 1
    return {name for name, count in counts.items() if count > 1 or name.startswith("r:")}


def _step(
    model: Model,
    row: tuple[Vector, list[float]],
    squares: dict[str, list[float]],
    bias_squares: list[float],
) -> None:
    values, wanted = row
    seen = [(name, value) for name, value in values.items() if name in model.weights]
    margins = list(model.bias)
    for name, value in seen:
        for index, weight in enumerate(model.weights[name]):
            margins[index] += weight * value
    slopes = [sigmoid(margin) - goal for margin, goal in zip(margins, wanted, strict=True)]
    live = [(index, slope) for index, slope in enumerate(slopes) if abs(slope) > 0.01]
    for index, slope in live:
        bias_squares[index] += slope * slope
        model.bias[index] -= RATE * slope / math.sqrt(bias_squares[index])
    for name, value in seen:
        weights, square = model.weights[name], squares[name]
        for index, slope in live:
            gradient = slope * value + DECAY * weights[index]
            square[index] += gradient * gradient
            weights[index] -= RATE * gradient / math.sqrt(square[index] + 1)


def calibrate(model: Model, kept: list[Example], apart: list[Example]) -> None:
    """Percentages and the abstention threshold: each fifth of the texts of `apart` is judged by a
    model that was trained on everything but that fifth.
    """
    judged: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        rest = [one for index, one in enumerate(apart) if index % FOLDS != fold]
        trial = train([*kept, *rest], seed=fold)
        for one in apart[fold::FOLDS]:
            chances = trial.chances(one.text, list(features(one.text)))
            best = max(chances, key=lambda label: chances[label])
            judged.append((chances[best], best in one.labels))
    judged.sort()
    model.calibration = _rising(judged)
    model.abstain_below = _threshold(judged)


def _rising(judged: list[tuple[float, bool]]) -> list[tuple[float, int]]:
    """Share that was right per tenth of the judgements, made monotone by pooling neighbours."""
    size = max(1, len(judged) // 12)
    blocks = [judged[i : i + size] for i in range(0, len(judged), size)]
    pools: list[list[float]] = []  # floor, right, count
    for block in blocks:
        pools.append([block[0][0], float(sum(right for _, right in block)), float(len(block))])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            _, right, count = pools.pop()
            pools[-1][1] += right
            pools[-1][2] += count
    # Laplace: a handful of texts never proves certainty.
    return [(floor, int(100 * (right + 1) / (count + 2))) for floor, right, count in pools]


def _threshold(judged: list[tuple[float, bool]]) -> float:
    """The lowest probability above which WANTED_PRECISION of the proposals were right."""
    for index, (probability, _) in enumerate(judged):
        above = judged[index:]
        if sum(right for _, right in above) >= WANTED_PRECISION * len(above):
            return probability
    return 1.0


def main() -> int:
    """Train, measure, write; with --check compare instead of writing."""
    kept, apart, measured = examples(), examples("_calibrate"), examples("_measured")
    model = train([*kept, *apart], seed=20)
    calibrate(model, kept, apart)
    weights = model.to_text()
    written = {WEIGHTS: weights, REPORT: report(Model.from_text(weights), kept, apart, measured)}
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
