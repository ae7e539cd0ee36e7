"""SEPA direct debits: identifiers, how long a mandate lives, when a collection must be handed over,
and what a bank's reason code asks for. Dates are arguments; days are TARGET days where said.

Sources: EPC016-06 (SDD Core rulebook 2025) and EPC222-07 (B2B); refunds CMF L133-24 to L133-25-2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from amiable.core.records import CustomerKind
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import add_target_days, next_target_day

Scheme = Literal["CORE", "B2B"]
Sequence = Literal["FRST", "RCUR", "OOFF"]
Remedy = Literal[
    "retry", "chase", "new_account", "other_means", "proof", "dispute", "estate", "call",
    "allow", "check", "fix",
]  # fmt: skip

# Rulebook 4.1: a mandate under which nothing was presented for 36 months must be cancelled.
LAPSE_MONTHS = 36
# Rulebook 4.3.4: a collection reaches the debtor's bank at most 14 calendar days, and at least one
# TARGET day, before it is due; what the creditor's own bank needs beyond that is its contract's.
EARLIEST_DAYS, LEAST_LEAD_DAYS, MOST_LEAD_DAYS = 14, 1, 10
# Rulebook 4.3.3: announced 14 calendar days ahead, unless debtor and creditor agree otherwise.
NOTICE_DAYS, MOST_NOTICE_DAYS = 14, 60
# CMF L133-25-1: eight weeks without a reason; L133-24: thirteen months what was not authorized.
REFUND_WEEKS, UNAUTHORIZED_MONTHS = 8, 13
# Only what failed for lack of funds is presented again, once, and not on the next day.
MOST_ATTEMPTS, RETRY_DAYS = 2, 7
# Rulebook, PT-05: banks take the creditor's reversal until so many days after it was due.
REVERSAL_DAYS = 5
LARGEST_MINOR = 99_999_999_999  # of an instruction, 999 999 999.99 euros
_ICS = re.compile(r"([A-Z]{2})([0-9]{2})([A-Z0-9]{3})([A-Z0-9]{1,28})")

declare(
    {
        "debit.retry": gettext_noop(
            "Not enough funds: it is presented once more on {day}, announced again before."
        ),
        "debit.settled": gettext_noop(
            "Not enough funds, and nothing of it is open any more: it is not presented again."
        ),
        "debit.no_retry": gettext_noop(
            "Not enough funds again: it is not presented a third time. Call, or offer a plan."
        ),
        "debit.used_up": gettext_noop(
            "Not enough funds, and the mandate was for this collection alone: ask for another "
            "means of payment, or for a new mandate."
        ),
        "debit.chase": gettext_noop(
            "The bank gives no reason: treat it as unpaid. It is not presented again."
        ),
        "debit.new_account": gettext_noop(
            "The account details are wrong: ask for the right ones, with a new mandate."
        ),
        "debit.other_means": gettext_noop(
            "The account is closed, blocked or takes no direct debits: ask for another means of "
            "payment, and look whether insolvency proceedings were opened."
        ),
        "debit.proof": gettext_noop(
            "The debtor's bank knows no valid mandate: look for the proof of the signature. A "
            "refund may be claimed for 13 months (CMF L133-24). Nothing more is collected under it."
        ),
        "debit.dispute": gettext_noop(
            "The debtor had the money paid back: a dispute is open, ask why before anything else."
        ),
        "debit.estate": gettext_noop(
            "The account holder is said to have died: nothing is collected or asked for any more. "
            "Find out, and note it on the customer's file; the notary or the heirs answer then."
        ),
        "debit.call": gettext_noop("The debtor refused it: call and ask why."),
        "debit.allow": gettext_noop(
            "The debtor's bank blocks it: the debtor must allow the creditor {ics} there."
        ),
        "debit.check": gettext_noop(
            "The bank takes it for a double: compare it with the other files before anything else."
        ),
        "debit.recall": gettext_noop(
            "Paid meanwhile, and with the bank already: ask it before {day} to call it back "
            "(reference {reference}), or take the file back when it never left."
        ),
        "debit.reverse": gettext_noop(
            "Paid meanwhile, and collected all the same: have the bank reverse it until {until} "
            "(reference {reference}), or give the money back from Money to settle."
        ),
        "debit.give_back": gettext_noop(
            "Paid meanwhile, and collected all the same: give the money back from Money to settle."
        ),
        "debit.fix": gettext_noop(
            "Something in the order is wrong (code {code}): have it put right with the bank."
        ),
    }
)

# Reason code (ISO 20022 external codes) -> what it asks for; domain sheet C8, EPC173-14.
_REMEDIES: Mapping[str, Remedy] = {
    "AM04": "retry",
    "MS03": "chase",
    **dict.fromkeys(("AC01", "AC02", "AC13", "RC01", "BE04", "BE01"), "new_account"),
    **dict.fromkeys(("AC04", "AC06", "AG01"), "other_means"),
    "MD01": "proof",
    "MD06": "dispute",
    "MD07": "estate",
    "MS02": "call",
    "SL01": "allow",
    **dict.fromkeys(("AM05", "DUPL", "DU01"), "check"),
}
# After these nothing more is collected under the mandate; a new one, or another means, is needed.
_BLOCKING: frozenset[Remedy] = frozenset(
    {"new_account", "other_means", "proof", "dispute", "estate"}
)
# These wait for a person of the house: the debt itself goes on being followed by itself.
_FOR_A_PERSON: frozenset[Remedy] = frozenset(
    {"new_account", "other_means", "proof", "dispute", "estate", "call", "allow", "check", "fix"}
)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows from a collection that failed. `retry_on` = presented again that day (None =
    never); `blocks` = nothing more is collected under the mandate; `asks` = a person has to act."""

    remedy: Remedy
    sentence: Sentence
    blocks: bool = False
    asks: bool = False
    retry_on: date | None = None


