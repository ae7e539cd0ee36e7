"""What a creditor knows of its customers beside their names: segment, score, people, and the part
that some of them play in the story of the demo."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from amiable.core.records import CustomerKind

Habit = Literal[
    "punctual", "slightly_late", "late", "chronic", "never", "partial", "statement", "fee", "debit"
]
# What happens to a customer on purpose, so that every demo shows it: a payment plan that runs, one
# with a missed installment, a promise kept in part, a returned debit, an insolvency, a key account
# about which the sales owner is asked, one who disputes every bill, those who give a mandate for
# direct debits, of which one's come back.
Part = Literal[
    "", "plan", "plan_late", "in_parts", "returned", "insolvent", "asked", "disputes", "debited",
    "unpaid",
]  # fmt: skip

KEY_ACCOUNT, RISKY, GOOD_PAYER = "grands-comptes", "risque", "bons-payeurs"
USUAL: Mapping[CustomerKind, str] = {
    "company": "pme", "public": "secteur-public", "consumer": "particuliers",
}  # fmt: skip
KEY_ACCOUNT_WEIGHT = 3.0

# By position in each two hundred customers; the kind at each position is people._kind's.
_PARTS: Mapping[int, Part] = {
    1: "asked", 3: "disputes", 5: "plan", 7: "plan_late", 10: "insolvent", 12: "in_parts",
    15: "returned", 17: "returned", 20: "debited", 21: "debited", 25: "unpaid",
}  # fmt: skip
# A customer with a contract is invoiced every month: what its part needs is sure to come. Who pays
# equal bills in parts names them, or nobody could tell which one it pays.
_NAMED = {"reference_style": "exact", "third_party": None}
# Small enough that nothing of it is contested; due a month later.
_DEBITED = {
    "habit": "slightly_late", "contract_minor": 19_500, "term": "30 jours net", "term_days": 30,
    "end_of_month": False,
}  # fmt: skip
DEBITED = {"debited", "unpaid"}
FORCED: Mapping[Part, Mapping[str, Any]] = {
    "plan": {**_NAMED, "habit": "never", "contract_minor": 24_000},
    "plan_late": {**_NAMED, "habit": "never", "contract_minor": 14_900},
    "insolvent": {"habit": "never", "contract_minor": 14_900},
    "in_parts": {**_NAMED, "habit": "partial", "contract_minor": 62_500},
    "disputes": {**_NAMED, "habit": "slightly_late", "contract_minor": 39_000},
    "asked": {
        "habit": "punctual",
        "contract_minor": 0,
        "segment": KEY_ACCOUNT,
        "term": "30 jours net",
        "term_days": 30,
        "end_of_month": False,
    },
    "returned": {"habit": "debit", "contract_minor": 3_900},
    "debited": _DEBITED,
    "unpaid": _DEBITED,
}

# Usual score by habit, 0 risky to 100 good; the score of a customer is near it.
SCORES: Mapping[Habit, int] = {
    "punctual": 84, "slightly_late": 68, "late": 49, "chronic": 31, "never": 14, "partial": 46,
    "statement": 80, "fee": 72, "debit": 88,
}  # fmt: skip
ROLES: Mapping[CustomerKind, tuple[str, ...]] = {
    "company": ("Comptabilité fournisseurs",) * 5
    + ("Responsable comptable", "Gérant", "Acheteur", ""),
    "public": ("Mandatement", "Service financier", "Service comptable"),
    "consumer": ("",),
}


@dataclass(frozen=True, slots=True)
class Colleague:
    """Another person at a customer, with an address of their own."""

    name: str
    role: str
    email: str


def part_of(index: int) -> Part:
    """The part that the customer at a position plays."""
    return _PARTS.get(index % 200, "")


def segment(rng: random.Random, kind: CustomerKind, *, habit: Habit, weight: float) -> str:
    """How the creditor files a customer; a trade customer of no note is "pme"."""
    roll = rng.random()
    if kind != "company":
        return USUAL[kind]
    if weight > KEY_ACCOUNT_WEIGHT:
        return KEY_ACCOUNT
    if habit in {"never", "chronic"} and roll < 0.8:
        return RISKY
    if habit in {"punctual", "statement"} and roll < 0.4:
        return GOOD_PAYER
    return USUAL[kind]


def score(rng: random.Random, habit: Habit) -> int | None:
    """What a scoring would say, and nothing for one customer in ten."""
    drawn = round(rng.gauss(SCORES[habit], 9))
    return None if rng.random() < 0.1 else max(0, min(100, drawn))


def role(rng: random.Random, kind: CustomerKind) -> str:
    """What the usual contact does, in the words of a customer file; "" = not noted."""
    return rng.choice(ROLES[kind])


def colleagues(names: Sequence[str], *, segment: str, email: str) -> tuple[Colleague, ...]:
    """The manager and the director that are known at a key account, under the domain of `email`."""
    if segment != KEY_ACCOUNT or not email:
        return ()
    domain = email.partition("@")[2]
    return tuple(
        Colleague(name, role, f"{_local(name)}@{domain}")
        for name, role in zip(names, ("Responsable comptable", "Directeur financier"), strict=True)
    )


def _local(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return ".".join(plain.lower().replace("'", "").split())
