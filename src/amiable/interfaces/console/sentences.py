"""Sentences of the core in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from amiable.core.sentences import CATALOG, Sentence
from amiable.interfaces.console.formats import parameter

# Parameters that name file formats: their labels are texts of ours, apart from each other by dots.
FORMATS = {"format", "formats"}


def render(sentence: Sentence | Mapping[str, Any]) -> str:
    """The sentence, or its JSON form, translated, with its parameters written locally.

    A code that no loaded module declares any more is shown as the code itself: an old
    explanation stays readable rather than breaking its page.
    """
    if not isinstance(sentence, Sentence):
        sentence = Sentence.from_json({"params": {}, **sentence})
    template = CATALOG.get(sentence.code)
    if template is None:
        return sentence.code
    params = {
        key: render(value) if isinstance(value, Sentence) else parameter(value)
        for key, value in sentence.params.items()
    }
    for key in params.keys() & FORMATS:
        params[key] = " · ".join(map(gettext, params[key].split(" · ")))
    return gettext(template).format(**params)
