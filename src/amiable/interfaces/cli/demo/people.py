"""The fictional creditor and its customers: who they are, how they pay, and from which account.

Each customer is drawn from its own stream, so that one more customer changes no other.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from amiable.core.records import CustomerKind
from amiable.interfaces.cli.demo import keys, profiles, words
from amiable.interfaces.cli.demo.profiles import Colleague, Habit, Part

T = TypeVar("T")

# Share of each habit in percent, by kind of customer. With the delays of ledger.DELAYS these
# give a DSO of 45 to 65 days and 20 to 30 % of the outstanding overdue.
HABITS: dict[CustomerKind, tuple[tuple[Habit, int], ...]] = {
    "company": (
        ("punctual", 36), ("slightly_late", 26), ("late", 12), ("chronic", 5), ("never", 3),
        ("partial", 4), ("statement", 6), ("fee", 2), ("debit", 6),
    ),
    "public": (("punctual", 55), ("slightly_late", 36), ("late", 9)),
    "consumer": (
        ("punctual", 58), ("slightly_late", 24), ("late", 8), ("never", 4), ("partial", 3),
        ("debit", 3),
    ),
}  # fmt: skip

# Payment terms: (text as a customer file states it, days, end of month), with weights.
TERMS: dict[CustomerKind, tuple[tuple[tuple[str, int, bool], int], ...]] = {
    "company": (
        (("30 jours net", 30, False), 45), (("30 jours fin de mois", 30, True), 22),
        (("45 jours fin de mois", 45, True), 20), (("60 jours net", 60, False), 13),
    ),
    "public": ((("30 jours net", 30, False), 100),),
    "consumer": ((("15 jours net", 15, False), 60), (("30 jours net", 30, False), 40)),
}  # fmt: skip

# How a payer writes what it pays; see remittance.py.
REFERENCE_STYLES = (
    ("exact", 36), ("spaced", 14), ("digits", 12), ("tail", 8), ("order", 6), ("none", 15),
    ("rf", 5), ("transposed", 4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Creditor:
    """The fictional company that is owed."""

    name: str = "Calorenn SAS"
    activity: str = "Chauffage, climatisation et maintenance"
    siren: str = "073400194"
    address: tuple[str, ...] = ("18 rue des Ardoisiers", "49000 ANGERS")
    email: str = "comptabilite@calorenn.example"
    phone: str = "02 61 91 40 00"
    bic: str = "DEMOFRP1XXX"
    signatory: str = "Camille Renard, responsable du crédit"
    iban: str = keys.iban("99901", "00049", account="00021500471")
    second_iban: str = keys.iban("99902", "00049", account="00088230915")
    debit_iban: str = keys.iban("99901", "00049", account="00021500568")
    ics: str = "FR33ZZZ999001"


@dataclass(frozen=True, slots=True)
class Payer:
    """Another than the customer who pays for it: a parent company, a relative."""

    name: str
    iban: str


@dataclass(frozen=True, slots=True)
class Client:
    """A customer, with the truth that only the generator knows: habit, weight, other payer, and
    the part it plays in the story ("" = none). `score` None = not known."""

    code: str
    name: str
    kind: CustomerKind
    siren: str
    email: str
    phone: str
    contact: str
    role: str
    colleagues: tuple[Colleague, ...]
    street: str
    postcode: str
    town: str
    term: str
    term_days: int
    end_of_month: bool
    segment: str
    score: int | None
    part: Part
    sales_owner: str
    iban: str
    iban_known: bool
    iban_shown: bool
    habit: Habit
    reference_style: str
    contract_minor: int
    weight: float
    third_party: Payer | None

    @property
    def payer_group(self) -> str:
        """The parent company that pays for it."""
        return self.third_party.name if self.third_party and self.kind == "company" else ""

    @property
    def vat_number(self) -> str:
        return keys.vat_number(self.siren) if self.kind == "company" else ""


def clients(seed: int, count: int) -> list[Client]:
    """`count` customers: about 75 % companies, 10 % public bodies, 15 % consumers."""
    taken: set[str] = set()
    return [_client(seed, index, taken) for index in range(count)]


def _kind(index: int) -> CustomerKind:
    place = index % 20
    if place in {4, 13}:
        return "public"
    return "consumer" if place in {2, 9, 17} else "company"


def pick(rng: random.Random, weighted: Sequence[tuple[T, int]]) -> T:
    """One of (value, weight) pairs."""
    return rng.choices([v for v, _ in weighted], [w for _, w in weighted])[0]


def _free_name(rng: random.Random, kind: CustomerKind, taken: set[str]) -> str:
    while True:
        name = _NAMES[kind](rng)
        if name not in taken:
            taken.add(name)
            return name


def _company_name(rng: random.Random) -> str:
    form = pick(rng, words.LEGAL_FORMS)
    surname, other = rng.sample(words.SURNAMES, 2)
    trade = rng.choice(list(words.TRADES))
    shape = rng.random()
    if words.TRADES[trade] == "immobilier" and rng.random() < 0.5:
        form = "SCI"  # a company that owns buildings, and does no trade
        shape /= 2
    if shape < 0.38:
        return f"{trade} {surname} {form}"
    if shape < 0.55:
        return f"{trade} {rng.choice(words.PLACES)} {form}"
    if shape < 0.70:
        return f"{rng.choice(words.INVENTED)} {rng.choice(INVENTED_ENDS)} {form}"
    if shape < 0.82:
        return f"{form} {surname} et Fils"
    if shape < 0.92:
        return f"Établissements {surname} & {other}"
    return f"{surname} {rng.choice(INVENTED_ENDS)} {form}"


INVENTED_ENDS = ("Conseil", "Distribution", "Logistique", "Habitat", "Industrie", "Solutions")


def _public_name(rng: random.Random) -> str:
    shape = rng.choice(words.PUBLIC_NAMES)
    name = shape.format(
        commune=rng.choice(words.COMMUNES),
        first=rng.choice(words.FIRST_NAMES),
        surname=rng.choice(words.SURNAMES),
    )
    # French elides before a vowel: "Commune d'Esquermont".
    return re.sub(r"\bde ([AÉEIOUYH])", r"d'\1", name)


def _consumer_name(rng: random.Random) -> str:
    return f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.SURNAMES)}"


_NAMES = {"company": _company_name, "public": _public_name, "consumer": _consumer_name}


def _client(seed: int, index: int, taken: set[str]) -> Client:
    rng = keys.stream(seed, "client", index)
    kind = _kind(index)
    postcode, town = words.TOWNS[int(rng.random() ** 1.4 * len(words.TOWNS))]
    name = _free_name(rng, kind, taken)
    person = name if kind == "consumer" else _consumer_name(rng)
    term, days, end_of_month = pick(rng, TERMS[kind])
    contract = kind == "company" and rng.random() < 0.12
    drawn = Client(
        code=f"{'CPA'[('company', 'public', 'consumer').index(kind)]}{index + 1:05d}",
        name=name,
        kind=kind,
        siren=_SIRENS[kind](rng),
        email=_email(rng, kind, name, person),
        phone=keys.phone(rng, postcode) if rng.random() < 0.93 else "",
        contact=person,
        role="",
        colleagues=(),
        street=f"{rng.randint(1, 120)} {rng.choice(words.STREETS)}",
        postcode=postcode,
        town=town,
        term=term,
        term_days=days,
        end_of_month=end_of_month,
        segment="",
        score=None,
        part=profiles.part_of(index),
        sales_owner=SALES[index % len(SALES)],
        iban=keys.random_iban(rng),
        iban_known=rng.random() < 0.45,
        iban_shown=rng.random() < 0.78,
        habit=pick(rng, HABITS[kind]),
        reference_style=pick(rng, REFERENCE_STYLES),
        contract_minor=rng.choice((14_900, 24_000, 39_000, 62_500)) if contract else 0,
        weight=_weight(rng, kind),
        third_party=_third_party(rng, kind, name),
    )
    return _profiled(keys.stream(seed, "profile", index), drawn)


def _profiled(rng: random.Random, client: Client) -> Client:
    """With what its part asks of it, and what the creditor knows of it: segment, score, people."""
    client = replace(client, **profiles.FORCED.get(client.part, {}))
    segment = profiles.segment(rng, client.kind, habit=client.habit, weight=client.weight)
    names = [_consumer_name(rng) for _ in range(2)]
    reached = client.email if client.kind != "consumer" else ""
    if client.part:
        segment = client.segment or profiles.USUAL[client.kind]
    email = client.email
    if client.part in profiles.DEBITED and not email:  # nothing is collected unannounced
        email = f"compta@client-{client.code.lower()}.example"
    return replace(
        client,
        email=email,
        segment=segment,
        score=profiles.score(rng, client.habit),
        role=profiles.role(rng, client.kind),
        colleagues=profiles.colleagues(names, segment=segment, email=reached),
    )


_SIRENS: dict[CustomerKind, Callable[[random.Random], str]] = {
    "company": keys.siren, "public": keys.public_siren, "consumer": lambda _rng: "",
}  # fmt: skip
SALES = ("Inès Boulay", "Marc Ferrand", "Yann Prigent", "Sophie Delmas")


def _weight(rng: random.Random, kind: CustomerKind) -> float:
    """Relative number of invoices: a few big accounts, many small ones."""
    return rng.lognormvariate(0, 0.9) * {"company": 1.0, "public": 0.8, "consumer": 0.16}[kind]


def _third_party(rng: random.Random, kind: CustomerKind, name: str) -> Payer | None:
    if kind == "public" or rng.random() > 0.05:
        return None
    if kind == "consumer":
        other = f"{rng.choice(words.FIRST_NAMES)} {name.rsplit(maxsplit=1)[-1]}"
    else:
        other = f"{rng.choice(words.INVENTED)} Holding"
    return Payer(other, keys.random_iban(rng))


def _email(rng: random.Random, kind: CustomerKind, name: str, person: str) -> str:
    """An address under .example (RFC 2606); some customers have none on file."""
    if rng.random() < (0.12 if kind == "consumer" else 0.06):
        return ""
    local = ".".join(plain(person).lower().split())
    if kind == "consumer":
        return f"{local}@courriel.example"
    domain = "-".join(plain(name).lower().split())[:40].strip("-")
    box = local if rng.random() < 0.3 else rng.choice(("compta", "comptabilite", "fournisseurs"))
    return f"{box}@{domain}.example"


def plain(text: str) -> str:
    """Without accents and punctuation, as banks write: letters, digits and single spaces."""
    text = text.replace("œ", "oe").replace("Œ", "OE").replace("&", " ET ")
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^A-Za-z0-9]+", " ", ascii_text).split())
