"""Reference matchers, to stand beside: what widespread software does, in a few lines each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import fuzz

from bench.matching.facts import Answer, BankLine, Event, Reading
from bench.matching.replay import Entered, copy_of
from bench.matching.world import Customer, Invoice

_NO_DIGIT = re.compile(r"\D+")


def tokens_of(text: str) -> set[str]:
    """The digits of each word, four or more: "FA2026-0042 DU 12" -> {"20260042"}."""
    return {digits for word in text.split() if len(digits := _NO_DIGIT.sub("", word)) >= 4}


class Ledger:
    """Open invoices by customer; shared by the rules below."""

    name = "ledger"

    def start(self, customers: Iterable[Customer]) -> None:
        self.customers = {c.id: c for c in customers}
        self.by_iban = {c.iban: c.id for c in self.customers.values() if c.iban_known}
        self.open: dict[int, dict[int, int]] = defaultdict(dict)
        self.owner: dict[int, int] = {}
        self.of_line: dict[int, tuple[Entered, ...]] = {}
        self.tokens: dict[str, list[int]] = defaultdict(list)

    def take(self, event: Event) -> None:
        event = copy_of(event)
        if isinstance(event, Invoice):
            self.open[event.customer_id][event.id] = event.total
            self.owner[event.id] = event.customer_id
            for text in (event.number, event.order):
                for token in tokens_of(text):
                    self.tokens[token].append(event.id)

    def enter(self, line: BankLine, entered: tuple[Entered, ...]) -> None:
        self.of_line[line.id] = entered
        for one in entered:
            for invoice_id, amount in one.parts:
                self._move(invoice_id, -amount)
            for before in self.of_line.get(one.returns or 0, ()):
                for invoice_id, amount in before.parts:
                    self._move(invoice_id, amount)
            if one.customer_id and line.payer_iban and len(entered) == 1:
                self.by_iban.setdefault(line.payer_iban, one.customer_id)

    def _move(self, invoice_id: int, amount: int) -> None:
        row = self.open[self.owner[invoice_id]]
        row[invoice_id] = row.get(invoice_id, 0) + amount
        if row[invoice_id] <= 0:
            del row[invoice_id]

    def party(self, line: BankLine) -> int | None:
        """By account, else by the words of a name that all stand in the label."""
        found = self.by_iban.get(line.payer_iban)
        if found:
            return found
        text = f"{line.payer_name} {line.label}"
        return next((c.id for c in self.customers.values() if c.name in text), None)


class DigitTokens(Ledger):
    """The rule of Odoo up to 17: the digits of the label's words found in numbers; the sum of all
    found, and more money than they ask for, reconciles by itself; without text only proposes."""

    name = "digit tokens"

    def decide(self, line: BankLine) -> Answer:
        if line.amount <= 0:
            return Answer("leave", reasons=("money out",))
        party = self.party(line)
        found = dict.fromkeys(
            invoice_id
            for token in sorted(tokens_of(line.label))
            for invoice_id in self.tokens.get(token, ())
            if invoice_id in self.open[self.owner[invoice_id]]
            and party in (None, self.owner[invoice_id])
        )
        owners = {self.owner[i] for i in found}
        if len(owners) == 1:
            (owner,) = owners
            parts = frozenset((i, self.open[owner][i]) for i in found)
            action = "post" if line.amount >= sum(a for _, a in parts) else "propose"
            return Answer(action, (Reading(owner, parts),), ("numbers of the label",))
        if party is None:
            return Answer("leave", reasons=("nothing found",))
        same = [i for i, amount in self.open[party].items() if amount == line.amount][:3]
        readings = tuple(Reading(party, frozenset({(i, line.amount)})) for i in same)
        return Answer("propose", readings, ("payer and amount",))


class PartyAmount(Ledger):
    """ERPNext's rank: one point each for number, exact amount and payer; the best is posted when
    it has two points, stands alone and its amount is exact."""

    name = "payer and amount rank"

    def decide(self, line: BankLine) -> Answer:
        if line.amount <= 0:
            return Answer("leave", reasons=("money out",))
        party = self.party(line) or self._close_name(line)
        named = {i for token in tokens_of(line.label) for i in self.tokens.get(token, ())}
        pool = named | set(self.open[party] if party else ())
        ranked = []
        for invoice_id in pool:
            owner = self.owner[invoice_id]
            amount = self.open[owner].get(invoice_id)
            if amount is not None:
                points = (invoice_id in named) + (amount == line.amount) + (owner == party)
                ranked.append((points, -invoice_id, owner, amount))
        ranked.sort(reverse=True)
        readings = tuple(Reading(o, frozenset({(-i, a)})) for _, i, o, a in ranked[:3])
        if not readings:
            return Answer("leave", reasons=("nothing found",))
        best = ranked[0]
        alone = len(ranked) == 1 or ranked[1][0] < best[0]
        sure = best[0] >= 2 and alone and best[3] == line.amount
        return Answer("post" if sure else "propose", readings, (f"{best[0]} points of 3",))

    def _close_name(self, line: BankLine) -> int | None:
        if not line.payer_name:
            return None
        scores = [(fuzz.token_set_ratio(line.payer_name, c.name), c.id)
                  for c in self.customers.values()]  # fmt: skip
        best, second = sorted(scores, reverse=True)[:2]
        return best[1] if best[0] > 80 and best[0] != second[0] else None
