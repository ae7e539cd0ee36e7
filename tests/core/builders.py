"""Builders of facts for the pure tests: a company that owes 1,200 euros unless told otherwise."""

from __future__ import annotations

from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.money import Money
from amiable.core.sentences import CATALOG, Param, Sentence

DUE = date(2026, 9, 1)  # a Tuesday
EVERYWHERE = frozenset({"email", "letter", "registered_letter", "sms", "phone", "task"})


def item(number: int = 1, *, due: date = DUE, open_minor: int = 120_000, **fields) -> Item:
    return Item(
        **{
            "id": number,
            "number": f"FA{number}",
            "issue_date": due - timedelta(days=30),
            "due_date": due,
            "total_minor": max(open_minor, 1),
            "open_minor": open_minor,
            **fields,
        }
    )


def facts(*items: Item, **fields) -> CaseFacts:
    return CaseFacts(
        **{
            "case_id": 7,
            "organization_id": 1,
            "customer_id": 1,
            "customer_name": "Menuiserie Duval",
            "customer_kind": "company",
            "language": "fr",
            "currency": "EUR",
            "items": items,
            "media": EVERYWHERE,
            **fields,
        }
    )


def told(sentence: Sentence) -> str:
    """The English text, with every parameter, and every amount with its currency."""
    return CATALOG[sentence.code].format(**{k: _shown(v) for k, v in sentence.params.items()})


def _shown(value: Param) -> str:
    if isinstance(value, Sentence):
        return told(value)
    return f"{value} {value.currency}" if isinstance(value, Money) else str(value)
