"""Sentences of the core in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from amiable.core.sentences import CATALOG, Sentence
from amiable.interfaces.console.formats import parameter


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
    params = {key: parameter(value) for key, value in sentence.params.items()}
    return gettext(template).format(**params)
