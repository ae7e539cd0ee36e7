"""What to say in a call: a text by medium `phone`, whose lines that begin with `#` open a part.

Nothing of it is sent: it is read aloud, in the customer's language.
"""

from __future__ import annotations

from dataclasses import dataclass

from amiable.apps.messaging.writing.composing import values_of
from amiable.apps.messaging.writing.texts import OwnText, TextError, parse, rendered, template
from amiable.apps.messaging.writing.wording import language_of
from amiable.core.drafts import Draft
from amiable.plugins.documents.content import BLOCK, clean

# By stage, then by the event that a step counts from.
SCRIPTS = (
    "call_preventive", "call_friendly", "call_firm", "call_formal", "call_broken", "call_returned",
)  # fmt: skip
_BY_ANCHOR = {
    "promise_broken": "call_broken",
    "instalment_missed": "call_broken",
    "payment_returned": "call_returned",
}
STAGE_OF = {"call_preventive": "preventive", "call_firm": "firm", "call_formal": "formal"}
_SIGN = "# "


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a script: its title and what to say, line by line."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What to say: the purpose of the call in one line, then its parts in their order."""

    title: str
    parts: tuple[Part, ...]


def script_code(stage: str, anchor: str = "") -> str:
    """The text of a step of this stage that counts from this anchor."""
    after = "formal" if stage == "litigation" else stage
    return _BY_ANCHOR.get(anchor, f"call_{after}")


def script_of(draft: Draft, own: OwnText | None = None) -> Script:
    """The script of a call, from the organization's own text or the shipped one.

    Raises TextError.
    """
    language = language_of(draft.language)
    text = template(draft.template, medium="phone", language=language)
    if own is not None:
        text = parse(own.text, language)
    if text is None:
        raise TextError(f"{draft.template}.phone ({language})")
    values = values_of(draft, attached=0, thread_subject="")
    title, body = rendered(text, values, language=language)
    if BLOCK in title + body:
        raise TextError("a script has no tables")
    return Script(clean(title), tuple(parts_of(body)))


def parts_of(body: str) -> list[Part]:
    """The parts of a rendered script; what stands before the first title has none."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in body.split("\n"):
        if line.startswith(_SIGN):
            found.append((clean(line.removeprefix(_SIGN)).strip(), []))
        elif said := clean(line).strip():
            found[-1][1].append(said)
    return [Part(title, tuple(lines)) for title, lines in found if title or lines]
