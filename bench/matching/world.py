"""A fictional French seller: customers, their invoices and credit notes, kept true to the cent.

Nothing here knows the matching engine: the ledger is what really happened. Amounts in cents.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from bench.matching.profiles import Profile

FIRST_DAY = date(2026, 1, 5)
TRADES = (
    "ATELIER", "GARAGE", "MENUISERIE", "TRANSPORTS", "BOULANGERIE", "CABINET", "IMPRIMERIE",
    "CLINIQUE", "MAISON", "BUREAU", "ELECTRICITE", "PLOMBERIE", "PHARMACIE", "LIBRAIRIE",
    "CARROSSERIE", "MACONNERIE", "PEINTURE", "COUVERTURE", "CHARPENTE", "RESTAURANT", "HOTEL",
    "AMBULANCES", "OPTIQUE", "PRESSING", "SERRURERIE", "VITRERIE", "FROMAGERIE", "TRAITEUR",
)  # fmt: skip
FAMILIES = (
    "DUPONT", "MARTIN", "LEFEVRE", "GIRARD", "MOREAU", "FAURE", "ROUX", "BLANC", "GUERIN", "BOYER",
    "CHEVALIER", "ROBIN", "MASSON", "BERNARD", "PETIT", "DURAND", "LEROY", "SIMON", "LAURENT",
    "MICHEL", "GARCIA", "DAVID", "BERTRAND", "FOURNIER", "LAMBERT", "BONNET", "FRANCOIS", "LEGRAND",
    "GAUTHIER", "PERRIN", "CLEMENT", "MORIN", "NICOLAS", "HENRY", "ROUSSEL", "MATHIEU", "MARCHAND",
    "DUVAL", "DENIS", "DUMONT", "MARIE", "LEMAIRE", "NOEL", "MEYER", "DUFOUR", "MEUNIER", "BRUN",
    "BLANCHARD", "GIRAUD", "JOLY", "RIVIERE", "LUCAS", "BRUNET", "GAILLARD", "BARBIER", "ARNAUD",
)  # fmt: skip
PLACES = (
    "NANTES", "LYON", "RENNES", "LILLE", "BREST", "TOURS", "DIJON", "ANGERS", "NIMES", "METZ",
    "CAEN", "NANCY", "ROUEN", "PAU", "CALAIS", "VANNES", "BEAUNE", "ANNECY", "ATLANTIQUE", "OUEST",
    "DU PARC", "DE LA GARE", "DES ALPES", "DU MIDI", "DU LAC", "DES HALLES",
)  # fmt: skip
FORMS = ("SARL", "SAS", "SASU", "SA", "EURL", "SCI", "")
GIVEN = ("JEAN", "MARIE", "PAUL", "SOPHIE", "LUC", "CLAIRE", "HUGO", "ANNE", "LEA", "MARC", "INES")
FACTORS = ("BPI FACTORING", "EUROFACTOR CREDIT", "LIXXBAIL AFFACTURAGE")
PRICES = (9_900, 12_000, 14_400, 18_000, 24_000, 36_000, 49_900, 58_800, 72_000, 120_000)


@dataclass(frozen=True)
class Customer:
    """Who buys, and how they pay. `prices` () = amounts of any size."""

    id: int
    name: str
    code: str
    iban: str
    iban_known: bool
    prices: tuple[int, ...]
    oldest_first: bool
    parent: tuple[str, str] | None
    owner: tuple[str, str]
    factor: tuple[str, str] | None
    discount_permille: int
    mandate: str


@dataclass
class Invoice:
    """`open` falls to 0 with payments; `paid_on` is the day it did."""

    id: int
    customer_id: int
    number: str
    issued_on: date
    due_on: date
    total: int
    open: int
    order: str
    paid_on: date | None = None


@dataclass
class Note:
    """A credit note with something left."""

    id: int
    customer_id: int
    number: str
    left: int


def pick(rng: random.Random, shares: Mapping[str, float]) -> str:
    """A key with the probability of its share."""
    return rng.choices(list(shares), list(shares.values()))[0]


def iban(rng: random.Random) -> str:
    """A French account number with a valid key (98 - number mod 97)."""
    bban = "".join(rng.choices("0123456789", k=23))
    key = 98 - int(bban + "152700") % 97
    return f"FR{key:02d}{bban}"


@dataclass
class World:
    """The ledger as it truly is."""

    profile: Profile
    rng: random.Random
    customers: list[Customer] = field(default_factory=list)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    open_of: dict[int, list[int]] = field(default_factory=dict)  # oldest due first
    notes_of: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.serial = self.rng.randint(3_100, 9_000) if self.profile.numbers == "plain" else 0
        self.last_id = 0
        self.open_count = 0
        self.day = FIRST_DAY
        self.factors = [(name, iban(self.rng)) for name in FACTORS]
        self.customers = [self._customer(i) for i in range(1, self.profile.customers + 1)]
        weights = (self.rng.lognormvariate(0.0, 1.0) for _ in self.customers)
        self.weights = list(accumulate(weights))
        for customer in self.customers:
            self.open_of[customer.id] = []
            self.notes_of[customer.id] = []

    def share(self, percent: float) -> bool:
        return self.rng.random() * 100 < percent

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _customer(self, number: int) -> Customer:
        rng = self.rng
        words = rng.choice(
            (
                f"{rng.choice(TRADES)} {rng.choice(FAMILIES)}",
                f"{rng.choice(TRADES)} {rng.choice(PLACES)}",
                f"{rng.choice(FAMILIES)} {rng.choice(FAMILIES)}",
                f"{rng.choice(TRADES)} {rng.choice(FAMILIES)} {rng.choice(PLACES)}",
                f"{rng.choice(FAMILIES)} ET FILS {rng.choice(PLACES)}",
            )
        )
        prices = tuple(rng.sample(PRICES, rng.randint(1, 3)))
        group = f"GROUPE {rng.choice(FAMILIES)} {rng.choice(('HOLDING', 'FINANCE', 'GESTION'))}"
        return Customer(
            id=number,
            name=f"{words} {rng.choice(FORMS)}".strip(),
            code=f"C{number:05d}",
            iban=iban(rng),
            iban_known=not self.share(self.profile.iban_unknown),
            prices=prices if self.share(self.profile.price_list) else (),
            oldest_first=self.share(self.profile.oldest_first),
            parent=(group, iban(rng)) if self.share(self.profile.parent) else None,
            owner=(f"{rng.choice(GIVEN)} {rng.choice(FAMILIES)}", iban(rng)),
            factor=rng.choice(self.factors) if self.share(6) else None,
            discount_permille=rng.choice((10, 20)) if self.share(self.profile.discount) else 0,
            mandate=f"RUM{number:06d}" if self.share(15) else "",
        )

    def issue(self) -> Invoice | Note:
        """One new invoice (or, 5 %, a credit note) of a customer with at most 40 open."""
        rng = self.rng
        customer = rng.choices(self.customers, cum_weights=self.weights)[0]
        while len(self.open_of[customer.id]) >= 40:
            customer = rng.choice(self.customers)
        if self.open_of[customer.id] and self.share(5):
            note = Note(self.new_id(), customer.id, self._number("AV"), rng.randint(1_000, 30_000))
            self.notes[note.id] = note
            self.notes_of[customer.id].append(note.id)
            return note
        total = (
            rng.choice(customer.prices)
            if customer.prices
            else min(5_000_000, int(rng.lognormvariate(10.8, 1.1)) + 900)
        )
        issued = self.day
        due = issued + timedelta(days=rng.choice((30, 30, 30, 45, 45, 60)))
        order = f"{rng.choice(('PO', 'BC', 'CDE'))}{rng.randint(10_000, 99_999)}"
        invoice = Invoice(
            self.new_id(), customer.id, self._number("FA"), issued, due, total, total, order
        )
        self.invoices[invoice.id] = invoice
        self.open_count += 1
        row = self.open_of[customer.id]
        row.append(invoice.id)
        row.sort(key=lambda i: (self.invoices[i].due_on, i))
        return invoice

    def _number(self, prefix: str) -> str:
        self.serial += 1
        if self.profile.numbers == "plain":
            return str(self.serial)
        return f"{prefix}{self.day.year}-{self.serial:05d}"

    def opened(self, customer_id: int) -> list[Invoice]:
        """Open invoices of a customer, oldest due first."""
        return [self.invoices[i] for i in self.open_of[customer_id]]

    def pay(self, invoice_id: int, amount: int, on: date) -> None:
        """Take an amount off an invoice; at 0 it is paid."""
        invoice = self.invoices[invoice_id]
        invoice.open -= amount
        if invoice.open < 0:
            raise AssertionError("the truth never pays more than is open")
        if invoice.open == 0:
            invoice.paid_on = on
            self.open_count -= 1
            self.open_of[invoice.customer_id].remove(invoice_id)

    def reopen(self, invoice_id: int, amount: int) -> None:
        """A payment was taken back."""
        invoice = self.invoices[invoice_id]
        if invoice.open == 0:
            self.open_count += 1
            row = self.open_of[invoice.customer_id]
            row.append(invoice_id)
            row.sort(key=lambda i: (self.invoices[i].due_on, i))
        invoice.open += amount
        invoice.paid_on = None
