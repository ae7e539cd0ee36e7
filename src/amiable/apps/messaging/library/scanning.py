"""Reads a text as written, before anything is rendered: braces, instructions, values, ways to
write them. Each problem at its line and column; time is linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from amiable.apps.messaging.library.fields import BY_NAME, FILTERS, nearest_name
from amiable.apps.messaging.library.problems import Problem, problem
from amiable.apps.messaging.writing.texts import LARGEST_SOURCE, is_hidden

MOST = 40  # problems told at once
_MARK = re.compile(r"\{\{-?|\{%-?|-?\}\}|-?%\}")
_WORD = re.compile(r"[A-Za-z_][\w-]*(?:(?:\.[\w-]+)|\[[^\]]*\])*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_CLOSING = {"{{": "}}", "{%": "%}"}
_OPENS = {"if": "endif", "unless": "endunless", "case": "endcase", "for": "endfor"}
_INSIDE = {"elsif": {"if", "unless"}, "else": {"if", "unless", "case", "for"}, "when": {"case"}}
_TAGS = {*_OPENS, *_OPENS.values(), *_INSIDE, "assign"}
_SYNTAX = frozenset(
    ("and", "or", "not", "contains", "true", "false", "nil", "null", "empty", "blank", "in")
) | {"limit", "offset", "reversed", "forloop"}


@dataclass(slots=True)
class _Reading:
    """The source, what was found in it, and the instructions that are open."""

    source: str
    found: list[Problem] = field(default_factory=list)
    open: list[tuple[str, int]] = field(default_factory=list)
    local: set[str] = field(default_factory=set)

    def say(self, at: int, code: str, **params: str | int) -> None:
        self.found.append(problem(self.source, f"text_problem.{code}", at=at, **params))


def scanned(source: str) -> list[Problem]:
    """What is wrong with the text as written; empty when it can be rendered, or at least tried."""
    if not source.strip():
        return [problem(source, "text_problem.empty")]
    if len(source) > LARGEST_SOURCE:
        params = {"count": len(source), "limit": LARGEST_SOURCE}
        return [problem(source, "text_problem.too_long", **params)]
    reading = _Reading(source)
    for at, sign in enumerate(source):
        if is_hidden(sign):
            reading.say(at, "hidden", sign=f"U+{ord(sign):04X}")
            break
    for opening, at, inner in _marked(reading):
        if opening == "{{":
            _output(reading, at, inner)
        else:
            _tag(reading, at, inner)
        if len(reading.found) >= MOST:
            break
    for name, at in reading.open:
        reading.say(at, "unbalanced", tag=f"{{% {name} %}}", end=f"{{% {_OPENS[name]} %}}")
    return sorted(reading.found, key=lambda each: (each.line, each.column))[:MOST]


def _marked(reading: _Reading) -> Iterator[tuple[str, int, str]]:
    """Opening braces, where what they hold begins, and what they hold."""
    opened: tuple[str, int, int] | None = None
    for mark in _MARK.finditer(reading.source):
        sign = mark[0].strip("-")
        if sign in _CLOSING:
            if opened:
                reading.say(opened[1], "unclosed", mark=opened[0])
            opened = (sign, mark.start(), mark.end())
        elif opened and _CLOSING[opened[0]] == sign:
            yield opened[0], opened[2], reading.source[opened[2] : mark.start()]
            opened = None
        elif opened is None:
            reading.say(mark.start(), "unopened", mark=sign)
    if opened:
        reading.say(opened[1], "unclosed", mark=opened[0])


def _output(reading: _Reading, at: int, inner: str) -> None:
    if not inner.strip():
        reading.say(at, "no_value")
        return
    bare = _unquoted(reading, at, inner)
    if bare is not None:
        _piped(reading, at, bare)


def _tag(reading: _Reading, at: int, inner: str) -> None:
    name = re.match(r"\s*(\w*)", inner)
    word = name[1] if name else ""
    if word not in _TAGS:
        reading.say(at, "unknown_tag", name=(word or inner.strip())[:40])
        return
    rest_at = at + (name.end() if name else 0)
    bare = _unquoted(reading, rest_at, reading.source[rest_at : at + len(inner)])
    _balance(reading, at, word)
    if bare is None:
        return
    if word in {"assign", "for"}:
        bound = re.match(r"\s*([A-Za-z_][\w-]*)", bare)
        if bound and bound[1] in BY_NAME:
            reading.say(rest_at + bound.start(1), "hides", name=bound[1])
        elif bound:
            reading.local.add(bound[1])
    _piped(reading, rest_at, bare)


def _balance(reading: _Reading, at: int, word: str) -> None:
    if word in _OPENS:
        reading.open.append((word, at))
        return
    wanted = _INSIDE.get(word) or {name for name, end in _OPENS.items() if end == word}
    if not wanted:
        return
    params = {"end": f"{{% {word} %}}"}
    if not reading.open:
        reading.say(at, "nothing_open", **params)
    elif reading.open[-1][0] not in wanted:
        name, opened_at = reading.open[-1]
        line = reading.source.count("\n", 0, opened_at) + 1
        reading.say(at, "crossed", tag=f"{{% {name} %}}", line=line, **params)
        if any(each[0] in wanted for each in reading.open) and word not in _INSIDE:
            reading.open.pop()
    elif word not in _INSIDE:
        reading.open.pop()


def _unquoted(reading: _Reading, at: int, inner: str) -> str | None:
    """The same length with quoted words blanked; None when a quotation mark is wrong."""
    bare = _QUOTED.sub(lambda match: " " * len(match[0]), inner)
    for sign in "\"'":
        if sign in bare:
            reading.say(at + bare.index(sign), "quote")
            return None
    curly = re.search("[“”„‘’«»]", bare)
    if curly:
        reading.say(at + curly.start(), "curly_quote", sign=curly[0])
        return None
    return bare


def _piped(reading: _Reading, at: int, bare: str) -> None:
    """Values, then ways to write them, each after a bar."""
    offset = 0
    for position, part in enumerate(bare.split("|")):
        words = list(_WORD.finditer(part))
        if position and words:
            name = words.pop(0)
            if name[0] not in FILTERS:
                known = ", ".join(FILTERS)
                reading.say(
                    at + offset + name.start(), "unknown_filter", name=name[0][:40], known=known
                )
        for word in words:
            _value(reading, at + offset + word.start(), word[0])
        offset += len(part) + 1


def _value(reading: _Reading, at: int, name: str) -> None:
    root = re.split(r"[.\[]", name)[0]
    if root in _SYNTAX or name in reading.local:
        return
    if name != root and (root in BY_NAME or root in reading.local):
        reading.say(at, "parts", name=name[:60])
    elif name not in BY_NAME:
        near = nearest_name(name)
        if near:
            reading.say(at, "unknown_field_near", name=name[:60], near=near)
        else:
            reading.say(at, "unknown_field", name=name[:60])
