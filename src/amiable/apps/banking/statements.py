"""Statements in: each movement is kept once, real twins apart, balances checked to the cent."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.banking.batches import batches_keep, batches_link
from amiable.apps.banking.identity import Prints, digest, fingerprints, known_places
from amiable.apps.banking.lines import lines_store
from amiable.apps.banking.models import BankAccount, Statement, StatementLine
from amiable.apps.banking.recognition import recognize
from amiable.apps.payments.virtual_ibans.standing import is_virtual
from amiable.apps.tenants.models import Creditor
from amiable.core.money import Money
from amiable.core.records import RowError, StatementEntry, StatementRecord
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "bank.unknown_account": gettext_noop(
            "the account {account} belongs to no creditor here: enter it at the creditor first"
        ),
        "bank.virtual_account": gettext_noop(
            "the account {account} is a virtual IBAN: its money is on the account behind it, whose "
            "statement is what to import"
        ),
        "bank.account_taken": gettext_noop(
            "the file does not say which account it is of: it was taken as {account}, the only one"
        ),
        "bank.account_new": gettext_noop(
            "the account {account} was not known here: it is now one of {creditor}: check it"
        ),
        "bank.no_account": gettext_noop(
            "the file does not say which account it is of, and there are several: choose one "
            "(--account on the command line)"
        ),
        "bank.unbalanced": gettext_noop(
            "the statement of {account} from {day} does not add up: opening and movements differ "
            "from the closing balance by {amount}"
        ),
        "bank.gap": gettext_noop(
            "the statement of {account} from {day} opens with {amount}, which is not the closing "
            "balance of the one before: a statement is missing between them"
        ),
        "bank.overlap": gettext_noop(
            "the statement of {account} from {day} overlaps the one of {before}: movements of "
            "{since} to {until} that were there already ({count}) were not entered again"
        ),
        "bank.far_ahead": gettext_noop(
            "line {line}: the movement is booked on {day}, more than a year ahead: the date is "
            "wrong, download the file again or ask the bank for a correct one"
        ),
        "bank.information_only": gettext_noop(
            "this is an interim report or a notification: its movements come again in the "
            "statement of the day, which is what to import"
        ),
    }
)

_FRENCH = re.compile(r"FR\d{2}(\d{10}[0-9A-Z]{11})\d{2}")
_RIB = re.compile(r"(\d{10}[0-9A-Z]{11})(?:\d{2})?")
Progress = Callable[[int, int], None]


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
    on: date
    progress: Progress | None = None
    movements: int = 0
    done: int = 0
    statements: int = 0
    known: int = 0
    lines: int = 0
    duplicates: int = 0
    recognized: int = 0
    overlapping: int = 0
    unbalanced: int = 0
    gaps: int = 0
    informative: int = 0
    batches: int = 0
    split: int = 0
    parts: int = 0
    proposed: int = 0
    accounts: dict[int, BankAccount] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)
    notes: list[RowError] = field(default_factory=list)

    def plain(self) -> dict[str, int]:
        names = (
            "statements", "known", "lines", "duplicates", "recognized", "overlapping",
            "unbalanced", "gaps", "informative", "batches", "split", "parts", "proposed",
        )  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, "accounts": len(self.accounts)}

    def told(self, more: int) -> None:
        """Say how many movements of the file are entered, `more` of the statement at hand."""
        if self.progress:
            self.progress(self.done + more, self.movements)

    def note(self, code: str, record: StatementRecord, **more: Param) -> None:
        day = record.opening_on or record.closing_on or date.min
        told: dict[str, Param] = {"account": record.account, "day": day, **more}
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
    progress: Progress | None = None,
) -> dict[str, int]:
    """Take statements in; the same or an overlapping one again adds only what is new.

    Counts: statements (new), known (seen before), lines (new), duplicates (lines known before),
    recognized (those of them known from another format), overlapping (new lines of days that
    another format has told: to be looked at), unbalanced (opening + movements != closing),
    gaps (opening != the closing before it), informative (interim reports and notifications without
    details of a batch: left out, since the statement repeats them), batches (new ones whose details
    are kept), split (bulk lines that have got theirs) into parts, proposed (those that a person has
    to look at first), accounts (touched).
    `account` is that of files which name none. `notes` gets a sentence for each gap, difference and
    batch that stays whole. `progress` hears how many movements are entered, and of how many.
    Raises StatementError when an account belongs to no creditor, when none is named and several are
    possible, when a movement is booked over a year ahead, or when there is only information.
    """
    wanted = [record for record in statements if record.kind == "statement" or _has_batches(record)]
    if statements and not wanted:
        raise StatementError(Sentence("bank.information_only"))
    run = _Import(organization_id, source, on, progress, informative=len(statements) - len(wanted))
    wanted = _named(run, wanted, account)
    accounts = _accounts(run, wanted)
    run.movements = sum(len(record.entries) for record in wanted)
    for record in sorted(wanted, key=lambda r: (r.account, r.opening_on or date.min)):
        _take(run, record, accounts[account_key(record.account), record.currency])
        run.done += len(record.entries)
    if run.days:
        _link(run)
    if notes is not None:
        notes += run.notes
    if run.statements or run.batches:
        payload = {"source": source, **run.plain()}
        event_record(
            organization_id,
            Happening(kind="statement.imported", on_date=on, actor=actor, payload=payload),
        )
    return run.plain()


def _has_batches(record: StatementRecord) -> bool:
    """Whether a notification tells the details of a batch that is booked."""
    if record.kind != "notification":
        return False
    return any(entry.batch_parts and not entry.status for entry in record.entries)


def _link(run: _Import) -> None:
    accounts, days = run.accounts.values(), (min(run.days), max(run.days))
    counts, notes = batches_link(run.organization_id, accounts, days=days, on=run.on)
    run.split, run.parts, run.proposed = counts["split"], counts["parts"], counts["proposed"]
    run.notes += notes


def _take(run: _Import, record: StatementRecord, account: BankAccount) -> None:
    run.accounts[account.pk] = account
    key = account_key(record.account)
    if record.kind == "notification":
        _keep_batches(run, record, account, key)
        return
    prints = fingerprints(key, record.entries)
    balances = [record.opening_minor, record.closing_minor]
    days = [str(record.opening_on), str(record.closing_on)]
    whole = digest([account.id, record.reference, *balances, *days], prints)
    scope = Statement.objects.filter(organization_id=run.organization_id)
    if scope.filter(fingerprint=whole).exists():
        run.known += 1
        run.duplicates += len(prints)
        return
    _store(run, record, _statement(run, record, account, whole), prints)


def _keep_batches(run: _Import, record: StatementRecord, account: BankAccount, key: str) -> None:
    """The details that a notification tells, under a statement without balances."""
    told_in = Statement(
        organization_id=run.organization_id,
        account=account,
        reference=record.reference[:60],
        format=record.format,
        kind="notification",
        movements=len(record.entries),
        fingerprint=digest(
            ["told", account.id, record.reference], fingerprints(key, record.entries)
        ),
        source=run.source[:200],
    )
    same = Statement.objects.filter(organization_id=run.organization_id)
    if same.filter(fingerprint=told_in.fingerprint).exists():
        run.known += 1
        return
    told_in.save()
    run.batches += batches_keep(told_in, record, key=key)
    run.days |= {entry.booked_on for entry in record.entries if entry.batch_parts}


def _store(run: _Import, record: StatementRecord, statement: Statement, prints: Prints) -> None:
    """Store the movements that are new; the parts of a batch that is stored whole wait for it."""
    known = known_places(run.organization_id, prints)
    found = recognize(statement.account, record, prints=prints, known=known)
    run.statements += 1
    run.recognized += len(found.places)
    run.overlapping += found.overlapping
    if any(known):
        _tell_overlap(run, record, statement, prints, known)
    fresh = (
        (_plausible(run, entry), mark, None)
        for place, (entry, mark) in enumerate(zip(record.entries, prints, strict=True))
        if not known[place] and place not in found.places
    )
    new = lines_store(statement, fresh, told=run.told)
    run.lines += new
    run.duplicates += len(prints) - new
    if found.retold:
        key = account_key(record.account)
        run.batches += batches_keep(statement, record, key=key, groups=found.retold)
    run.days |= {day for day in (statement.opening_on, statement.closing_on) if day}


def _plausible(run: _Import, entry: StatementEntry) -> StatementEntry:
    """The movement, unless no bank can have booked it yet: it would sort before all others."""
    if entry.booked_on > run.on + timedelta(days=366):
        told: dict[str, Param] = {"line": entry.line, "day": entry.booked_on}
        raise StatementError(Sentence("bank.far_ahead", told))
    return entry


def _tell_overlap(
    run: _Import, record: StatementRecord, statement: Statement, prints: Prints, known: bytearray
) -> None:
    """Note which movements were there already, of which days, from which statement."""
    places = [place for place, is_known in enumerate(known) if is_known]
    days = [record.entries[place].booked_on for place in places]
    rows = StatementLine.objects.filter(organization_id=run.organization_id)
    first = rows.select_related("statement").get(fingerprint=prints[places[0]])
    before = first.statement.closing_on or first.booked_on
    statement.known = len(places)
    statement.overlaps_from, statement.overlaps_until = min(days), max(days)
    statement.save(update_fields=["known", "overlaps_from", "overlaps_until"])
    since, until = statement.overlaps_from, statement.overlaps_until
    run.note("bank.overlap", record, before=before, since=since, until=until, count=len(places))


def _statement(
    run: _Import, record: StatementRecord, account: BankAccount, whole: str
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
        movements=len(record.entries),
        fingerprint=whole,
        source=run.source[:200],
    )
    statement.follows = _follows(statement)
    statement.save()
    if difference:
        run.unbalanced += 1
        run.note("bank.unbalanced", record, amount=Money(difference, record.currency))
    if statement.follows is False:
        run.gaps += 1
        opening = Money(record.opening_minor or 0, record.currency)
        run.note("bank.gap", record, amount=opening)
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


def accounts_known(organization_id: int) -> dict[str, tuple[str, str]]:
    """Accounts that a statement may be of, by key: (identifier, name of the creditor)."""
    rows = BankAccount.objects.filter(organization_id=organization_id).select_related("creditor")
    known = {account_key(row.identifier): (row.identifier, row.creditor.name) for row in rows}
    for creditor in Creditor.objects.filter(organization_id=organization_id).order_by("id"):
        if creditor.iban:
            known.setdefault(account_key(creditor.iban), (creditor.iban, creditor.name))
    return known


def _named(
    run: _Import, statements: Sequence[StatementRecord], account: str
) -> list[StatementRecord]:
    """Statements whose file names no account get `account`, or the only one there is."""
    if all(record.account for record in statements):
        return list(statements)
    if not account:
        known = accounts_known(run.organization_id)
        if len(known) != 1:
            raise StatementError(Sentence("bank.no_account"))
        ((account, _),) = known.values()
        run.notes.append(RowError(0, "", "bank.account_taken", {"account": account}))
    return [record if record.account else replace(record, account=account) for record in statements]


def _accounts(
    run: _Import, statements: Collection[StatementRecord]
) -> dict[tuple[str, str], BankAccount]:
    """The account of each statement by (key, currency); made for its creditor when new."""
    organization_id = run.organization_id
    rows = BankAccount.objects.filter(organization_id=organization_id)
    found = {(account_key(row.identifier), row.currency): row for row in rows}
    creditors = list(Creditor.objects.filter(organization_id=organization_id).order_by("id"))
    owners = {account_key(c.iban): c for c in creditors if c.iban}
    owners |= {key: row.creditor for (key, _), row in found.items()}
    for record in statements:
        key = account_key(record.account)
        if (key, record.currency) in found:
            continue
        if is_virtual(organization_id, key):
            raise StatementError(Sentence("bank.virtual_account", {"account": record.account}))
        owner = owners.get(key) or (creditors[0] if len(creditors) == 1 else None)
        if owner is None:
            raise StatementError(Sentence("bank.unknown_account", {"account": record.account}))
        if owners and key not in owners:
            run.note("bank.account_new", record, creditor=owner.name)
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
