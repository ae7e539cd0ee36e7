"""From the customer lines of a FEC to open items: opening entries once, lettering respected.

A group of lettering is (account, customer, code). A code in capitals or figures settles its lines;
a code in small letters is partial: its credits pay its debits, the oldest first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from amiable.core.numbers import plain

_OPENING_CODES = {"AN", "ANO", "RAN", "ANC", "ANV", "OUV", "RA", "AN1", "ANX"}
_OPENING_WORDS = re.compile(r"a[ -]?nouveau|a[ -]?nouveaux|ouverture|report")


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a 411 account. `amount_minor` > 0 is a debit; `paid_minor` is what settles it."""

    line: int
    journal: str
    journal_label: str
    entry: str
    on_date: date
    account: str
    account_label: str
    customer: str
    customer_label: str
    piece: str
    piece_date: date
    label: str
    amount_minor: int
    lettering: str
    paid_minor: int = 0

    @property
    def is_opening(self) -> bool:
        """Whether the line carries a balance forward from the year before."""
        return self.journal.upper() in _OPENING_CODES or bool(
            _OPENING_WORDS.search(plain(self.journal_label))
        )

    @property
    def party(self) -> tuple[str, str]:
        """Account and customer."""
        return self.account, self.customer

    @property
    def open_minor(self) -> int:
        """What lettering leaves of the line, of the same sign."""
        return self.amount_minor - self.paid_minor


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of a customer: > 0 is owed, < 0 a credit; total and open are of the same sign."""

    first: Line
    number: str
    total_minor: int
    open_minor: int


def without_doubles(lines: Sequence[Line]) -> list[Line]:
    """Lines with opening entries that repeat another line of the file left out.

    An opening line repeats an earlier line of the same customer, piece and amount: the earlier
    line stays and takes its lettering. Opening lines without piece repeat the balance that the
    file's earlier lines of the customer add up to. All others are kept: their original is absent.
    """
    kept = [line for line in lines if not line.is_opening]
    openings = sorted((line for line in lines if line.is_opening), key=lambda a: a.on_date)
    if not openings:
        return kept
    index: dict[tuple[tuple[str, str], str, int], list[int]] = defaultdict(list)
    for position, line in enumerate(kept):
        index[line.party, line.piece, line.amount_minor].append(position)
    before = _balances_before(kept, openings)
    used: set[tuple[int, date]] = set()
    for line in openings:
        candidates = index[line.party, line.piece, line.amount_minor] if line.piece else []
        original = next(
            (
                p for p in candidates
                if kept[p].on_date < line.on_date and (p, line.on_date) not in used
            ), None,
        )  # fmt: skip
        if original is not None:
            used.add((original, line.on_date))
            if not kept[original].lettering:
                kept[original] = replace(kept[original], lettering=line.lettering)
        elif before[line.party, line.on_date] != 0:
            index[line.party, line.piece, line.amount_minor].append(len(kept))
            kept.append(line)
    return sorted(kept, key=lambda a: a.line)


def _balances_before(
    kept: Sequence[Line], openings: Sequence[Line]
) -> dict[tuple[tuple[str, str], date], int]:
    """Opening balance minus the balance of earlier lines, per customer and day; 0 = a double."""
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in kept:
        lines[line.party].append(line)
    found: dict[tuple[tuple[str, str], date], int] = defaultdict(int)
    for line in openings:
        found[line.party, line.on_date] += line.amount_minor
    return {
        (party, day): carried - sum(earlier) if earlier else carried
        for (party, day), carried in found.items()
        for earlier in [[a.amount_minor for a in lines[party] if a.on_date < day]]
    }


def lettered(lines: Iterable[Line]) -> tuple[list[Line], list[tuple[Line, int]]]:
    """(lines with what settles them, groups in capitals that do not balance with their rest)."""
    groups: dict[tuple[tuple[str, str], str], list[Line]] = defaultdict(list)
    done: list[Line] = []
    for line in lines:
        if line.lettering:
            groups[line.party, line.lettering].append(line)
        else:
            done.append(line)
    unbalanced: list[tuple[Line, int]] = []
    for (_, code), group in groups.items():
        rest = sum(line.amount_minor for line in group)
        if code == code.upper():
            done += [replace(line, paid_minor=line.amount_minor) for line in group]
            if rest:
                unbalanced.append((group[0], rest))
        else:
            done += _partly_paid(group, rest)
    return sorted(done, key=lambda a: a.line), unbalanced


def _partly_paid(group: Sequence[Line], rest: int) -> list[Line]:
    """Lines of the smaller side are used up; they settle the larger side, oldest first."""
    sign = 1 if rest >= 0 else -1
    funds = sum(-line.amount_minor * sign for line in group if line.amount_minor * sign < 0)
    paid: list[Line] = []
    for line in sorted(group, key=lambda a: (a.piece_date, a.line)):
        if line.amount_minor * sign <= 0:
            paid.append(replace(line, paid_minor=line.amount_minor))
            continue
        used = min(funds, abs(line.amount_minor))
        funds -= used
        paid.append(replace(line, paid_minor=sign * used))
    return paid


def items(lines: Iterable[Line]) -> list[Item]:
    """One item per customer and piece. An open credit of the same piece reduces its invoice."""
    pieces: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.amount_minor:
            owner = line.customer or line.account
            pieces[owner, line.piece or f"{line.journal}-{line.entry}"].append(line)
    found: list[Item] = []
    for (_, number), group in pieces.items():
        debits = [line for line in group if line.amount_minor > 0]
        refunds = [line for line in group if line.amount_minor < 0]
        if len({line.piece_date for line in debits or refunds}) > 1:
            found += _singles(group, number)
        elif not debits:
            found.append(_merged(refunds, number))
        else:
            found += _invoice_with_credits(debits, refunds, number)
    return found


def _singles(group: Sequence[Line], number: str) -> list[Item]:
    """One reference for several documents is no reference: each line stands for itself.

    Numbers must stay the same in the next export, so they use the entry and never the line.
    """
    found: list[Item] = []
    counts: dict[str, int] = defaultdict(int)
    for line in group:
        own = f"{number}-{line.entry}"
        counts[own] += 1
        unique = own if counts[own] == 1 else f"{own}-{counts[own]}"
        found.append(Item(line, unique, line.amount_minor, line.open_minor))
    return found


def _merged(group: Sequence[Line], number: str) -> Item:
    total = sum(line.amount_minor for line in group)
    return Item(group[0], number, total, sum(line.open_minor for line in group))


def _invoice_with_credits(
    debits: Sequence[Line], refunds: Sequence[Line], number: str
) -> list[Item]:
    invoice = _merged(debits, number)
    credit = sum(line.open_minor for line in refunds)
    rest = invoice.open_minor + credit
    found = [replace(invoice, open_minor=max(rest, 0))]
    if rest < 0:
        found.append(Item(refunds[0], f"{number}-CR", rest, rest))
    return found
