"""Brings src/amiable/locale up to date with the texts in code and templates.

`python -m scripts.translations` adds new texts without a translation and drops what is gone; a
test then names every text that has no French yet. Needs no program besides Python.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "amiable"
LOCALE = PACKAGE / "locale"
LANGUAGES = ("en", "fr")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# Between a context and its text, as catalogs write it.
_IN_CONTEXT = "\x04"
_CALL = re.compile(r"\b(_|n?gettext|pgettext)\(\s*(?=u?['\"])")
_STRING = re.compile(r"""\s*,?\s*(u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""", re.DOTALL)

Text = str | tuple[str, str]


def texts() -> dict[Text, list[str]]:
    """Every text to translate as `key` gives it, with the files it stands in."""
    found: dict[Text, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            messages = _python(path)
        elif path.suffix == ".html":
            messages = _template(path)
        else:
            continue
        for message in messages:
            found.setdefault(message, []).append(path.relative_to(ROOT).as_posix())
    return found


def key(message: Message) -> Text:
    """A text, a pair for plurals; with its context before it when it has one."""
    if message.context and isinstance(message.id, str):
        return f"{message.context}{_IN_CONTEXT}{message.id}"
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def catalog(language: str) -> Catalog:
    """The translations of a language as they are; empty when there are none yet."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _python(path: Path) -> Iterator[Text]:
    with path.open("rb") as file:
        for _, message, _, context in extract("python", file, keywords=KEYWORDS):
            if isinstance(message, str):
                yield f"{context}{_IN_CONTEXT}{message}" if context else message
            else:
                yield message[0], message[1]


def _template(path: Path) -> Iterator[Text]:
    """Django turns a template into calls of gettext; their leading string arguments are read."""
    source = templatize(path.read_text("utf-8"), origin=str(path))
    for call in _CALL.finditer(source):
        strings = []
        end = call.end()
        while found := _STRING.match(source, end):
            strings.append(ast.literal_eval(found[1]))
            end = found.end()
        if call[1] == "pgettext":
            yield _IN_CONTEXT.join(strings)
        else:
            yield strings[0] if len(strings) == 1 else (strings[0], strings[1])


def untranslated(messages: Iterable[Message]) -> list[Text]:
    """Texts without a translation, without one of their plural forms, or with a doubtful one."""
    missing = []
    for message in messages:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy or not all(strings):
            missing.append(key(message))
    return missing


def update(language: str) -> Catalog:
    """Write the file of a language: known translations kept, new texts empty, the rest dropped."""
    known = catalog(language)
    fresh = Catalog(
        locale=language,
        header_comment="# Texts of amiable. Updated by `python -m scripts.translations`.",
        project="amiable",
        version="0",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
        charset="utf-8",
        fuzzy=False,
    )
    for text in texts():
        context, message = None, text
        if isinstance(text, str) and _IN_CONTEXT in text:
            context, message = text.split(_IN_CONTEXT)
        old = known.get(message if isinstance(message, str) else message[0], context)
        flags = {"python-format"} if old and old.python_format else set()
        fresh.add(message, old.string if old and old.string else None, flags=flags, context=context)
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, fresh, width=100, no_location=True, sort_output=True, omit_header=False)
    body = buffer.getvalue().decode()
    # Dates of creation would change the file at every run.
    body = re.sub(r'^"(?:POT-Creation|PO-Revision)-Date:.*\n', "", body, flags=re.M)
    path.write_text(body, "utf-8")
    return fresh


def main() -> int:
    """Update every language and say what French still lacks."""
    settings.configure(USE_I18N=True)
    missing = []
    for language in LANGUAGES:
        messages = [m for m in update(language) if m.id]
        if language == "fr":
            missing = untranslated(messages)
    print(f"{len(missing)} texts without French", *missing, sep="\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
