"""Every skip, match, refusal and error as a code with parameters, readable in any language.

A Sentence is data: it is stored with the fact it explains and rendered when read. The
English template is the gettext message id; the shell translates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Union

from amiable.core.money import Money

Param = Union[str, int, date, Money, "Sentence"]

CATALOG: dict[str, str] = {}


def gettext_noop(message: str) -> str:
    """Mark a template for extraction by gettext; returned unchanged."""
    return message


def declare(sentences: Mapping[str, str]) -> None:
    """Register code -> English template (with {named} parameters). Raises on a clash."""
    for code, template in sentences.items():
        if CATALOG.setdefault(code, template) != template:
            raise ValueError(f"sentence code {code!r} is declared twice with different texts")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A code of the CATALOG and its parameters."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        said = {key: _said(value) for key, value in self.params.items()}
        return CATALOG[self.code].format(**said)

    def to_json(self) -> dict[str, Any]:
        """JSON shape {"code", "params"}; money and dates are tagged lists."""
        return {"code": self.code, "params": {key: _encode(v) for key, v in self.params.items()}}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Sentence:
        """Inverse of to_json."""
        return Sentence(data["code"], {key: _decode(v) for key, v in data["params"].items()})


def _said(value: Param) -> Param | str:
    return f"{value} {value.currency}" if isinstance(value, Money) else value


def _encode(value: Param) -> Any:
    if isinstance(value, Money):
        return ["money", value.amount_minor, value.currency]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, Sentence):
        return ["sentence", value.to_json()]
    return value


def _decode(value: Any) -> Param:
    if isinstance(value, list) and value[0] == "money":
        return Money(value[1], value[2])
    if isinstance(value, list) and value[0] == "date":
        return date.fromisoformat(value[1])
    if isinstance(value, list) and value[0] == "sentence":
        return Sentence.from_json(value[1])
    return value  # type: ignore[no-any-return]  # JSON scalars: str or int by construction
