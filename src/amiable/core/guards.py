"""Every reason not to act, asked when planning and once more at the last second before sending."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.money import Money
from amiable.core.scenario import CONTACT_MEDIA, Scenario, Step
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import is_workday, next_workday

# No law sets dunning hours; these keep calls and texts inside a decent day.
QUIET_FROM, QUIET_UNTIL = time(20, 0), time(8, 0)
TIMED_MEDIA = frozenset({"sms", "phone"})
# A customer who is insolvent may not be asked for prior debts: C. com. L622-7, L622-21.

declare(
    {
        "stop.insolvent": gettext_noop(
            "Insolvency proceedings opened on {since}: no reminder may be sent for earlier debts "
            "(C. com. L622-7 and L622-21); declare the claim instead."
        ),
        "stop.held": gettext_noop("On hold until {until}: {reason}"),
        "stop.held_open": gettext_noop("On hold until lifted: {reason}"),
        "stop.promise": gettext_noop(
            "A payment of {amount} is promised for {due}; nothing is sent before {until}."
        ),
        "stop.stale_bank": gettext_noop(
            "The last bank statement is of {until}: import a newer one, so that nobody who has "
            "paid is reminded."
        ),
        "stop.no_bank": gettext_noop(
            "No bank statement was imported yet: import one, so that nobody who has paid is "
            "reminded."
        ),
        "stop.paid": gettext_noop("{number} is paid."),
        "stop.settled": gettext_noop("Everything this action asked for is settled."),
        "stop.disputed": gettext_noop("{number} is disputed for {amount}."),
        "stop.item_held": gettext_noop("{number} is on hold until {until}: {reason}"),
        "stop.item_held_open": gettext_noop("{number} is on hold until lifted: {reason}"),
        "stop.missing": gettext_noop(
            "{number} is absent from the last full export of the accounts: check whether it was "
            "paid or cancelled."
        ),
        "stop.credit_covers": gettext_noop(
            "A credit of {credit} not yet allocated covers the {amount} due."
        ),
        "stop.below_minimum": gettext_noop(
            "The {amount} due is below the minimum of {minimum} worth a message."
        ),
        "stop.gap": gettext_noop("The last contact was on {last}; the next is not before {until}."),
        "stop.regroup": gettext_noop(
            "The customer was contacted on {last} about other invoices: these join from {until}."
        ),
        "stop.no_email": gettext_noop("No valid email address is known: add one."),
        "stop.no_phone": gettext_noop("No phone number is known: add one."),
        "stop.no_mobile": gettext_noop("No mobile number for text messages is known: add one."),
        "stop.no_address": gettext_noop("The postal address is incomplete: complete it."),
        "stop.quiet_hours": gettext_noop("Calls and texts wait for decent hours, 8 am to 8 pm."),
        "stop.not_worked": gettext_noop(
            "{day} is not a working day: messages leave on the next, {until}."
        ),
        "stop.nothing_due": gettext_noop("Nothing of this action is due any more."),
    }
)

_MISSING_MEDIUM = {
    "email": "stop.no_email",
    "phone": "stop.no_phone",
    "sms": "stop.no_mobile",
    "letter": "stop.no_address",
    "registered_letter": "stop.no_address",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """Why not, and the first day on which the answer may differ (None = when facts change)."""

    sentence: Sentence
    look_on: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word before sending: the items that may be asked for, or the stop.

    `postpone` = the same action may go later; otherwise a stop cancels it.
    """

    item_ids: tuple[int, ...] = ()
    stop: Stop | None = None
    postpone: bool = False


def case_stop(facts: CaseFacts, today: date) -> Stop | None:
    """What stops the whole case: insolvency, a hold, a running promise, old bank data."""
    if facts.insolvent_since is not None:
        return Stop(Sentence("stop.insolvent", {"since": facts.insolvent_since}))
    for hold in facts.holds:
        if hold.item_id is None and _running(hold.starts_on, hold.ends_on, today):
            return _held("stop.held", hold.reason, hold.ends_on, {})
    for promise in facts.promises:
        until = promise.due_on + timedelta(days=promise.grace_days)
        if today <= until:
            return Stop(
                Sentence(
                    "stop.promise",
                    {
                        "amount": Money(promise.amount_minor, facts.currency),
                        "due": promise.due_on,
                        "until": until + timedelta(days=1),
                    },
                ),
                until + timedelta(days=1),
            )
    return _stale_bank(facts, today)


def item_stop(facts: CaseFacts, item: Item, today: date) -> Stop | None:
    """What stops one item: paid, disputed in full, on hold, gone from the accounts."""
    if item.open_minor <= 0:
        return Stop(Sentence("stop.paid", {"number": item.number}))
    if item.chased_minor == 0:
        amount = Money(item.disputed_minor, facts.currency)
        return Stop(Sentence("stop.disputed", {"number": item.number, "amount": amount}))
    if item.missing_from_export:
        return Stop(Sentence("stop.missing", {"number": item.number}))
    for hold in facts.holds:
        if hold.item_id == item.id and _running(hold.starts_on, hold.ends_on, today):
            return _held("stop.item_held", hold.reason, hold.ends_on, {"number": item.number})
    return None


def asked_minor(item: Item, step: Step, today: date) -> int:
    """What a step asks for an item: less what is disputed, and nothing before it is overdue
    unless the step is preventive (an item not yet due then only goes along)."""
    overdue = item.due_date < today or step.stage == "preventive"
    return item.chased_minor if overdue else 0


