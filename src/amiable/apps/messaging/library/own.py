"""Texts that an organization adds to the shipped ones: each begins as a copy of another one.

The code of such a text is the organization's own. A scenario may use it once it stands for
everybody in every language, so that no customer is left without words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from amiable.apps.messaging.library.resolution import Place, newest
from amiable.apps.messaging.library.templates import (
    place_problem,
    template_current,
    template_keep,
)
from amiable.apps.messaging.writing.texts import WRITTEN, text_exists
from amiable.apps.messaging.writing.wording import LANGUAGES
from amiable.apps.tenants.queries import organization_lock
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "own_text.name": gettext_noop(
            "A text needs a name of letters and digits that begins with a letter, 40 at most."
        ),
        "own_text.agency": gettext_noop("Names that begin with “agency” are those of our texts."),
        "own_text.taken": gettext_noop("There is a text called {name} for this medium already."),
        "own_text.like": gettext_noop("Choose a text to begin with."),
    }
)

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
WRITTEN_MEDIA = ("email", "sms", "letter", "registered_letter")
_RESERVED = "agency"  # texts that speak in the name of an agency: see writing.mandates

OwnMedia = Mapping[str, frozenset[str]]


class NewTextError(ValueError):
    """A text that cannot be added; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def code_of(name: str) -> str:
    """The code of a text by the name that somebody gave it: "Relance garage" -> relance_garage."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def own_media(organization_id: int) -> OwnMedia:
    """By code, the media in which the organization has a text for everybody in every language."""
    rows = newest(organization_id).filter(
        is_withdrawn=False, creditor_id__isnull=True, scenario_code=""
    )
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code, medium, language in rows.values_list("code", "medium", "language"):
        found[code, medium].add(language)
    whole: dict[str, set[str]] = defaultdict(set)
    for (code, medium), languages in found.items():
        if languages >= set(LANGUAGES):
            whole[code].add(medium)
    return {code: frozenset(media) for code, media in whole.items()}


def is_written(own: OwnMedia, code: str, *, medium: str) -> bool:
    """Whether a message of this medium can be written from a text: the shipped, or an own one."""
    if text_exists(code, medium):
        return True
    return not own.get(code, frozenset()).isdisjoint(WRITTEN.get(medium, (medium,)))


def template_create(
    organization_id: int, name: str, *, like: Place, now: datetime, actor: str
) -> Place:
    """A text of a new code that says what another one says today, in every language of that one.

    Returns its place in the language of `like`. Raises NewTextError.
    """
    code = code_of(name)
    if not _CODE.fullmatch(code):
        raise NewTextError(Sentence("own_text.name"))
    if code.startswith(_RESERVED):
        raise NewTextError(Sentence("own_text.agency"))
    if like.medium not in WRITTEN_MEDIA or place_problem(organization_id, like):
        raise NewTextError(Sentence("own_text.like"))
    with transaction.atomic():
        organization_lock(organization_id)
        same = newest(organization_id).filter(code=code, medium=like.medium)
        if text_exists(code, like.medium) or same.exists():
            raise NewTextError(Sentence("own_text.taken", {"name": code}))
        for language in LANGUAGES:
            try:
                text = template_current(
                    organization_id, Place(like.code, like.medium, language)
                ).text
            except LookupError:
                continue
            place = Place(code, like.medium, language)
            template_keep(organization_id, place, text, now=now, actor=actor)
    return Place(code, like.medium, like.language)
