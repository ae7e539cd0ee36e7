"""Lines that are no plain transfer of a customer: debits, returns, cheques, and no receivable."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bench.matching.facts import BankLine, Gold
from bench.matching.labels import printed
from bench.matching.world import FAMILIES, GIVEN, TRADES, Customer, Invoice

if TYPE_CHECKING:
    from bench.matching.stream import Stream

RETURN_REASONS = ("AM04", "MD01", "MS02", "AC04", "MD06", "SL01")


def _plain(stream: Stream, amount: int, label: str) -> BankLine:
    return BankLine(
        stream.world.new_id(), stream.world.day, amount, printed(stream.rng, label, stream.profile)
    )


def no_receivable(stream: Stream) -> tuple[BankLine, Gold]:
    """Wages, contributions, taxes, card takings, own transfers, suppliers, fees."""
    rng, gold = stream.rng, Gold("no receivable", "aside")
    month = rng.choice(("JANVIER", "FEVRIER", "MARS", "AVRIL"))
    number = rng.randint(100_000, 999_999)
    label, sign = rng.choice(
        (
            (f"VIR SEPA EMIS SALAIRE {month} {rng.choice(GIVEN)} {rng.choice(FAMILIES)}", -1),
            (f"PRLV SEPA URSSAF ILE DE FRANCE {number}", -1),
            ("VIR SEPA RECU /DE URSSAF RHONE ALPES /MOTIF REMB TROP VERSE 2026", 1),
            (f"PRLV SEPA DGFIP IMPOT TVA {month} 2026", -1),
            ("VIR SEPA RECU /DE DGFIP DIRECTION GENERALE FINANCES /MOTIF REMB CREDIT TVA", 1),
            (f"VIR SEPA RECU /DE STRIPE TECHNOLOGY EUROPE /MOTIF PAYOUT {number}", 1),
            (f"VIR SEPA RECU /DE SUMUP LIMITED /MOTIF SUMUP PID{number}", 1),
            (f"REMISE CB {number} DU {rng.randint(1, 28):02d}0226 NB {rng.randint(2, 40)}", 1),
            ("VIR INTERNE COMPTE EPARGNE /MOTIF TRESORERIE", rng.choice((1, -1))),
            (f"VIR SEPA EMIS /BEN {rng.choice(TRADES)} {rng.choice(FAMILIES)} FACT {number}", -1),
            ("COMMISSIONS ET FRAIS SUR OPERATIONS", -1),
            ("INTERETS CREDITEURS 1ER TRIMESTRE 2026", 1),
        )
    )
    return _plain(stream, sign * rng.randint(1_500, 900_000), label), gold


def debit_batch(stream: Stream) -> tuple[BankLine, Gold] | None:
    """Direct debits collected: four in ten come one by one, the others as one sum."""
    rng, world = stream.rng, stream.world
    customer = stream.customer(lambda c: bool(c.mandate))
    if customer is None:
        return None
    if stream.world.share(40):
        return _one_debit(stream, customer)
    others = (c for c in rng.sample(world.customers, 60) if c.mandate and world.open_of[c.id])
    chosen = [customer, *(c for c in others if c.id != customer.id)][: rng.randint(2, 10)]
    debits = []
    for each in chosen:
        invoice = world.opened(each.id)[0]
        debits.append((each.id, invoice.id, invoice.open))
        world.pay(invoice.id, invoice.open, world.day)
    label = f"REMISE PRLV SEPA CORE LOT{rng.randint(1000, 9999)} NB {len(debits)}"
    line = replace(_plain(stream, sum(d[2] for d in debits), label), operation="PMNT/RDDT/PMDD")
    return line, Gold("debit batch", "post", debits=tuple(debits))


def _one_debit(stream: Stream, customer: Customer) -> tuple[BankLine, Gold]:
    """One debit of a batch, with the end-to-end reference that the seller gave it."""
    world = stream.world
    invoice: Invoice = world.opened(customer.id)[0]
    label = f"PRLV SEPA RECU {customer.name[:20]}"
    line = replace(
        _plain(stream, invoice.open, label),
        end_to_end_id=invoice.number,
        mandate_id=customer.mandate,
        payer_iban=customer.iban,
        operation="PMNT/RDDT/PMDD",
    )
    found = stream.settle("debit batch", customer, [invoice], line)
    stream.paid.pop()  # a debit is not paid again by itself
    stream.debits.append(found)
    return found


def debit_returned(stream: Stream) -> tuple[BankLine, Gold] | None:
    """The bank takes a single debit of the last weeks back."""
    rng, world = stream.rng, stream.world
    lately = [d for d in stream.debits if world.day - d[0].booked_on <= timedelta(days=40)]
    if not lately:
        return None
    before, paid = rng.choice(lately)
    stream.debits.remove((before, paid))
    ((invoice_id, amount),) = paid.parts
    world.reopen(invoice_id, amount)
    customer = world.customers[(paid.customer_id or 0) - 1]
    reason = rng.choice(RETURN_REASONS)
    number = world.invoices[invoice_id].number
    label = f"PRLV SEPA IMPAYE {reason} {customer.name[:20]}" + (
        f" {number}" if world.share(40) else ""
    )
    line = replace(
        _plain(stream, -amount, label),
        end_to_end_id=before.end_to_end_id if world.share(85) else "",
        mandate_id=customer.mandate if world.share(70) else "",
        operation="PMNT/IDDT/UPDD",
        is_return=True,
        return_reason=reason,
    )
    return line, Gold("debit returned", "return", customer.id, returns=before.id)


def cheques(stream: Stream) -> tuple[BankLine, Gold] | None:
    """One to five cheques paid in as one sum that names nobody."""
    rng, world = stream.rng, stream.world
    debits = []
    for _ in range(rng.randint(1, 5)):
        customer = stream.customer()
        if customer is None:
            return None
        invoice = world.opened(customer.id)[0]
        debits.append((customer.id, invoice.id, invoice.open))
        world.pay(invoice.id, invoice.open, world.day)
    label = f"REMISE CHEQUE {rng.randint(1, 9_999_999):07d} NB {len(debits)}"
    line = _plain(stream, sum(d[2] for d in debits), label)
    return line, Gold("cheques", "post", debits=tuple(debits))


def refund_sent(stream: Stream) -> tuple[BankLine, Gold]:
    """Money sent back to a customer who had paid too much."""
    rng = stream.rng
    customer = rng.choice(stream.world.customers)
    label = f"VIR SEPA EMIS /BEN {customer.name} /MOTIF REMBOURSEMENT TROP PERCU"
    line = _plain(stream, -rng.randint(1_000, 80_000), label)
    return line, Gold("refund sent", "aside")
