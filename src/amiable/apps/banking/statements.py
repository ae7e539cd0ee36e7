"""Statements in: each movement is kept once, real twins apart, balances checked to the cent."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import islice

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.identity import CHUNK, digest, fingerprints, known_prints, recognize
from amiable.apps.banking.models import BankAccount, Statement, StatementLine
from amiable.apps.tenants.models import Creditor
from amiable.core.money import Money
from amiable.core.records import RowError, StatementEntry, StatementRecord
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "bank.unknown_account": gettext_noop(
            "the account {account} belongs to no creditor here: enter it at the creditor first"
        ),
        "bank.no_account": gettext_noop(
            "the file does not say which account it is of: name the account with --account"
        ),
        "bank.no_money": gettext_noop("the movement is of zero: it only informs"),
        "bank.unbalanced": gettext_noop(
            "the statement of {account} from {day} does not add up: opening and movements differ "
            "from the closing balance by {amount}"
        ),
        "bank.gap": gettext_noop(
            "the statement of {account} from {day} opens with {amount}, which is not the closing "
            "balance of the one before: a statement is missing between them"
        ),
        "bank.information_only": gettext_noop(
            "this is an interim report or a notification: its movements come again in the "
            "statement of the day, which is what to import"
        ),
    }
)

_FRENCH = re.compile(r"FR\d{2}(\d{10}[0-9A-Z]{11})\d{2}")
_RIB = re.compile(r"(\d{10}[0-9A-Z]{11})(?:\d{2})?")
# Fields of StatementEntry that have a column of their own.
_COLUMNS = frozenset({"line", "booked_on", "value_on", "amount_minor", "currency", "label"})
_RECORDED = tuple(each.name for each in fields(StatementEntry) if each.name not in _COLUMNS)


class StatementError(ValueError):
    """A statement that cannot be taken in; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(slots=True)
class _Import:
    """An import under way: where from, what it counts, and what it has to tell."""

    organization_id: int
    source: str
    statements: int = 0
    known: int = 0
    lines: int = 0
    duplicates: int = 0
    recognized: int = 0
    overlapping: int = 0
    unbalanced: int = 0
    gaps: int = 0
    informative: int = 0
    accounts: set[int] = field(default_factory=set)
    notes: list[RowError] = field(default_factory=list)

    def plain(self) -> dict[str, int]:
        names = (
            "statements", "known", "lines", "duplicates", "recognized", "overlapping",
            "unbalanced", "gaps", "informative",
        )  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, "accounts": len(self.accounts)}

    def note(self, code: str, record: StatementRecord, *, amount_minor: int) -> None:
        told = {
            "account": record.account,
            "day": record.opening_on or record.closing_on or date.min,
            "amount": Money(amount_minor, record.currency),
        }
        self.notes.append(RowError(0, "", code, told))


def account_key(identifier: str) -> str:
    """What two writings of an account have in common: bank, branch and account in France.

    An IBAN, a RIB (23) and the 21 signs of a CFONB file of one account give the same key.
    """
    compact = re.sub(r"[^0-9A-Z]", "", identifier.upper())
    # MT940 puts a bank code or a currency beside the account: BNPAFRPP/FR76…/EUR.
    for text in (compact, *identifier.upper().replace(" ", "").split("/")):
        if found := _FRENCH.fullmatch(text) or _RIB.fullmatch(text):
            return found.group(1)
    return compact


@transaction.atomic
def statement_import(
    organization_id: int,
    statements: Sequence[StatementRecord],
    *,
    source: str,
    on: date,
    actor: str,
    account: str = "",
    notes: list[RowError] | None = None,
) -> dict[str, int]:
    """Take statements in; the same or an overlapping one again adds only what is new.

    Counts: statements (new), known (seen before), lines (new), duplicates (lines known before),
    recognized (those of them known from another format), overlapping (new lines of days that
    another format has told: to be looked at), unbalanced (opening + movements != closing),
    gaps (opening != the closing before it), informative (interim reports and notifications beside
    statements: left out, since the statement repeats them), accounts (touched).
    `account` is that of files which name none. `notes` gets a sentence for each gap and difference.
    Raises StatementError when an account belongs to no creditor, when none is named and several are
    possible, or when there is nothing but information.
    """
    booked = [record for record in statements if record.kind == "statement"]
    if statements and not booked:
        raise StatementError(Sentence("bank.information_only"))
    booked = _named(organization_id, booked, account)
    accounts = _accounts(organization_id, booked)
    run = _Import(organization_id, source, informative=len(statements) - len(booked))
    for record in sorted(booked, key=lambda r: (r.account, r.opening_on or date.min)):
        _take(run, record, accounts[account_key(record.account), record.currency])
    if notes is not None:
        notes += run.notes
    if run.statements:
        payload = {"source": source, **run.plain()}
        event_record(
            organization_id,
            Happening(kind="statement.imported", on_date=on, actor=actor, payload=payload),
        )
    return run.plain()


