"""The lines of the fictional creditor's two accounts, with the truth of what each line is."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from amiable.core.workdays import is_workday, next_workday
from amiable.interfaces.cli.demo import keys, online
from amiable.interfaces.cli.demo.people import Client, plain
from amiable.interfaces.cli.demo.remittance import Remittance, bank_name, mistypings, remittance
from amiable.interfaces.cli.demo.story import Bill, Books, Payment

OPENING_MINOR = 24_871_836
SECOND_OPENING_MINOR = 1_864_210
CFONB_DAYS = 30  # the second bank sends CFONB120 for the month before the run

# ISO 20022 family and sub-family, and interbank code of the CFONB, by nature of a movement.
CODES = {
    "transfer": ("RCDT", "ESCT", "05"), "instant": ("RRCT", "ESCT", "C2"),
    "debit": ("IDDT", "ESDD", "A1"), "debit_return": ("IDDT", "UPDD", "B3"),
    "cheque": ("RCHQ", "CCHQ", "02"), "card": ("MCRD", "POSP", "30"),
    "sent": ("ICDT", "ESCT", "18"), "taken": ("RDDT", "ESDD", "08"),
    "fees": ("MDOP", "CHRG", "62"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One movement as the bank books it. `code` and `parts` are the truth, "" and () = no debtor.

    `parts` = ((invoice, cents of this movement that pay it), ...), credit notes left out;
    `netted` = ((credit note, invoice, cents), ...) that the payer took off.
    `repeats` = what the customer paid a second time: of the two lines, one stays on account.
    """

    reference: str
    on: date
    amount_minor: int
    nature: str
    label: str
    account: int = 1
    name: str = ""
    iban: str = ""
    remit: Remittance = field(default_factory=lambda: Remittance(""))
    mandate: str = ""
    return_reason: str = ""
    code: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    netted: tuple[tuple[str, str, int], ...] = ()
    repeats: tuple[str, ...] = ()


def lines(story: Books) -> list[Line]:
    """Every line from the first day of statements to the end of the story, in booking order."""
    by_number = {bill.number: bill for bill in story.bills}
    drawn = []
    told = (p for p in story.payments if p.on >= story.bank_begins and p.kind != online.KIND)
    for index, payment in enumerate(told):
        rng = keys.stream(story.seed, "line", payment.on, payment.code, payment.parts)
        drawn.append(_received(rng, story, payment, by_number, index))
    drawn += list(_other_lines(story))
    drawn += [_paid_out(story, payout) for payout in story.payouts]
    drawn.sort(key=lambda line: (line.on, line.account, line.reference))
    return drawn


def opening(account: int) -> int:
    """Balance of an account before its first line, in cents."""
    return OPENING_MINOR if account == 1 else SECOND_OPENING_MINOR


def _received(
    rng: random.Random, story: Books, payment: Payment, bills: dict[str, Bill], index: int
) -> Line:
    named = [bills[number] for number, _ in payment.parts]
    client = _writing(story.clients[payment.code], named, bills)
    nature = payment.kind if payment.kind in CODES else "transfer"
    if nature == "transfer" and rng.random() < 0.12:
        nature = "instant"
    fields = _FIELDS.get(nature, _transfer_fields)(rng, client, payment, named)
    return Line(
        reference=_reference(payment, rng),
        on=payment.on,
        amount_minor=payment.amount_minor,
        nature=nature,
        account=_account(story, payment, index),
        code=payment.code,
        parts=_cash_parts(payment, bills),
        netted=tuple(
            (number, bills[number].corrects, -amount)
            for number, amount in payment.parts
            if bills[number].kind == "credit_note"
        ),
        repeats=payment.repeats,
        **fields,
    )


def _writing(client: Client, named: list[Bill], bills: dict[str, Bill]) -> Client:
    """The payer as it writes this time: no typing error that names another bill of its own, for
    then nobody could tell what it pays."""
    if client.reference_style != "transposed":
        return client
    known = (bills.get(typed) for bill in named for typed in mistypings(bill.number))
    others = {each.number for each in known if each and each.code == client.code}
    if others <= {bill.number for bill in named}:
        return client
    return replace(client, reference_style="exact")


def _reference(payment: Payment, rng: random.Random) -> str:
    return f"{payment.on:%y%m%d}{rng.randint(10**6, 10**7 - 1)}"


def _account(story: Books, payment: Payment, index: int) -> int:
    """Cheques and one transfer in twelve reach the second bank in the month before the run."""
    days = (story.run_begins - payment.on).days
    if not 0 < days <= CFONB_DAYS:
        return 1
    return 2 if payment.kind == "cheque" or (payment.kind == "transfer" and index % 12 == 0) else 1


def _cash_parts(payment: Payment, bills: dict[str, Bill]) -> tuple[tuple[str, int], ...]:
    """What the money itself pays, once credit notes have paid their share of the bill corrected."""
    cash = dict(payment.parts)
    for number, amount in payment.parts:
        if bills[number].kind == "credit_note":
            cash[bills[number].corrects] += amount
            del cash[number]
    return tuple(cash.items())


