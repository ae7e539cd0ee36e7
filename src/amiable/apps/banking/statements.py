"""Statements in: each movement is kept once, real twins apart, balances checked to the cent."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.models import BankAccount, Statement, StatementLine
from amiable.apps.tenants.models import Creditor
from amiable.core.records import StatementEntry, StatementRecord
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "bank.unknown_account": gettext_noop(
            "the account {account} belongs to no creditor here: enter it at the creditor first"
        ),
        "bank.information_only": gettext_noop(
            "this is an interim report or a notification: its movements come again in the "
            "statement of the day, which is what to import"
        ),
    }
)

CHUNK = 5000
_FRENCH = re.compile(r"FR\d{2}(\d{10}[0-9A-Z]{11})\d{2}")
_RIB = re.compile(r"(\d{10}[0-9A-Z]{11})(?:\d{2})?")
# Fields of StatementEntry that have a column of their own.
_COLUMNS = frozenset({"line", "booked_on", "value_on", "amount_minor", "currency", "label"})


class StatementError(ValueError):
    """A statement that cannot be taken in; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(slots=True)
class _Counts:
    statements: int = 0
    known: int = 0
    lines: int = 0
    duplicates: int = 0
    unbalanced: int = 0
    gaps: int = 0
    informative: int = 0
    accounts: dict[str, int] = field(default_factory=dict)

    def plain(self) -> dict[str, int]:
        numbers = {key: value for key, value in asdict(self).items() if key != "accounts"}
        return {**numbers, "accounts": len(self.accounts)}


def account_key(identifier: str) -> str:
    """What two writings of an account have in common: bank, branch and account in France.

    An IBAN, a RIB (23) and the 21 signs of a CFONB file of one account give the same key.
    """
    compact = re.sub(r"[^0-9A-Z]", "", identifier.upper())
    found = _FRENCH.fullmatch(compact) or _RIB.fullmatch(compact)
    return found.group(1) if found else compact


@transaction.atomic
def statement_import(
    organization_id: int,
    statements: Sequence[StatementRecord],
    *,
    source: str,
    on: date,
    actor: str,
) -> dict[str, int]:
    """Take statements in; the same or an overlapping one again adds only what is new.

    Counts: statements (new), known (seen before), lines (new), duplicates (lines known before),
    unbalanced (opening + movements != closing), gaps (opening != the closing before it),
    informative (interim reports and notifications beside statements: left out, since the
    statement repeats them), accounts (touched). Raises StatementError when an account belongs to
    no creditor, or when there is nothing but information.
    """
    booked = [record for record in statements if record.kind == "statement"]
    if statements and not booked:
        raise StatementError(Sentence("bank.information_only"))
    accounts = _accounts(organization_id, booked)
    counts = _Counts(informative=len(statements) - len(booked))
    for record in sorted(booked, key=lambda r: (r.account, r.opening_on or date.min)):
        account = accounts[account_key(record.account), record.currency]
        _take(organization_id, record, account, counts, source=source)
    if counts.statements:
        payload = {"source": source, **counts.plain()}
        event_record(
            organization_id,
            Happening(kind="statement.imported", on_date=on, actor=actor, payload=payload),
        )
    return counts.plain()


