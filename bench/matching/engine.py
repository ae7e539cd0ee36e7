"""Our engine as one of the matchers: what passes between its facts and those of the benchmark."""

from __future__ import annotations

from collections.abc import Iterable

from amiable.core.matching.book import Book
from amiable.core.matching.engine import decide, view_of
from amiable.core.matching.facts import Customer as CustomerFacts
from amiable.core.matching.facts import Decision, Hypothesis, Item, Line, OpenCredit, Opening, Paid
from bench.matching.facts import Answer, BankLine, Event, Reading
from bench.matching.replay import Entered
from bench.matching.world import Customer, Note

ACTIONS = {"post": "post", "propose": "propose", "leave": "leave", "ignore": "aside"}


class Engine:
    """amiable.core.matching, one line at a time."""

    name = "amiable"

    def start(self, customers: Iterable[Customer]) -> None:
        rows = list(customers)
        self.book = Book(
            Opening(
                items=(),
                customers=tuple(CustomerFacts(c.id, c.name, c.code) for c in rows),
                ibans=tuple((c.iban, c.id) for c in rows if c.iban_known),
            )
        )
        self.decided: tuple[int, Decision] | None = None
        self.paid: dict[int, list[Paid]] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, Note):
            note = OpenCredit(event.id, event.customer_id, "EUR", event.left, event.number)
            self.book.add_credit(note)
        else:
            self.book.add_item(
                Item(
                    id=event.id,
                    customer_id=event.customer_id,
                    number=event.number,
                    currency="EUR",
                    due_date=event.due_on,
                    open_minor=event.total,
                    order_reference=event.order,
                    issued_on=event.issued_on,
                )
            )

    def decide(self, line: BankLine) -> Answer:
        decision = decide(facts_of(line), self.book)
        self.decided = (line.id, decision)
        return Answer(
            action=ACTIONS[decision.action],
            readings=tuple(_reading(each) for each in decision.hypotheses),
            reasons=decision.evidence,
        )

    def enter(self, line: BankLine, entered: tuple[Entered, ...]) -> None:
        facts = facts_of(line)
        for one in entered:
            if not one.by_person and self.decided:
                self.book.apply(facts, self.decided[1])
                continue
            self.book.apply(facts, Decision(line.id, "post", (), (self._told(facts, one),)))

    def _told(self, line: Line, one: Entered) -> Hypothesis:
        """What a person entered, as the engine is told of it."""
        if one.returns is not None:
            paid = next(
                p for row in self.book.payments.values() for p in row if p.line_id == one.returns
            )
            return Hypothesis("return", one.customer_id, (), returns=(paid,))
        left = dict(one.parts)
        uses: list[tuple[int, int, int]] = []
        for note_id, amount in one.notes:
            rest = amount
            for invoice_id, open_minor in left.items():
                part = min(rest, open_minor)
                if part > 0:
                    uses.append((note_id, invoice_id, part))
                    left[invoice_id] -= part
                    rest -= part
        return Hypothesis(
            "assigned",
            one.customer_id,
            (),
            parts=tuple((i, part) for i, part in left.items() if part > 0),
            credit_uses=tuple(uses),
            teaches=view_of(line, self.book).teaches(one.customer_id),
        )


def facts_of(line: BankLine) -> Line:
    """A line of the stream as the engine is given it."""
    return Line(
        id=line.id,
        booked_on=line.booked_on,
        amount_minor=line.amount,
        currency="EUR",
        label=line.label,
        end_to_end_id=line.end_to_end_id,
        payer_name=line.payer_name,
        payer_iban=line.payer_iban,
        mandate_id=line.mandate_id,
        operation=line.operation,
        is_return=line.is_return,
        return_reason=line.return_reason,
    )


def _reading(hypothesis: Hypothesis) -> Reading:
    used = [(i, amount) for _, i, amount in hypothesis.credit_uses]
    amounts: dict[int, int] = {}
    for item_id, amount in (*hypothesis.parts, *used, *hypothesis.write_offs):
        amounts[item_id] = amounts.get(item_id, 0) + amount
    return Reading(
        customer_id=hypothesis.customer_id,
        parts=frozenset(amounts.items()),
        notes=frozenset(entry_id for entry_id, _, _ in hypothesis.credit_uses),
        written_off=bool(hypothesis.write_offs),
        returns=hypothesis.returns[0].line_id if hypothesis.returns else None,
    )
