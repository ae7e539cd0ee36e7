"""What the matching engine is given and what it answers: frozen, amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from amiable.core.allocation import Order
from amiable.core.payouts import Totals
from amiable.core.sentences import Sentence

Action = Literal["post", "propose", "leave", "ignore"]


@dataclass(frozen=True, slots=True)
class Item:
    """An installment, open or settled of late (`open_minor` 0).

    `books_minor` > 0 = that much was settled because the accounts said so, by no payment we know.
    """

    id: int
    customer_id: int
    number: str
    currency: str
    due_date: date
    open_minor: int
    books_minor: int = 0
    payment_reference: str = ""
    order_reference: str = ""
    issued_on: date | None = None

    def moved(self, amount_minor: int) -> Item:
        """The same with so much more open, or less; made field by field for speed."""
        return Item(
            self.id, self.customer_id, self.number, self.currency, self.due_date,
            self.open_minor + amount_minor, self.books_minor,
            self.payment_reference, self.order_reference, self.issued_on,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenCredit:
    """A credit of an account with something left: a credit note (with its number) or money."""

    entry_id: int
    customer_id: int
    currency: str
    left_minor: int
    number: str = ""


@dataclass(frozen=True, slots=True)
class Barred:
    """An item that no money may settle unasked, and why, since when.

    written_off = given up; handed_over = collected by `name` now; insolvent = `since` is the day of
    the judgment, `claim_on` the day on which the claim was born.
    """

    item_id: int
    kind: Literal["written_off", "handed_over", "insolvent"]
    since: date
    claim_on: date | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to give back, not yet seen to leave. `reference` = what its transfer shall carry.

    `file_id` = the order to the bank that it is in, called `file` there; None = in none.
    """

    id: int
    customer_id: int
    amount_minor: int
    currency: str
    iban: str
    name: str
    reference: str
    noted_on: date
    file_id: int | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Payout:
    """What a payment provider transfers, not yet seen on an account; `sums` of its parts.

    `reference` = what the bank may show of it besides its name; `creditor_id` None = anybody's.
    """

    id: int
    provider: str
    name: str
    reference: str
    currency: str
    net_minor: int
    arrives_on: date
    sums: Totals
    creditor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who may pay, and whom it owes. `group` = who decides to pay, where customers share that."""

    id: int
    name: str
    code: str = ""
    creditor_id: int | None = None
    group: str = ""


class Paid(NamedTuple):
    """A payment that the bank may take back. `line_id` = the line it came by, where that counts:
    one posted in the same run, or one of `whole_minor` shared over several payments. `spent` =
    what became of such a part since."""

    customer_id: int
    amount_minor: int
    currency: str
    received_on: date
    parts: tuple[tuple[int, int], ...] = ()
    payment_id: int | None = None
    line_id: int | None = None
    end_to_end_id: str = ""
    mandate_id: str = ""
    payer_name: str = ""
    payer_iban: str = ""
    whole_minor: int = 0
    spent: Literal["", "returned", "refunded"] = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A movement to decide on; > 0 is money in, on an account of `creditor_id`."""

    id: int
    booked_on: date
    amount_minor: int
    currency: str
    label: str
    structured_reference: str = ""
    end_to_end_id: str = ""
    payer_name: str = ""
    payer_iban: str = ""
    ultimate_payer: str = ""
    mandate_id: str = ""
    credited_iban: str = ""
    operation: str = ""
    is_return: bool = False
    return_reason: str = ""
    batch_id: str = ""
    creditor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Virtual:
    """Whom a virtual IBAN of ours stands for, from a day until another (None = still).

    `customer_id` None = nobody yet; `number` = its one invoice, "" = all it owes; `closed` = the
    bank has closed the IBAN.
    """

    iban: str
    customer_id: int | None = None
    number: str = ""
    since_on: date = date.min
    until_on: date | None = None
    closed: bool = False


