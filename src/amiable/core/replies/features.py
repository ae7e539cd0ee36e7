"""What the classifier looks at: words, pairs, pieces of words, what is negated, telling phrases.

The same code runs in training and in use. Every feature knows where in the text it stands, so
that what decided can be shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from amiable.core.replies.concepts import concepts_of
from amiable.core.replies.phrases import phrases_in
from amiable.core.replies.wording import fold, tokens

MAX_CHARS = 2500  # a longer answer says what it wants before that
_NEGATION_WORDS = """
    pas jamais aucun aucune rien plus ni not never no none nothing cannot cant wont dont didnt
    havent hasnt isnt wasnt sans without non nobody
"""
_NEGATIONS = frozenset(_NEGATION_WORDS.split())
_REACH = 3  # words behind a negation that it colours
_TENSES = (
    ("future", r"\b\w{2,}(?:erai|irai|rons|eront|iront|era|ira|oira|ra)\b|\b(?:will|shall|gonna|"
     r"going to|about to)\b|'ll\b"),
    ("past", r"\b(?:ai|a|avons|ont|avez|as|ete|est|sont|etait|avait) (?:\w+ ){0,2}?\w+(?:e|es|ee|"
     r"ees|i|is|it|u|us|ue)\b|\b(?:has|have|had|was|were|been|did)\b|\b\w{3,}ed\b"),
    ("would", r"\b\w{2,}(?:rais|rait|rions|riez)\b|\b(?:would|could|might|may|can we|can i)\b"),
)  # fmt: skip
_TENSE_PATTERNS = [(name, re.compile(pattern)) for name, pattern in _TENSES]
_SENTENCE = re.compile(r"[.!?;\n]+")
Feature = tuple[str, int, int]


def features(text: str) -> Iterator[Feature]:
    """(name, start, end) of everything found in the first MAX_CHARS of a text."""
    folded = fold(text[:MAX_CHARS])
    words = [(_word(raw), start, end) for raw, start, end in tokens(folded)]
    yield from _words(words)
    yield from _meanings(folded, words)
    for name, start, end in phrases_in(folded):
        yield f"r:{name}", start, end
    for name, pattern in _TENSE_PATTERNS:
        for found in pattern.finditer(folded):
            yield f"t:{name}", found.start(), found.end()
    if len(words) <= 3:
        yield "short", 0, 0
    if "?" in folded:
        yield "question", folded.index("?"), folded.index("?") + 1


def _words(words: list[Feature]) -> Iterator[Feature]:
    negated = 0
    before = ("^", 0, 0)
    for word, start, end in words:
        yield f"w:{word}", start, end
        yield f"p:{before[0]} {word}", before[1] if before[0] != "^" else start, end
        if negated:
            yield f"n:{word}", start, end
        yield from _pieces(word, start, end)
        negated = _REACH if _is_negation(word) else max(0, negated - 1)
        before = (word, start, end)


def _meanings(folded: str, words: list[Feature]) -> Iterator[Feature]:
    """Meanings of the words, alone and in pairs within a sentence."""
    ends = [found.end() for found in _SENTENCE.finditer(folded)]
    sentences: dict[int, dict[str, tuple[int, int]]] = {}
    for word, start, end in words:
        here = sentences.setdefault(bisect_right(ends, start), {})
        for raw in word.split("'"):
            for name in concepts_of(raw):
                here.setdefault(name, (start, end))
    for here in sentences.values():
        yield from _pairs(here)


def _pairs(here: dict[str, tuple[int, int]]) -> Iterator[Feature]:
    names = sorted(here)
    for index, name in enumerate(names):
        yield f"k:{name}", *here[name]
        for other in names[index + 1 :]:
            yield f"k:{name}+{other}", *here[name]


def _word(raw: str) -> str:
    """Numbers of one kind are one word; so are the currencies."""
    word = raw.replace("’", "'")
    if re.fullmatch(r"[€$£]|eur|euros?|dollars?", word):
        return "€"
    return re.sub(r"\d+", "0", word)


def _is_negation(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't")


def _pieces(word: str, start: int, end: int) -> Iterator[Feature]:
    """Four-letter pieces of longer words: typing errors and endings leave most of them whole."""
    if len(word) < 5 or "0" in word:
        return
    for index in range(len(word) - 3):
        yield f"c:{word[index : index + 4]}", start, end
