"""Registered letters that a provider is asked about, and the papers that it keeps of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProofKind = Literal["deposit", "receipt", "return", "other"]


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A paper that proves what became of a registered letter; `name` is the same each time."""

    provider_id: str
    kind: ProofKind
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A registered letter that is asked about; `kept` = names of the papers that are here."""

    provider_id: str
    kept: frozenset[str] = frozenset()