def _transfer_fields(
    rng: random.Random, client: Client, payment: Payment, bills: list[Bill]
) -> dict[str, Any]:
    other = client.third_party if payment.kind == "third_party" else None
    name = bank_name(rng, other.name if other else client.name)
    iban = other.iban if other else client.iban
    remit = remittance(rng, client, bills=bills)
    lead = rng.choice(("VIR SEPA RECU", "VIR SEPA RECU", "VIREMENT RECU", "VIR RECU"))
    motive = remit.text or remit.structured
    label = f"{lead} /DE {name} /MOTIF {motive} /REF {remit.end_to_end}"
    return {
        "label": label, "name": name, "iban": iban if client.iban_shown or other else "",
        "remit": remit,
    }  # fmt: skip


def _debit_fields(
    _rng: random.Random, client: Client, payment: Payment, bills: list[Bill]
) -> dict[str, Any]:
    """A direct debit that we issued: our own EndToEndId and the mandate come back with it."""
    number = bills[0].number
    name = plain(client.name).upper()[:70]
    returned = payment.kind == "debit_return"
    lead = "PRLV SEPA IMPAYE" if returned else "REMISE PRLV SEPA"
    return {
        "label": f"{lead} {name} {number}", "name": name, "iban": client.iban,
        "remit": Remittance(number, "", number), "mandate": f"RUM-{client.code}",
        "return_reason": payment.reason,
    }  # fmt: skip


def _cheque_fields(
    rng: random.Random, _client: Client, _payment: Payment, _bills: list[Bill]
) -> dict[str, Any]:
    return {"label": f"REMISE CHEQUE {rng.randint(10**6, 10**7 - 1)} NB 1"}


_FIELDS = {"debit": _debit_fields, "debit_return": _debit_fields, "cheque": _cheque_fields}


# What the creditor pays and receives outside its customers:
# (day of the month, nature, name, motive, cents lowest, cents highest; negative = money out).
MONTHLY = (
    (1, "taken", "SCI DES ARDOISIERS", "LOYER", -920_000, -920_000),
    (3, "fees", "", "COTISATION CARTES ET COMMISSIONS", -18_940, -9_120),
    (5, "taken", "URSSAF PAYS DE LA LOIRE", "COTISATIONS", -6_450_000, -5_870_000),
    (10, "taken", "LOCAUTO FLOTTE", "LOCATION VEHICULES", -742_000, -742_000),
    (16, "taken", "ENERGIE DU VAL", "ELECTRICITE GAZ", -214_000, -139_000),
    (20, "taken", "DGFIP", "TVA", -5_900_000, -4_100_000),
    (28, "sent", "CALORENN SALAIRES", "SALAIRES", -12_400_000, -11_650_000),
)  # fmt: skip
SUPPLIERS = (
    "ROBINETTERIE DU LAYON",
    "TUBACIER",
    "FROID ATLANTIQUE",
    "BRULEURS MODERNES",
    "OUTILOC",
)


def _other_lines(story: Books) -> list[Line]:
    found = []
    day = story.bank_begins
    while day <= story.ends:
        rng = keys.stream(story.seed, "house", day)
        for due, nature, name, motive, low, high in MONTHLY:
            if next_workday(day.replace(day=due)) == day:
                found.append(_other(rng, day, nature, name, motive, amount=rng.randint(low, high)))
        if is_workday(day):
            found += _daily(rng, day)
        day += timedelta(days=1)
    return found


def _daily(rng: random.Random, day: date) -> list[Line]:
    """Suppliers paid, card receipts of the counter, now and then an insurer or the tax office."""
    found = []
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        amount = -int(rng.lognormvariate(14.0, 0.6))
        number = f"FC{rng.randint(1000, 99_999)}"
        found.append(_other(rng, day, "sent", rng.choice(SUPPLIERS), number, amount=amount))
    if rng.random() < 0.4:
        motive = f"REMISE CB {rng.randint(10**6, 10**7)} DU {day - timedelta(days=1):%d%m%y}"
        found.append(_other(rng, day, "card", "", motive, amount=rng.randint(8_900, 96_000)))
    if rng.random() < 0.02:
        name = rng.choice(("MUTUELLE DU BATIMENT", "DGFIP REMBOURSEMENT", "ASSUR LOIRE"))
        amount = rng.randint(20_000, 380_000)
        found.append(_other(rng, day, "transfer", name, "REMBOURSEMENT DOSSIER", amount=amount))
    return found


def _other(
    rng: random.Random, day: date, nature: str, name: str, motive: str, *, amount: int
) -> Line:
    lead = {"sent": "VIR SEPA EMIS /VERS", "taken": "PRLV SEPA", "transfer": "VIR SEPA RECU /DE"}
    label = " ".join(filter(None, (lead.get(nature, ""), name, motive)))
    return Line(
        reference=f"{day:%y%m%d}{rng.randint(10**6, 10**7 - 1)}",
        on=day,
        amount_minor=amount,
        nature=nature,
        label=label,
        name=name if nature == "transfer" else "",
        remit=Remittance(motive),
    )


def _paid_out(story: Books, payout: online.Payout) -> Line:
    rng = keys.stream(story.seed, "payout", payout.name)
    name, motive = "STRIPE PAYMENTS EUROPE", f"STRIPE {payout.name.upper()}"
    return _other(rng, payout.on, "transfer", name, motive, amount=payout.net_minor)


def by_day(rows: list[Line], account: int) -> dict[date, list[Line]]:
    """Lines of one account by booking day."""
    days: dict[date, list[Line]] = defaultdict(list)
    for line in rows:
        if line.account == account:
            days[line.on].append(line)
    return dict(days)
