"""Texts of messages: Liquid templates in a closed box (few tags, few filters, limits on
iterations, output and time, plain values only). Parsed once, cached."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from liquid import Environment
from liquid.builtin.content import Literal
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output
from liquid.builtin.tags.assign_tag import AssignTag
from liquid.builtin.tags.case_tag import CaseTag
from liquid.builtin.tags.for_tag import ForTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.context import RenderContext
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.filter import with_context
from liquid.template import BoundTemplate
from liquid.undefined import StrictUndefined

from amiable.apps.messaging.writing.wording import LANGUAGES, TEXTS, language_of, of_name, typeset
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.content import STRONG_OFF, STRONG_ON

declare(
    {
        "text.unknown": gettext_noop("There is no text {template} for {medium} in {language}"),
        "text.broken": gettext_noop("The text of this message cannot be used: {reason}"),
    }
)

LARGEST_SOURCE = 20_000  # characters
LONGEST_EXPRESSION = 1_000  # characters between braces: no chain and no nesting grows beyond
SECONDS = 2.0
_EXPRESSION = re.compile(r"\{[{%](.*?)(?:[}%]\}|$)", re.DOTALL)
PARSED = 256  # texts of organizations kept parsed


class TextError(ValueError):
    """A text that cannot be parsed or rendered within the limits; `reason` says why."""

    def __init__(self, reason: str | Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text of the organization's own: which version of it, and what it says."""

    id: int
    version: int
    text: str


class _TimedContext(RenderContext):
    """Every look-up of a value checks the clock: no text can hold a worker up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stop_at = time.monotonic() + SECONDS

    def get(self, *args: Any, **kwargs: Any) -> object:
        self.look_at_clock()
        return super().get(*args, **kwargs)

    def look_at_clock(self) -> None:
        """Raise ResourceLimitError once the time is over."""
        if time.monotonic() > self.stop_at:
            raise ResourceLimitError("time limit reached", token=None)


def _timed(function: Callable[..., str]) -> Callable[..., str]:
    """The filter with a look at the clock: a chain over a long literal looks no value up."""

    @with_context
    def checked(value: object, *args: object, context: _TimedContext) -> str:
        context.look_at_clock()
        return function(value, *args)

    return checked


class _TimedTemplate(BoundTemplate):
    context_class = _TimedContext


class _Box(Environment):
    """Only conditions, loops and assignments; only the filters below."""

    loop_iteration_limit = 1_000
    output_stream_limit = 100_000
    local_namespace_limit = 100_000
    block_nesting_limit = 10
    context_depth_limit = 10
    template_class = _TimedTemplate

    def __init__(self, language: str) -> None:
        self.spoken = language
        super().__init__(undefined=StrictUndefined)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        for tag in (Literal, Output, Illegal, IfTag, UnlessTag, CaseTag, ForTag, AssignTag):
            self.add_tag(tag)
        filters: dict[str, Callable[..., str]] = {
            "strong": lambda value: f"{STRONG_ON}{value}{STRONG_OFF}",
            "plural": self._plural,
            "de": lambda value: of_name(str(value)),
            "upcase": lambda value: str(value).upper(),
            "downcase": lambda value: str(value).lower(),
            "capitalize": lambda value: str(value)[:1].upper() + str(value)[1:],
        }
        self.filters = {name: _timed(function) for name, function in filters.items()}

    def _plural(self, count: object, one: str, many: str) -> str:
        """French counts 0 and 1 as singular, English only 1."""
        number = int(str(count))
        return one if number == 1 or (number == 0 and self.spoken == "fr") else many


@cache
def _box(language: str) -> _Box:
    return _Box(language)


# A text written for one of these media is used for the others when they have none of their own:
# greeting, attachments and closing adapt (see wording.labels, "media").
WRITTEN: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "letter", "registered_letter"),
    "letter": ("letter", "registered_letter", "email"),
    "registered_letter": ("registered_letter", "letter", "email"),
}


def text_exists(name: str, medium: str) -> bool:
    """Whether a template can be written for a medium, in every shipped language."""
    return all(template(name, medium=medium, language=each) is not None for each in LANGUAGES)


@cache
def template(name: str, *, medium: str, language: str) -> BoundTemplate | None:
    """The shipped text of a template for a medium; None when there is none."""
    for each in WRITTEN.get(medium, (medium,)):
        source = shipped_text(name, medium=each, language=language)
        if source is not None:
            return parse(source, language)
    return None


@cache
def shipped_text(name: str, *, medium: str, language: str) -> str | None:
    """The text as it is shipped for exactly this medium; None when there is none."""
    if not re.fullmatch(r"[a-z0-9_]{1,60}", name) or not re.fullmatch(r"[a-z_]{1,20}", medium):
        return None
    path = TEXTS / language_of(language) / f"{name}.{medium}.liquid"
    return path.read_text("utf-8") if path.exists() else None


@lru_cache(maxsize=PARSED)
def parse(source: str, language: str) -> BoundTemplate:
    """A text ready to be rendered. Raises TextError."""
    if len(source) > LARGEST_SOURCE:
        raise TextError(f"it has more than {LARGEST_SOURCE} characters")
    # The marks of blocks and emphasis are control characters: only our own code may set them.
    hidden = next((sign for sign in source if is_hidden(sign)), "")
    if hidden:
        raise TextError(f"it holds an invisible sign, U+{ord(hidden):04X}")
    if any(len(inner) > LONGEST_EXPRESSION for inner in _EXPRESSION.findall(source)):
        raise TextError(f"an instruction has more than {LONGEST_EXPRESSION} characters")
    try:
        return _box(language).from_string(source)
    except (LiquidError, RecursionError) as error:
        raise TextError(str(error) or type(error).__name__) from error


def is_hidden(sign: str) -> bool:
    """Whether a sign is one that nobody sees: control, direction, unassigned, private."""
    return sign not in "\n\t" and unicodedata.category(sign)[0] == "C"


def rendered(
    text: BoundTemplate, values: Mapping[str, object], *, language: str
) -> tuple[str, str]:
    """Subject (first line) and body of a text with these plain values. Raises TextError."""
    try:
        whole = text.render(**values)
    except (LiquidError, RecursionError, ValueError, TypeError) as error:
        raise TextError(str(error) or type(error).__name__) from error
    subject, _, body = typeset(whole, language).partition("\n")
    return subject.strip(), body
