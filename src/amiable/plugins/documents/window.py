"""Where the address stands on a letter, so that it shows in the window of an envelope.

Every mail house and every box of envelopes has its own: a named one, or millimetres as text,
"left,top,width,height" and, fifth, where the fold mark goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from amiable.core.sentences import Sentence, declare, gettext_noop

A4_WIDTH, A4_HEIGHT = 210, 297  # mm

declare(
    {
        "window.unknown": gettext_noop(
            "{text} is not a window: name one of {names}, or write left, top, width and height in "
            "millimetres, like 110,55,85,33."
        ),
        "window.outside": gettext_noop(
            "This window does not fit: left from 15 and top from 30 mm, at least 70 x 25 mm, "
            "ending at 195 mm to the right and 120 mm down; the fold between 80 and 150 mm."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Window:
    """The frame of the address on an A4 page, in millimetres from the top left corner.

    `quiet_mm` = what stays empty around it; `fold_mm` = where the sheet is folded first.
    """

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float
    quiet_mm: float = 5
    fold_mm: float = 99

    @property
    def is_left(self) -> bool:
        """Whether the window is in the left half, so that the sender goes to the right."""
        return self.left_mm + self.width_mm / 2 < A4_WIDTH / 2


@dataclass(frozen=True, slots=True)
class Preset:
    """A named window; `source` = what it was computed from, or who says so."""

    label: str
    source: str
    window: Window


PRESETS: Mapping[str, Preset] = {
    # 45 x 100 mm, 20 mm from the right and the bottom of a DL envelope (110 x 220); the sheet,
    # folded to 99 x 210, moves by up to 11 and 10 mm: x 100-190, y 45-79 show in any case.
    "dl": Preset(
        gettext_noop("DL envelope, window on the right"),
        "45 x 100 mm window at 20 mm from the right and the bottom, less the play of the sheet",
        Window(101, 46, 88, 32),
    ),
    "edics": Preset(
        gettext_noop("Mail house edics"),
        "edics.fr: 85 x 33 mm, 110 mm from the left, 55 mm from the top",
        Window(110, 55, 85, 33),
    ),
    "din": Preset(
        gettext_noop("DIN window on the left (Germany, Austria)"),
        "DIN 5008 form B: address zone of 27.3 mm under the return line, 45 mm from the top",
        Window(25, 62.7, 75, 27.3, fold_mm=105),
    ),
}
DEFAULT = "dl"


def window_of(text: str) -> Window:
    """The window a setting names; "" = the default. Raises WindowError."""
    wanted = text.strip().lower() or DEFAULT
    if wanted in PRESETS:
        return PRESETS[wanted].window
    numbers = re.split(r"[\s;,]+", wanted)
    if not 4 <= len(numbers) <= 5 or not all(re.fullmatch(r"\d{1,3}(\.\d)?", n) for n in numbers):
        names = ", ".join(PRESETS)
        raise WindowError(Sentence("window.unknown", {"text": text[:40], "names": names}))
    left, top, width, height = map(float, numbers[:4])
    fold = float(numbers[4]) if len(numbers) == 5 else 99
    inside = left >= 15 and top >= 30 and left + width <= 195 and top + height <= 120
    if not (inside and width >= 70 and height >= 25 and 80 <= fold <= 150):
        raise WindowError(Sentence("window.outside"))
    return Window(left, top, width, height, fold_mm=fold)


class WindowError(ValueError):
    """A window that cannot be used; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
