"""Every text has its French, and no translation loses a parameter."""

from __future__ import annotations

import re
import string

from babel.messages.catalog import Message
from scripts import translations

from amiable.core.sentences import CATALOG


def _french() -> list[Message]:
    return [message for message in translations.catalog("fr") if message.id]


def _pairs(message: Message) -> list[tuple[str, str]]:
    """(text, translation) for each plural form."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def _parameters(text: str) -> set[str]:
    braces = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return braces | set(re.findall(r"%\(\w+\)[sd]", text))


def test_every_text_is_translated():
    known = {translations.key(message) for message in _french()}
    missing = [text for text in translations.texts() if text not in known]
    missing += translations.untranslated(_french())
    assert not missing, "run `python -m scripts.translations` and translate:\n" + "\n".join(
        map(str, missing)
    )


def test_texts_with_a_context_are_found_in_templates_too(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}{% translate "Paid" context "instalment" %}{% translate "Due" %}'
    )
    assert list(translations._template(page)) == ["instalment\x04Paid", "Due"]


def test_no_translation_is_left_over():
    found = translations.texts()
    leftover = [
        f"{language}: {translations.key(message)!r}"
        for language in translations.LANGUAGES
        for message in translations.catalog(language)
        if message.id and translations.key(message) not in found
    ]
    assert not leftover, "run `python -m scripts.translations`:\n" + "\n".join(leftover)


def test_translations_keep_their_parameters():
    broken = [
        f"{text!r} -> {french!r}"
        for message in _french()
        for text, french in _pairs(message)
        if _parameters(text) != _parameters(french)
    ]
    assert not broken, "\n".join(broken)


def test_sentences_of_the_core_are_extracted():
    """`declare` takes texts marked with gettext_noop: what is not marked has no French."""
    from amiable.core import guards, kpi, planner  # noqa: F401 - they declare

    unmarked = set(CATALOG.values()) - set(translations.texts())
    assert not unmarked, "\n".join(sorted(unmarked))


def test_french_uses_french_typography():
    """No plain space before ; : ! ? nor inside guillemets, which a line break would tear."""
    torn = [
        french
        for message in _french()
        for _, french in _pairs(message)
        if re.search(r" [;:!?»](?!\w)|« ", french)
    ]
    assert not torn, "\n".join(torn)


def test_english_says_instalment():
    """One spelling on screens; the code's `installment` is of an invoice (docs/glossary.md)."""
    other = [text for text in translations.texts() if "installment" in str(text).lower()]
    assert not other, "\n".join(map(str, other))


def test_french_says_courriel():
    """One word, that of the shipped texts."""
    other = [
        french
        for message in _french()
        for _, french in _pairs(message)
        if re.search(r"(?<![({])\be-?mails?\b", french, re.IGNORECASE)
    ]
    assert not other, "\n".join(other)
