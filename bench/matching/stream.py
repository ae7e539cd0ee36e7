"""The stream of a run: invoices and credit notes issued, bank lines with their truth, by date.

The ledger is closed with the truth after each line, whatever a matcher would have done.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bench.matching import other_lines
from bench.matching.facts import BankLine, Event, Gold
from bench.matching.labels import bank_label, payer_name, remittance
from bench.matching.profiles import COUNTS, Profile
from bench.matching.world import Customer, Invoice, Note, World, pick

LINES_A_DAY = 60
Drawn = tuple[BankLine, Gold] | None


@dataclass
class Stream:
    """Seeded: the same profile and seed give the same events."""

    profile: Profile
    seed: int

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.profile.name}{self.seed}")  # reproducible
        self.world = World(self.profile, self.rng)
        self.paid: list[tuple[Customer, Invoice, int]] = []  # lately, with the amount received
        self.debits: list[tuple[BankLine, Gold]] = []  # single debits that may come back
        self.drawers: dict[str, Callable[[], Drawn]] = {
            "single": lambda: self._transfer("single", self._one),
            "several": lambda: self._transfer("several", self._several),
            "third payer": self._third,
            "partial": self._partial,
            "bank fee": self._short,
            "cents": self._cents,
            "discount": self._discount,
            "credit note": self._netted,
            "double": self._double,
            "no receivable": lambda: other_lines.no_receivable(self),
            "debit batch": lambda: other_lines.debit_batch(self),
            "debit returned": lambda: other_lines.debit_returned(self),
            "cheques": lambda: other_lines.cheques(self),
            "refund sent": lambda: other_lines.refund_sent(self),
        }

    def opening(self) -> list[Event]:
        """What is open before the first line: invoices of the two months before."""
        events: list[Event] = []
        first = self.world.day
        while self.world.open_count < self.profile.invoices:
            ago = 60 - 59 * self.world.open_count // self.profile.invoices
            self.world.day = first - timedelta(days=ago)
            events.append(self.world.issue())
        self.world.day = first
        return events

    def events(self, lines: int) -> Iterator[Event | tuple[BankLine, Gold]]:
        """Events by date until that many lines have come."""
        count = 0
        while count < lines:
            yield from self._issue()
            for _ in range(min(LINES_A_DAY, lines - count)):
                yield self._line()
                count += 1
            self.world.day += timedelta(days=3 if self.world.day.weekday() == 4 else 1)

    def _issue(self) -> Iterator[Invoice | Note]:
        while self.world.open_count < self.profile.invoices:
            yield self.world.issue()

    def _line(self) -> tuple[BankLine, Gold]:
        while True:
            drawn = self.drawers[pick(self.rng, self.profile.classes)]()
            if drawn:
                return drawn

    def customer(
        self, wanted: Callable[[Customer], bool] | None = None, least: int = 1
    ) -> Customer | None:
        """A customer with that many open invoices; those with more of them pay more often."""
        for _ in range(300):
            found = self.rng.choice(self.world.customers)
            count = len(self.world.open_of[found.id])
            if count < least or self.rng.random() > count / 12:
                continue
            if wanted is None or wanted(found):
                return found
        return None

    def _one(self, customer: Customer) -> list[Invoice]:
        owed = self.world.opened(customer.id)
        return owed[:1] if customer.oldest_first else [self.rng.choice(owed)]

    def _several(self, customer: Customer) -> list[Invoice]:
        owed = self.world.opened(customer.id)
        count = min(int(pick(self.rng, {str(k): v for k, v in COUNTS.items()})), len(owed))
        if self.world.share(self.profile.oldest_first):
            return owed[:count]
        return self.rng.sample(owed, count)

    def line(
        self, customer: Customer, amount: int, text: str, payer: tuple[str, str] | None = None
    ) -> BankLine:
        """A transfer of the customer, or of another payer (name, account)."""
        rng, profile = self.rng, self.profile
        name = payer[0] if payer else payer_name(rng, customer.name, profile)
        account = payer[1] if payer else customer.iban
        return BankLine(
            id=self.world.new_id(),
            booked_on=self.world.day,
            amount=amount,
            label=bank_label(rng, name, text, profile),
            payer_name=name if self.world.share(profile.name_given) else "",
            payer_iban="" if self.world.share(profile.iban_absent) else account,
        )

    def settle(
        self, kind: str, customer: Customer, invoices: Sequence[Invoice], line: BankLine
    ) -> tuple[BankLine, Gold]:
        """The line pays these invoices whole, whatever small difference it has."""
        parts = tuple((invoice.id, invoice.open) for invoice in invoices)
        short = sum(part for _, part in parts) - line.amount
        for invoice in invoices:
            self.world.pay(invoice.id, invoice.open, line.booked_on)
        if len(invoices) == 1 and not short:
            self.paid.append((customer, invoices[0], line.amount))
        written_off = short if kind in {"bank fee", "discount", "cents"} else 0
        return line, Gold(kind, "post", customer.id, parts, written_off=written_off)

    def _transfer(self, kind: str, choose: Callable[[Customer], list[Invoice]]) -> Drawn:
        customer = self.customer(least=1 if kind == "single" else 2)
        if customer is None:
            return None
        invoices = choose(customer)
        text = remittance(self.rng, invoices, self.profile)
        line = self.line(customer, sum(i.open for i in invoices), text)
        return self.settle(kind, customer, invoices, line)

    def _third(self) -> Drawn:
        """A parent, the owner in person, or a factor that always names the invoice."""
        how = self.rng.choice(("parent", "owner", "factor", "parent"))
        customer = self.customer(lambda c: how == "owner" or getattr(c, how) is not None)
        if customer is None:
            return None
        invoices = self._one(customer) if self.world.share(75) else self._several(customer)
        text = remittance(self.rng, invoices, self.profile)
        if how == "factor":
            text = f"CESSION {' '.join(i.number for i in invoices)} ADH {customer.name}"
        line = self.line(customer, sum(i.open for i in invoices), text, getattr(customer, how))
        return self.settle("third payer", customer, invoices, line)

    def _partial(self) -> Drawn:
        customer = self.customer()
        invoice = self._one(customer)[0] if customer else None
        if customer is None or invoice is None or invoice.open < 15_000:
            return None
        amount = self.rng.choice(
            (invoice.open // 2, invoice.open // 3, invoice.open * 3 // 10 // 1000 * 1000,
             self.rng.randint(invoice.open // 4, invoice.open * 3 // 4))
        )  # fmt: skip
        lead = self.rng.choice((" ACOMPTE", " 1ER VERSEMENT", "", " PARTIEL"))
        text = remittance(self.rng, [invoice], self.profile, lead)
        line = self.line(customer, amount, text)
        self.world.pay(invoice.id, amount, line.booked_on)
        return line, Gold("partial", "post", customer.id, ((invoice.id, amount),))

    def _short(self) -> Drawn:
        """A foreign bank keeps 5 to 25 EUR of one invoice."""
        return self._near("bank fee", lambda i: self.rng.choice((500, 750, 1_000, 1_250, 1_500,
                          1_800, 2_000, 2_500)) if i.open > 10_000 else 0)  # fmt: skip

    def _cents(self) -> Drawn:
        """A few cents, or down to the euro; sometimes a few too many."""
        return self._near(
            "cents", lambda i: self.rng.choice((1, 2, 3, 5, i.open % 100, -1, -2, -(-i.open % 100)))
        )

    def _near(self, kind: str, difference: Callable[[Invoice], int]) -> Drawn:
        customer = self.customer()
        if customer is None:
            return None
        invoices = self._one(customer)
        missing = difference(invoices[0])
        if not missing:
            return None
        text = remittance(self.rng, invoices, self.profile)
        line = self.line(customer, invoices[0].open - missing, text)
        return self.settle(kind, customer, invoices, line)

    def _discount(self) -> Drawn:
        """1 or 2 % off one or two invoices not yet due, by customers of such terms."""
        customer = self.customer(lambda c: c.discount_permille > 0)
        if customer is None:
            return None
        early = [i for i in self.world.opened(customer.id) if i.due_on > self.world.day]
        if not early:
            return None
        invoices = self.rng.sample(early, min(len(early), self.rng.choice((1, 1, 2))))
        total = sum(i.open for i in invoices)
        off = (total * customer.discount_permille + 500) // 1000
        lead = self.rng.choice((f" ESC {customer.discount_permille // 10}%", " ESCOMPTE", "", ""))
        text = remittance(self.rng, invoices, self.profile, lead)
        line = self.line(customer, total - off, text)
        return self.settle("discount", customer, invoices, line)

    def _netted(self) -> Drawn:
        """One to three invoices less a credit note, named six times in ten."""
        customer = self.customer(lambda c: bool(self.world.notes_of[c.id]))
        if customer is None:
            return None
        note = self.world.notes[self.rng.choice(self.world.notes_of[customer.id])]
        owed = self.world.opened(customer.id)
        count = min(len(owed), self.rng.choice((1, 1, 2, 3)))
        invoices = owed[:count] if customer.oldest_first else self.rng.sample(owed, count)
        total = sum(i.open for i in invoices)
        if total <= note.left:
            return None
        lead = self.rng.choice((f" AVOIR {note.number}", f" - {note.number}", f" {note.number}"))
        text = remittance(self.rng, invoices, self.profile, lead if self.world.share(60) else "")
        line = self.line(customer, total - note.left, text)
        parts = tuple((i.id, i.open) for i in invoices)
        for invoice in invoices:
            self.world.pay(invoice.id, invoice.open, line.booked_on)
        self.world.notes_of[customer.id].remove(note.id)
        note.left = 0
        return line, Gold("credit note", "post", customer.id, parts, notes=frozenset({note.id}))

    def _double(self) -> Drawn:
        """What was paid whole in the last weeks is paid again."""
        if len(self.paid) < 20:
            return None
        customer, invoice, amount = self.rng.choice(self.paid[-1500:])
        if invoice.open or self.world.day - (invoice.paid_on or self.world.day) > timedelta(60):
            return None
        text = remittance(self.rng, [invoice], self.profile)
        return self.line(customer, amount, text), Gold("double", "account", customer.id)
