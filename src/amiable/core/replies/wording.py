"""Words of a text made comparable without moving them: lower case, no accents, same length."""

from __future__ import annotations

import re
import unicodedata

from amiable.core.replies.proposals import Language

MAX_CHARS = 2000
_FRENCH_WORDS = """
    le la les un une des du de et est que qui ne pas je vous nous votre notre nos vos dans pour sur
    avec mais ou donc ce cette ces mon ma mes il elle en au aux par plus bonjour merci facture
    paiement reglement virement cordialement svp deja fait sera avez avons suis sont cela cet etre
    semaine mois jour bien recu madame monsieur bonsoir salut ca sans tout comme mr jai pr qd car
"""
_ENGLISH_WORDS = """
    the a an and is are that which not i you we your our in for on with but or so this these my he
    she to of by more hello hi thanks thank invoice payment please regards already done will have
    has am was were it be been week month day well received dear sir madam without all as paid pay
    do don can bill from at us me if would could should there any sent send im ive
"""
_FRENCH = frozenset(_FRENCH_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_TOKEN = re.compile(r"[a-z0-9€$£]+(?:['’][a-z]+)?")


class _Folding(dict[int, str]):
    """Character by character, computed once for each that is met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Lower case without accents, as many characters as `text` has; quotes and spaces unified."""
    return text.translate(_FOLDING)


def _folded(char: str) -> str:
    if char in "’‘ʼ`´":
        return "'"
    if char in "\u00a0\u202f\u2009":
        return " "
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


def language_of(text: str) -> Language:
    """French or English by its little words, "" when they do not tell."""
    words = re.findall(r"[a-z]+", fold(text[:MAX_CHARS]))
    french = sum(word in _FRENCH for word in words)
    english = sum(word in _ENGLISH for word in words)
    french += min(len(re.findall("[éèêàçùôîœ]", text[:MAX_CHARS], re.I)), 3)
    if max(french, english) == 0 or french == english:
        return ""
    return "fr" if french > english else "en"


def tokens(folded: str) -> list[tuple[str, int, int]]:
    """(word, start, end) of a folded text."""
    return [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(folded)]
