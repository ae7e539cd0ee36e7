"""A small replay of a French SME's bank lines, seeded, each with its truth; amounts in cents.

Half a year, week by week: invoices come, customers pay them in their own ways, the ledger is
closed with the truth after each week, so that the next week meets the accounts as they stand.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from amiable.core.matching.facts import Customer, Item, Line, OpenCredit, Opening, Paid

FIRST = date(2026, 1, 5)
WORDS = [
    "ATELIER", "GARAGE", "MENUISERIE", "TRANSPORTS", "BOULANGERIE", "CABINET", "IMPRIMERIE",
    "CLINIQUE", "MAISON", "BUREAU", "DUPONT", "MARTIN", "LEFEVRE", "GIRARD", "MOREAU", "FAURE",
    "ROUX", "BLANC", "GUERIN", "BOYER", "CHEVALIER", "ROBIN", "MASSON",
]  # fmt: skip
FORMS = ("SARL", "SAS", "SA", "EURL", "")
PRICES = (12_000, 24_000, 36_000, 49_900)


@dataclass
class Replay:
    """The fictional ledger and how its customers behave."""

    seed: int = 7
    customers: int = 80
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.next_id = 1
        self.people = [self._customer(i) for i in range(1, self.customers + 1)]
        self.ibans = {c.id: f"FR76300060000112345{c.id:08d}89" for c in self.people}
        self.known = [(self.ibans[c.id], c.id) for c in self.people if self.rng.random() < 0.8]
        self.items: dict[int, Item] = {}
        self.credits: dict[int, OpenCredit] = {}
        self.payments: list[Paid] = []
        self.count = 0

    def _customer(self, i: int) -> Customer:
        words = self.rng.sample(WORDS, 2)
        return Customer(i, " ".join([*words, f"{i}X", self.rng.choice(FORMS)]), f"C{i:05d}")

    def _id(self) -> int:
        self.next_id += 1
        return self.next_id

    def weeks(self, count: int = 26) -> Iterator[tuple[Opening, list[tuple[Line, frozenset]]]]:
        """(opening, [(line, true parts)]) per week; no parts = nothing may be posted on it
        but money on account or a return (the parts then are those of the payment)."""
        for week in range(count):
            day = FIRST + timedelta(days=7 * week)
            self._issue(day)
            opening = Opening(
                items=tuple(self.items.values()),
                customers=tuple(self.people),
                credits=tuple(c for c in self.credits.values() if c.left_minor),
                ibans=tuple(self.known),
                payments=tuple(self.payments),
            )
            yield opening, list(self._lines(day))

    def _issue(self, day: date) -> None:
        for customer in self.people:
            for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
                self.count += 1
                regular = customer.id % 2
                amount = self.rng.choice(PRICES) if regular else self.rng.randint(5_000, 900_000)
                number = f"FA{day.year}-{self.count:05d}"
                due = day + timedelta(days=30 + customer.id % 15)
                item = Item(self._id(), customer.id, number, "EUR", due, amount)
                self.items[item.id] = item
            if self.rng.random() < 0.02:
                number = f"AV{day.year}-{self.rng.randint(1, 99999):05d}"
                left = self.rng.randint(1_000, 4_000)
                entry_id = self._id()
                self.credits[entry_id] = OpenCredit(entry_id, customer.id, "EUR", left, number)

    def _open(self, customer: Customer) -> list[Item]:
        items = [
            i for i in self.items.values() if i.customer_id == customer.id and i.open_minor > 0
        ]
        return sorted(items, key=lambda i: (i.due_date, i.id))

    def _lines(self, day: date) -> Iterator[tuple[Line, frozenset]]:
        for customer in self.people:
            on = day + timedelta(days=self.rng.randint(0, 4))
            ripe = [i for i in self._open(customer) if i.due_date <= on + timedelta(days=5)]
            if ripe and self.rng.random() < 0.6:
                yield self._pay(customer, ripe, on)
        for label, amount in (
            ("REMISE CB 12345678 DU 03012026", self.rng.randint(1_000, 90_000)),
            ("VIR SEPA RECU /DE URSSAF ILE DE FRANCE /MOTIF REMB 2026", 31_415),
            ("REMISE CHEQUE 0012345 NB 3", self.rng.randint(1_000, 90_000)),
            ("VIR SEPA RECU /DE SODEXPRO /MOTIF FACT FA2019-99999", 49_900),
        ):
            yield self._line(day, amount, label), frozenset()
        yield self._line(day, -4_900, "FRAIS TENUE DE COMPTE"), frozenset()

    def _line(self, on: date, amount: int, label: str, **fields) -> Line:
        return Line(self._id(), on, amount, "EUR", label[:140], **fields)

    def _pay(self, customer: Customer, ripe: list[Item], on: date) -> tuple[Line, frozenset]:
        roll = self.rng.random()
        chosen = ripe[:1] if roll < 0.7 else ripe[: self.rng.randint(1, 5)]
        amount = sum(i.open_minor for i in chosen)
        payer = {"payer_name": self._payer_name(customer)}
        if self.rng.random() < 0.85:
            payer["payer_iban"] = self.ibans[customer.id]
        if roll > 0.97:  # a parent company pays, from an account nobody knows
            payer = {"payer_name": "HOLDING FINANCIERE", "payer_iban": "FR7612345" + "0" * 18}
        text = self._text([i.number for i in chosen])
        parts = {i.id: i.open_minor for i in chosen}
        notes = [c for c in self.credits.values() if c.customer_id == customer.id and c.left_minor]
        if notes and amount > sum(c.left_minor for c in notes):
            return self._netted(chosen, notes, on, payer)
        if roll < 0.05 and len(chosen) == 1:
            amount = amount * 2 // 5 + 1
            parts = {chosen[0].id: amount}
        return self._settle(customer, parts, self._line(on, amount, text, **payer))

    def _netted(self, chosen: list[Item], notes: list[OpenCredit], on: date, payer: dict):
        left = sum(c.left_minor for c in notes)
        total = sum(i.open_minor for i in chosen)
        label = self._text([i.number for i in chosen] + [c.number for c in notes])
        line = self._line(on, total - left, label, **payer)
        for note in notes:
            self.credits[note.entry_id] = replace(note, left_minor=0)
        for item in chosen:
            self.items[item.id] = replace(item, open_minor=0)
        # Which item the credit note pays is ours to choose: only the set and the sum are true.
        return line, frozenset((i.id, -1) for i in chosen)

    def _settle(self, customer: Customer, parts: dict[int, int], line: Line):
        for item_id, part in parts.items():
            item = self.items[item_id]
            self.items[item_id] = replace(item, open_minor=item.open_minor - part)
        return line, frozenset(parts.items())

    def _payer_name(self, customer: Customer) -> str:
        words = customer.name.split()
        return self.rng.choice(
            [customer.name, " ".join(words[:3]), " ".join(reversed(words[:3])), customer.name[:12]]
        )

    def _text(self, numbers: list[str]) -> str:
        roll = self.rng.random()
        if roll < 0.2:
            return self.rng.choice(("FACTURE", "REGLEMENT", "LOYER MARS", "VIR SEPA"))
        if roll < 0.25:  # two digits change places
            n = list(numbers[0])
            n[-1], n[-2] = n[-2], n[-1]
            return "FACT " + "".join(n)
        if roll < 0.4:
            numbers = [n.replace("-", " ") for n in numbers]
        elif roll < 0.5:
            numbers = [n.replace("-", "") for n in numbers]
        elif roll < 0.6:
            numbers = [n[2:].replace("-", "") for n in numbers]
        elif roll < 0.65:
            return "".join(["REGLTFACT", *(n.replace("-", "") for n in numbers)])
        return f"/MOTIF FACT {' '.join(numbers)} DU 03/01/2026 /REF NOTPROVIDED"
