"""What payers write on a transfer and what banks make of it: the noise of real statements.

A payer keeps its style (people.REFERENCE_STYLES); the bank cuts at 140 characters (SEPA
unstructured remittance), writes capitals without accents, and sometimes drops every space.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from amiable.interfaces.cli.demo import keys
from amiable.interfaces.cli.demo.people import Client, plain
from amiable.interfaces.cli.demo.story import Bill

LEADS = ("FACTURE", "FACT", "REGLEMENT FACT", "FAC", "PAIEMENT FACTURE", "VOTRE FACTURE", "N/REGLT")
VAGUE = ("REGLEMENT", "VIREMENT", "FACTURE", "SOLDE", "REGLEMENT FACTURE", "PAIEMENT FOURNISSEUR")
LEGAL_FORMS = {"SARL", "SAS", "SASU", "EURL", "SA", "SCI", "SNC"}
LONGEST = 140


@dataclass(frozen=True, slots=True)
class Remittance:
    """Text, structured creditor reference (ISO 11649) and EndToEndId of a transfer."""

    text: str
    structured: str = ""
    end_to_end: str = "NOTPROVIDED"


def remittance(rng: random.Random, client: Client, *, bills: list[Bill]) -> Remittance:
    """What this client writes when it pays these bills; empty list = nothing to refer to."""
    style = client.reference_style
    end_to_end = "NOTPROVIDED" if rng.random() < 0.6 else f"VIR{rng.randint(10**6, 10**8)}"
    invoices = [bill for bill in bills if bill.kind == "invoice"]
    if style == "rf" and len(invoices) == 1 == len(bills):
        reference = keys.creditor_reference(invoices[0].number)
        return Remittance("", reference, end_to_end)
    if len(invoices) > 3 and rng.random() < 0.25:
        return Remittance(f"RELEVE {len(invoices)} FACTURES", "", end_to_end)
    if not invoices or style == "none":
        return Remittance(rng.choice(VAGUE), "", end_to_end)
    named = _ordered(rng, bills)
    words = [_WRITE.get(style, _exact)(rng, bill) for bill in named]
    text = f"{rng.choice(LEADS)} {rng.choice((' ', ' ', ', ', '/', ' + ')).join(words)}"
    if rng.random() < 0.06:
        text = text.replace(" ", "")
    return Remittance(text[:LONGEST], "", end_to_end)


def _ordered(rng: random.Random, bills: list[Bill]) -> list[Bill]:
    """Invoices, mostly in order, then credit notes."""
    named = sorted(bills, key=lambda bill: (bill.kind == "credit_note", bill.number))
    if rng.random() < 0.3:
        rng.shuffle(named)
    return named


def _exact(_rng: random.Random, bill: Bill) -> str:
    return bill.number


def _spaced(rng: random.Random, bill: Bill) -> str:
    shape = rng.choice(("{p} {y} {n}", "{p}{y}{n}", "{p}{y}/{n}", "{p}.{y}.{n}", "{p} {y}-{n}"))
    return shape.format(p=bill.number[:2], y=bill.number[2:6], n=bill.number[7:])


def _digits(_rng: random.Random, bill: Bill) -> str:
    return bill.number[2:].replace("-", "")


def _tail(rng: random.Random, bill: Bill) -> str:
    tail = bill.number[7:]
    return tail.lstrip("0") if rng.random() < 0.4 else tail


def _order(_rng: random.Random, bill: Bill) -> str:
    return bill.order_reference or f"DOSSIER {bill.code[-3:]}"


def _transposed(rng: random.Random, bill: Bill) -> str:
    # The number of a credit note is copied from it, to be sure that it is taken off.
    return bill.number if bill.kind == "credit_note" else rng.choice(mistypings(bill.number))


def mistypings(number: str) -> list[str]:
    """What a number becomes when two of its last digits change places."""
    return [number[:at] + number[at + 1] + number[at] + number[at + 2 :] for at in (8, 9, 10)]


_WRITE = {
    "spaced": _spaced, "digits": _digits, "tail": _tail, "order": _order,
    "transposed": _transposed,
}  # fmt: skip


def bank_name(rng: random.Random, name: str) -> str:
    """A payer's name as its bank sends it: capitals, perhaps cut, reordered or without its form."""
    words = plain(name).upper().split()
    roll = rng.random()
    if roll < 0.30:
        words = [word for word in words if word not in LEGAL_FORMS] or words
    elif roll < 0.40 and len(words) > 1:
        words = [words[-1], *words[:-1]]
    text = " ".join(words)
    return text[: rng.randint(12, 18)].strip() if 0.40 <= roll < 0.50 else text[:70]