def amount_stop(
    facts: CaseFacts, scenario: Scenario, *, kept: Collection[Item], today: date
) -> Stop | None:
    """Too little to ask for, or what these items ask for is covered by the customer's credit.

    The minimum weighs everything overdue that may be asked for, so that small sums add up.
    """
    currency = facts.currency
    asked = sum(item.chased_minor for item in kept)
    if facts.unallocated_minor >= asked:
        credit = Money(facts.unallocated_minor, currency)
        params = {"credit": credit, "amount": Money(asked, currency)}
        return Stop(Sentence("stop.credit_covers", params))
    overdue = sum(
        item.chased_minor
        for item in facts.items
        if item.due_date < today and item_stop(facts, item, today) is None
    )
    owed = max(overdue, asked)
    if owed - facts.unallocated_minor < scenario.min_amount_minor:
        minimum = Money(scenario.min_amount_minor, currency)
        params = {"amount": Money(owed, currency), "minimum": minimum}
        # Another invoice falling due may make the sum worth a message.
        falls_due = [item.due_date for item in facts.items if item.due_date >= today]
        look_on = min(falls_due) + timedelta(days=1) if falls_due else None
        return Stop(Sentence("stop.below_minimum", params), look_on)
    return None


def contact_stop(facts: CaseFacts, scenario: Scenario, *, step: Step, today: date) -> Stop | None:
    """No way to reach the customer by this medium, or too soon after the last contact."""
    if step.medium in _MISSING_MEDIUM and step.medium not in facts.media:
        return Stop(Sentence(_MISSING_MEDIUM[step.medium]))
    last = facts.last_contact_on
    if last is None or step.medium not in CONTACT_MEDIA:
        return None
    until = last + timedelta(days=scenario.min_gap_days)
    if today < until:
        return Stop(Sentence("stop.gap", {"last": last, "until": until}), until)
    return None


def regroup_stop(
    facts: CaseFacts, scenario: Scenario, *, kept: Collection[Item], today: date
) -> Stop | None:
    """Another contact of late was about other invoices: these wait to join the next one."""
    last = facts.last_contact_on
    if last is None or any(last in item.steps_done.values() for item in kept):
        return None
    until = last + timedelta(days=scenario.regroup_days)
    if today < until:
        return Stop(Sentence("stop.regroup", {"last": last, "until": until}), until)
    return None


def check(
    facts: CaseFacts, scenario: Scenario, *, step: Step, item_ids: Collection[int], now: datetime
) -> Verdict:
    """Ask everything again on fresh facts, at `now` (local time), for a planned action.

    Items that may no longer be asked for drop out; when none is left, or the case is stopped, or
    the rest is too small, the action is cancelled with the reason.
    """
    today = now.date()
    kept, stop = _askable(facts, item_ids, today)
    stop = case_stop(facts, today) or stop
    if stop is None:
        claimed = [item for item in kept if asked_minor(item, step, today)]
        stop = (
            amount_stop(facts, scenario, kept=claimed, today=today)
            if claimed
            else Stop(Sentence("stop.nothing_due"))
        )
    if stop:
        return Verdict(stop=stop)
    stop = _moment_stop(facts, scenario, step, now)
    if stop:
        return Verdict(stop=stop, postpone=stop.look_on is not None)
    return Verdict(item_ids=tuple(item.id for item in kept))


def _askable(
    facts: CaseFacts, item_ids: Collection[int], today: date
) -> tuple[list[Item], Stop | None]:
    """The items that may still be asked for; without any, why the last one may not."""
    kept: list[Item] = []
    # What the facts no longer hold was paid or credited.
    stop = Stop(Sentence("stop.settled"))
    for item in facts.items:
        if item.id in item_ids:
            reason = item_stop(facts, item, today)
            if reason is None:
                kept.append(item)
            stop = reason or stop
    return kept, None if kept else stop


def _moment_stop(facts: CaseFacts, scenario: Scenario, step: Step, now: datetime) -> Stop | None:
    """Not this customer by this medium, not today, or not at this hour."""
    today = now.date()
    stop = None if step.accompanies else contact_stop(facts, scenario, step=step, today=today)
    if stop:
        return stop
    if not is_workday(today, facts.holidays_zone):
        until = next_workday(today, facts.holidays_zone)
        return Stop(Sentence("stop.not_worked", {"day": today, "until": until}), until)
    if step.medium in TIMED_MEDIA and not QUIET_UNTIL <= now.time() < QUIET_FROM:
        return Stop(Sentence("stop.quiet_hours"), today)
    return None


def _running(starts_on: date, ends_on: date | None, today: date) -> bool:
    return starts_on <= today and (ends_on is None or today <= ends_on)


def _held(code: str, reason: str, ends_on: date | None, params: dict[str, str]) -> Stop:
    if ends_on is None:
        return Stop(Sentence(f"{code}_open", {"reason": reason, **params}))
    sentence = Sentence(code, {"until": ends_on, "reason": reason, **params})
    return Stop(sentence, ends_on + timedelta(days=1))


def _stale_bank(facts: CaseFacts, today: date) -> Stop | None:
    if facts.bank_data_max_age_days is None:
        return None
    tomorrow = today + timedelta(days=1)
    if facts.bank_data_until is None:
        return Stop(Sentence("stop.no_bank"), tomorrow)
    if facts.bank_data_until + timedelta(days=facts.bank_data_max_age_days) < today:
        return Stop(Sentence("stop.stale_bank", {"until": facts.bank_data_until}), tomorrow)
    return None