class Hypothesis(NamedTuple):
    """One reading of a line. `parts` = ((installment, amount of the payment), ...).

    `credit_uses` = ((credit entry, installment, amount), ...) netted by the payer; `confirms` =
    installments whose settlement the accounts had announced; `returns` = the payments taken
    back, one or, with `returns_line`, all those left of a line that was shared;
    `write_offs` = ((installment, amount), ...) that the payer kept for good, for `reason`
    (bank_fee | discount | cents); `teaches` = the account may be remembered as the customer's.
    `repays` = the refund that the line is (money out), `repays_file` = all those left of a file;
    `pays_out` = the payout that it is.
    """

    kind: str
    customer_id: int | None
    evidence: tuple[Sentence, ...]
    parts: tuple[tuple[int, int], ...] = ()
    credit_uses: tuple[tuple[int, int, int], ...] = ()
    confirms: tuple[int, ...] = ()
    returns: tuple[Paid, ...] = ()
    sure: bool = False
    teaches: bool = False
    write_offs: tuple[tuple[int, int], ...] = ()
    reason: str = ""
    repays: int | None = None
    repays_file: int | None = None
    pays_out: int | None = None
    returns_line: int | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two readings the same, whatever their evidence."""
        taken: tuple[int | None, ...] | None = None
        if self.returns_line is not None:
            taken = (None, None, self.returns_line)
        elif self.returns:
            paid = self.returns[0]
            taken = (paid.payment_id, None if paid.payment_id else paid.line_id)
        uses, given_up = frozenset(self.credit_uses), frozenset(self.write_offs)
        ours = (self.repays, self.repays_file, self.pays_out)
        return (self.customer_id, frozenset(self.parts), uses, taken, given_up, ours)


class Decision(NamedTuple):
    """What to do with a line. `post`: the only hypothesis; `propose`: up to three, best first;
    `leave` and `ignore`: none. `evidence` says why in every case."""

    line_id: int
    action: Action
    evidence: tuple[Sentence, ...]
    hypotheses: tuple[Hypothesis, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a payer may keep without a person being asked. 0 = nothing.

    `cents_minor` of any payment; `bank_fee_minor` of an invoice; `discount_permille` of an
    invoice paid by its due date.
    """

    cents_minor: int = 99
    bank_fee_minor: int = 2_500
    discount_permille: int = 30

    def agreed(self, terms: Terms | None) -> Limits:
        """These limits, with what was agreed with one customer in their place."""
        if terms is None:
            return self
        fee, discount = terms.bank_fee_minor, terms.discount_permille
        return Limits(
            self.cents_minor,
            self.bank_fee_minor if fee is None else fee,
            self.discount_permille if discount is None else discount,
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed with a customer; None = as with everybody. `order` = which debts its money
    pays when it does not say, `agreed` = that agreement in words."""

    customer_id: int
    order: Order = "law"
    agreed: str = ""
    bank_fee_minor: int | None = None
    discount_permille: int | None = None


@dataclass(frozen=True, slots=True)
class Habit:
    """What a customer has done the last times it could, `days` oldest first.

    `value` = thousandths of a discount, minor units of a fee, or how many invoices; `payer` = who
    pays for it.
    """

    customer_id: int
    code: str
    days: tuple[date, ...]
    value: int = 0
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything the engine knows at the start of a run.

    `ibans` = ((iban, customer), ...) of customers' own accounts; `links` = ((account or name of a
    payer, customer, payments made for it), ...) from the past; `against` =
    (account or name of a payer, customer) pairs that a person has said it is not; `own` = the
    seller's accounts; `creditors` = ((id, name), ...) of those that have accounts of their own, ()
    when there is one; `virtual` = whom its virtual IBANs stand and stood for; `recent` =
    ((customer, amount, currency, day), ...) of payments received lately; `refused` = (line, key of
    a hypothesis) pairs that a person has turned down: they never come back, and nothing else is
    posted on that line unasked.
    """

    items: tuple[Item, ...]
    customers: tuple[Customer, ...]
    credits: tuple[OpenCredit, ...] = ()
    ibans: tuple[tuple[str, int], ...] = ()
    payments: tuple[Paid, ...] = ()
    recent: tuple[tuple[int, int, str, date], ...] = ()
    refused: frozenset[tuple[int, tuple[object, ...]]] = field(default_factory=frozenset)
    links: tuple[tuple[str, int, int], ...] = ()
    against: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    own: frozenset[str] = frozenset()
    creditors: tuple[tuple[int, str], ...] = ()
    virtual: tuple[Virtual, ...] = ()
    limits: Limits = Limits()
    terms: tuple[Terms, ...] = ()
    habits: tuple[Habit, ...] = ()
    refunds: tuple[Refund, ...] = ()
    payouts: tuple[Payout, ...] = ()
    barred: tuple[Barred, ...] = ()
