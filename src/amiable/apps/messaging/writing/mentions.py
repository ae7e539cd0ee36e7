"""What a firm message has to say of the law where the organization wrote the text itself: put in
by code where the text leaves it out, so that nobody can edit it out. Shipped texts say it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from amiable.apps.messaging.writing.wording import labels, language_of, typeset
from amiable.core.drafts import Draft
from amiable.plugins.documents.content import Block, Paragraph

# How each mention is recognized in a text, in both languages: C. com. L441-10 II and D441-5;
# CCP R2192-31 and D2192-35; C. civ. 1231-6 and 1344-1; C. conso L612-1.
_MARKS: Mapping[str, tuple[str, ...]] = {
    "company": (r"L\.?\s?441-10", r"p[ée]nalit|penalt", r"40\s*€|€\s*40\b"),
    "public": (r"R\.?\s?2192-31", r"D\.?\s?2192-35", r"40\s*€|€\s*40\b"),
    "consumer": (r"1231-6", r"1344-1"),
    "mediator": (r"L\.?\s?612-1",),
}
WRITTEN_MEDIA = frozenset({"email", "letter", "registered_letter"})


def mentions_due(draft: Draft) -> tuple[str, ...]:
    """The mentions that a message of this stage to this kind of customer has to bear. A consumer
    is told of the effects of a formal notice and of the mediator, never of business indemnities."""
    if draft.medium not in WRITTEN_MEDIA or draft.stage not in {"firm", "formal"}:
        return ()
    if draft.customer_kind == "consumer":
        return ("consumer", "mediator") if draft.stage == "formal" else ()
    # What is claimed is told with its law: see claims.
    return () if draft.claims else (draft.customer_kind,)


def mentions_missing(draft: Draft, body: str) -> tuple[str, ...]:
    """Those of them that the text does not say itself."""
    return tuple(
        name
        for name in mentions_due(draft)
        if not all(re.search(mark, body, re.IGNORECASE) for mark in _MARKS[name])
    )


def mention_blocks(draft: Draft, names: tuple[str, ...]) -> tuple[Block, ...]:
    """The mentions as paragraphs."""
    language = language_of(draft.language)
    words = labels(language)["law"]
    return tuple(Paragraph((((typeset(words[name], language), False),),)) for name in names)