def consequence(
    code: str,
    *,
    attempt: int,
    on: date,
    notice_days: int = NOTICE_DAYS,
    lead_days: int = LEAST_LEAD_DAYS,
    one_off: bool = False,
    ics: str = "",
) -> Consequence:
    """What a reason code asks for. Presented again only for lack of funds (AM04), once, and not
    under a mandate for one collection.

    `attempt` = 1 for the first presentation; `on` = the day that this is learned; an unknown code
    is put right by a person.
    """
    code = code.strip().upper()
    remedy = _REMEDIES.get(code, "fix")
    if remedy == "retry" and (one_off or attempt >= MOST_ATTEMPTS):
        why = "debit.used_up" if one_off else "debit.no_retry"
        return Consequence("chase", Sentence(why), asks=True)
    if remedy == "retry":
        rest = on + timedelta(days=RETRY_DAYS)
        again = collect_on(rest, on=on, notice_days=notice_days, lead_days=lead_days)
        return Consequence("retry", Sentence("debit.retry", {"day": again}), retry_on=again)
    params: dict[str, str | int | date] = {}
    if remedy == "fix":
        params = {"code": code or "?"}
    elif remedy == "allow":
        params = {"ics": ics}
    return Consequence(
        remedy,
        Sentence(f"debit.{remedy}", params),
        blocks=remedy in _BLOCKING,
        asks=remedy in _FOR_A_PERSON,
    )


def overtaken(collect_on: date, *, on: date, reference: str) -> Sentence:
    """What can be done about a collection that was handed over, when its debt was paid meanwhile:
    called back before it is due (a recall), reversed until REVERSAL_DAYS TARGET days after, or
    given back."""
    if on < collect_on:
        return Sentence("debit.recall", {"day": collect_on, "reference": reference})
    until = add_target_days(collect_on, REVERSAL_DAYS)
    if on <= until:
        return Sentence("debit.reverse", {"until": until, "reference": reference})
    return Sentence("debit.give_back")


def may_sign(scheme: Scheme, kind: CustomerKind) -> bool:
    """Whether such a customer may sign a mandate of a scheme: B2B gives up the refund, and is for
    those who act as a business only (EPC222-07, 2.1)."""
    return scheme == "CORE" or kind != "consumer"


def lapses_on(signed_on: date, presented_on: date | None) -> date:
    """First day on which the mandate may not be used any more: 36 months after its last collection
    was presented, even one that failed; after its signature when none was."""
    return add_months(presented_on or signed_on, LAPSE_MONTHS)


def sequence_of(*, one_off: bool, settled_before: bool) -> Sequence:
    """The type of the next collection. FRST until one under the mandate has settled, so that a
    first one that was refused is followed by another FRST; RCUR then. FNAL is not needed: a mandate
    that ends needs no last collection (rulebook 4.3)."""
    if one_off:
        return "OOFF"
    return "RCUR" if settled_before else "FRST"


def submit_by(collect_on: date, lead_days: int) -> date:
    """Last day to hand a collection to the bank: `lead_days` TARGET days before it is due."""
    return add_target_days(collect_on, -lead_days)


def submit_from(collect_on: date) -> date:
    """First day on which banks take a collection."""
    return collect_on - timedelta(days=EARLIEST_DAYS)


def collect_on(due_on: date, *, on: date, notice_days: int, lead_days: int) -> date:
    """The day to collect what is due on a day: a TARGET day, not before it is due, announced in
    time, and handed over in time."""
    handed_over = add_target_days(next_target_day(on), lead_days)
    soonest = max(on + timedelta(days=notice_days), handed_over)
    return next_target_day(max(due_on, soonest))


def is_creditor_identifier(text: str) -> bool:
    """Whether a SEPA creditor identifier (ICS) has the right key: MOD 97-10 over national part,
    country and "00"; the business code (ZZZ) does not count (EPC262-08)."""
    found = _ICS.fullmatch(compact(text))
    if found is None:
        return False
    country, key, _, national = found.groups()
    digits = "".join(str(int(sign, 36)) for sign in f"{national}{country}00")
    return f"{98 - int(digits) % 97:02d}" == key


def compact(text: str) -> str:
    """An identifier without spaces, in capitals."""
    return re.sub(r"\s", "", text).upper()


def mandate_reference(creditor: str, number: int) -> str:
    """The unique reference of a mandate (RUM), at most 35 signs of A-Z, 0-9 and "-": the creditor's
    code and a number that is never given twice."""
    plain = re.sub(r"[^A-Z0-9]", "", creditor.upper())[:12]
    return f"AM-{plain}-{number:08d}" if plain else f"AM-{number:08d}"


def masked(iban: str) -> str:
    """An account as messages show it: its country and its last four signs."""
    return f"{iban[:2]}.. .... {iban[-4:]}" if iban else ""


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(following - timedelta(days=1), date(year, month + 1, 1) + timedelta(day.day - 1))