def _take(run: _Import, record: StatementRecord, account: BankAccount) -> None:
    run.accounts.add(account.id)
    prints = fingerprints(account_key(record.account), record.entries)
    balances = [record.opening_minor, record.closing_minor]
    days = [str(record.opening_on), str(record.closing_on)]
    whole = digest([account.id, record.reference, *balances, *days, *prints])
    scope = Statement.objects.filter(organization_id=run.organization_id)
    if scope.filter(fingerprint=whole).exists():
        run.known += 1
        run.duplicates += len(prints)
        return
    known = known_prints(run.organization_id, prints)
    found = recognize(account, record, prints=prints, known=known)
    run.statements += 1
    run.duplicates += len(known) + len(found.places)
    run.recognized += len(found.places)
    run.overlapping += found.overlapping
    statement = _statement(run, record, account, whole, len(prints))
    fresh = (
        _line(statement, entry, mark)
        for place, (entry, mark) in enumerate(zip(record.entries, prints, strict=True))
        if mark not in known and place not in found.places
    )
    while batch := list(islice(fresh, CHUNK)):
        StatementLine.objects.bulk_create(batch, batch_size=1000)
        run.lines += len(batch)


def _statement(
    run: _Import, record: StatementRecord, account: BankAccount, whole: str, movements: int
) -> Statement:
    """Store a statement with its checks, and heal the gap that it may fill."""
    difference = record.difference_minor
    closing_on = record.closing_on or max((e.booked_on for e in record.entries), default=None)
    statement = Statement(
        organization_id=run.organization_id,
        account=account,
        reference=record.reference[:60],
        format=record.format,
        opening_minor=record.opening_minor,
        closing_minor=record.closing_minor,
        opening_on=record.opening_on,
        closing_on=closing_on,
        difference_minor=difference,
        movements=movements,
        fingerprint=whole,
        source=run.source[:200],
    )
    statement.follows = _follows(statement)
    statement.save()
    if difference:
        run.unbalanced += 1
        run.note("bank.unbalanced", record, amount_minor=difference)
    if statement.follows is False:
        run.gaps += 1
        run.note("bank.gap", record, amount_minor=record.opening_minor or 0)
    if closing_on:
        after = account.statements.filter(follows=False, opening_on__gte=closing_on)
        for later in after.exclude(id=statement.id).order_by("opening_on", "id")[:1]:
            later.follows = _follows(later)
            later.save(update_fields=["follows"])
    return statement


def _follows(statement: Statement) -> bool | None:
    """Whether its opening is the closing before it: of an earlier page of the day, or of before.

    None when there is nothing to compare.
    """
    if statement.opening_minor is None or statement.opening_on is None:
        return None
    others = statement.account.statements.exclude(closing_minor=None).exclude(id=statement.id)
    others = others.filter(closing_on__lte=statement.opening_on)
    if others.filter(
        closing_on=statement.opening_on, closing_minor=statement.opening_minor
    ).exists():
        return True
    if statement.closing_on:
        others = others.exclude(opening_on=statement.opening_on, closing_on=statement.closing_on)
    last = others.order_by("-closing_on", "-id").first()
    return None if last is None else last.closing_minor == statement.opening_minor


def _line(statement: Statement, entry: StatementEntry, mark: str) -> StatementLine:
    values = {name: getattr(entry, name) for name in _RECORDED}
    line = StatementLine(
        organization_id=statement.organization_id,
        statement=statement,
        fingerprint=mark,
        booked_on=entry.booked_on,
        value_on=entry.value_on,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        label=entry.label,
        record={name: value for name, value in values.items() if value},
    )
    if not entry.amount_minor:
        line.state = StatementLine.State.IGNORED
        line.evidence = [Sentence("bank.no_money").to_json()]
    return line


def _named(
    organization_id: int, statements: Sequence[StatementRecord], account: str
) -> list[StatementRecord]:
    """Statements whose file names no account get `account`, or the only one there is."""
    if all(record.account for record in statements):
        return list(statements)
    if not account:
        rows = BankAccount.objects.filter(organization_id=organization_id)
        known = {account_key(row.identifier): row.identifier for row in rows}
        for creditor in Creditor.objects.filter(organization_id=organization_id):
            if creditor.iban:
                known.setdefault(account_key(creditor.iban), creditor.iban)
        if len(known) != 1:
            raise StatementError(Sentence("bank.no_account"))
        (account,) = known.values()
    return [record if record.account else replace(record, account=account) for record in statements]


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
        found[key, record.currency], _ = BankAccount.objects.get_or_create(
            organization_id=organization_id,
            identifier=record.account,
            currency=record.currency,
            defaults={"creditor": owner},
        )
    # One import of an account at a time: the second one then sees what the first one took.
    ids = sorted({row.id for row in found.values()})
    list(rows.filter(id__in=ids).order_by("id").select_for_update(no_key=True))
    return found