def _take(
    organization_id: int,
    record: StatementRecord,
    account: BankAccount,
    counts: _Counts,
    *,
    source: str,
) -> None:
    counts.accounts[account.identifier] = counts.accounts.get(account.identifier, 0) + 1
    prints = fingerprints(account_key(record.account), record.entries)
    balances = [record.opening_minor, record.closing_minor]
    days = [str(record.opening_on), str(record.closing_on)]
    whole = _digest([account.id, record.reference, *balances, *days, *prints])
    known = _known(organization_id, prints)
    counts.duplicates += len(known)
    if Statement.objects.filter(organization_id=organization_id, fingerprint=whole).exists():
        counts.known += 1
        return
    difference = record.difference_minor
    follows = _follows(account, record)
    counts.statements += 1
    counts.unbalanced += bool(difference)
    counts.gaps += follows is False
    statement = Statement.objects.create(
        organization_id=organization_id,
        account=account,
        reference=record.reference[:60],
        opening_minor=record.opening_minor,
        closing_minor=record.closing_minor,
        opening_on=record.opening_on,
        closing_on=record.closing_on or max((e.booked_on for e in record.entries), default=None),
        difference_minor=difference,
        movements=len(record.entries),
        follows=follows,
        fingerprint=whole,
        source=source[:200],
    )
    fresh = [
        _line(statement, entry, mark)
        for entry, mark in zip(record.entries, prints, strict=True)
        if mark not in known
    ]
    StatementLine.objects.bulk_create(fresh, batch_size=1000)
    counts.lines += len(fresh)


def fingerprints(account: str, entries: Sequence[StatementEntry]) -> list[str]:
    """One per movement: what the bank says of it, and which of its twins of the day it is.

    Two real payments of the same day, amount and text differ by their rank; the same day read
    again in another statement gives the same ranks.
    """
    ranks: Counter[tuple[Any, ...]] = Counter()
    prints = []
    for entry in entries:
        said = (
            account,
            entry.booked_on.isoformat(),
            entry.amount_minor,
            entry.currency,
            entry.label,
            entry.bank_reference,
            entry.end_to_end_id,
            entry.structured_reference,
            entry.payer_name,
        )
        prints.append(_digest([*said, ranks[said]]))
        ranks[said] += 1
    return prints


def _digest(values: list[Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _known(organization_id: int, prints: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(prints), CHUNK):
        rows = StatementLine.objects.filter(
            organization_id=organization_id, fingerprint__in=prints[start : start + CHUNK]
        )
        known |= set(rows.values_list("fingerprint", flat=True))
    return known


def _follows(account: BankAccount, record: StatementRecord) -> bool | None:
    """Whether the opening balance is the closing balance of the statement before."""
    if record.opening_minor is None or record.opening_on is None:
        return None
    before = account.statements.filter(closing_on__lte=record.opening_on)
    if record.closing_on:
        before = before.exclude(opening_on=record.opening_on, closing_on=record.closing_on)
    last = before.exclude(closing_minor=None).order_by("-closing_on", "-id").first()
    return None if last is None else last.closing_minor == record.opening_minor


def _line(statement: Statement, entry: StatementEntry, mark: str) -> StatementLine:
    record = {k: v for k, v in asdict(entry).items() if k not in _COLUMNS and v not in {"", False}}
    return StatementLine(
        organization_id=statement.organization_id,
        statement=statement,
        fingerprint=mark,
        booked_on=entry.booked_on,
        value_on=entry.value_on,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        label=entry.label,
        record=record,
    )


def _accounts(
    organization_id: int, statements: Collection[StatementRecord]
) -> dict[tuple[str, str], BankAccount]:
    """The account of each statement by (key, currency); made for its creditor when new."""
    rows = BankAccount.objects.filter(organization_id=organization_id)
    found = {(account_key(row.identifier), row.currency): row for row in rows}
    creditors = list(Creditor.objects.filter(organization_id=organization_id).order_by("id"))
    owners = {account_key(c.iban): c for c in creditors if c.iban}
    owners |= {key: row.creditor for (key, _), row in found.items()}
    for record in statements:
        key = account_key(record.account)
        if (key, record.currency) in found:
            continue
        owner = owners.get(key) or (creditors[0] if len(creditors) == 1 else None)
        if owner is None:
            raise StatementError(Sentence("bank.unknown_account", {"account": record.account}))
        found[key, record.currency] = BankAccount.objects.create(
            organization_id=organization_id,
            creditor=owner,
            identifier=record.account,
            currency=record.currency,
        )
    return found
