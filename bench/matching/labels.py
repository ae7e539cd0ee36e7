"""What payers write and what banks make of it: numbers, names, prefixes, cuts."""

from __future__ import annotations

import random
from collections.abc import Sequence

from bench.matching.profiles import Profile
from bench.matching.world import FAMILIES, FORMS, GIVEN, Invoice, pick

PREFIXES = (
    "VIR SEPA RECU /DE {name}", "VIR SEPA RECU /DE {name}", "VIR INST RECU /DE {name}",
    "VIREMENT DE {name}", "VIR {name}", "VIR SEPA {name}",
)  # fmt: skip
NOTHING = (
    "FACTURE",
    "REGLEMENT",
    "LOYER MARS",
    "VIREMENT",
    "PAIEMENT FACTURE",
    "FACTURES DIVERSES",
)
LEADS = ("FACT ", "FACTURE ", "REGLT FACT ", "REF ", "N/REF ", "", "", "FACTURE NO ", "F.")
TRAILS = ("", "", "", " DU {day}/{month}/2026", " MERCI", " {amount} EUR", " CLI {code}")


def payer_name(rng: random.Random, name: str, profile: Profile) -> str:
    """A name as the payer's bank gives it."""
    words = name.split()
    how = pick(rng, profile.names)
    if how in {"formless", "reordered", "cut"} and words[-1] in FORMS and len(words) > 1:
        words = words[:-1]
    if how == "reordered":
        rng.shuffle(words)
    text = " ".join(words)
    if how == "cut":
        return text[: rng.randint(8, 14)].strip()
    if how == "typo":
        at = rng.randrange(len(text) - 1)
        return text[:at] + rng.choice(("", text[at + 1] + text[at], "E")) + text[at + 2 :]
    if how == "person":
        return f"{rng.choice(GIVEN)} {rng.choice(FAMILIES)}"
    return text


def number_text(rng: random.Random, invoice: Invoice, how: str) -> str:
    """One invoice number as a payer writes it; "" for none."""
    number = invoice.number
    digits = "".join(sign for sign in number if sign.isdigit())
    if how == "separators":
        join = rng.choice((" ", "", "/", ".", " / ", "_"))
        return number.replace("-", join).replace("FA", rng.choice(("FA", "FA ", "FAC", "fa")))
    if how == "exchanged":
        at = rng.randrange(len(number) - 3, len(number) - 1)
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    written = {
        "digits": lambda: digits,
        "tail": lambda: digits[-rng.choice((4, 5)) :],
        "order": lambda: invoice.order,
        "cut": lambda: number[: -rng.choice((1, 2))],
        "none": lambda: "",
    }
    return written.get(how, lambda: number)()


def remittance(
    rng: random.Random, invoices: Sequence[Invoice], profile: Profile, extra: str = ""
) -> str:
    """The payer's words for a set of invoices."""
    how = pick(rng, profile.references)
    share = rng.random() * 100
    if len(invoices) > 1 and share < profile.statements:
        return rng.choice(("RELEVE", "SOLDE DE COMPTE", "SOLDE", "RELEVE DE COMPTE", "V/RELEVE"))
    if len(invoices) > 3 and share < profile.statements + profile.ranges:
        ordered = sorted(invoices, key=lambda i: i.number)
        first, last = ordered[0].number, ordered[-1].number
        short = last[-4:].lstrip("0") if rng.random() < 0.5 else last
        return rng.choice((f"FACT {first} A {short}", f"FACTURES {first} AU {short}"))
    if how == "none":
        return rng.choice(NOTHING)
    listed = list(invoices)
    if rng.random() < 0.3:
        rng.shuffle(listed)
    if len(listed) > 1 and how in {"exchanged", "cut", "tail"}:
        # One of a list is garbled, not all of them in the same way.
        texts = [number_text(rng, each, "exact") for each in listed]
        texts[-1] = number_text(rng, listed[-1], how)
    else:
        texts = [number_text(rng, each, how) for each in listed]
    text = rng.choice(LEADS) + rng.choice((" ", ", ", " ET ", "+", " - ")).join(texts)
    trail = rng.choice(TRAILS).format(
        day=f"{rng.randint(1, 28):02d}",
        month=f"{rng.randint(1, 12):02d}",
        amount=f"{invoices[0].total / 100:.2f}".replace(".", ","),
        code=f"{rng.randint(1, 99999):06d}",
    )
    return text + extra + trail


def bank_label(rng: random.Random, name: str, text: str, profile: Profile) -> str:
    """The label of a transfer as the bank prints it."""
    label = rng.choice(PREFIXES).format(name=name)
    label += f" /MOTIF {text}" if rng.random() < 0.7 else f" {text}"
    if rng.random() < 0.5:
        label += " /REF NOTPROVIDED"
    return printed(rng, label, profile)


def printed(rng: random.Random, label: str, profile: Profile) -> str:
    """Cut at 140 signs (SEPA), sometimes glued; or in pieces of a CFONB record, words split."""
    label = label[:140]
    if rng.random() * 100 < profile.glued:
        label = label.replace(" ", "")
    if profile.label != "cfonb":
        return label
    width = rng.randint(31, 34)
    pieces = (label[at : at + width].strip() for at in range(0, len(label), width))
    return " ".join(piece for piece in pieces if piece)
