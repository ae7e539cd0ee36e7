"""Every reason not to act, and the day on which its answer may differ."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.money import Money
from amiable.core.promises import Commitments, last_day
from amiable.core.scenario import CONTACT_MEDIA, WEEKDAYS, Medium, Scenario, Step, rank_of
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.workdays import next_workday

# For so many days after a firmer message about an item, a gentler one would take back its tone.
TONE_DAYS = 7
# A customer who is insolvent may not be asked for prior debts: C. com. L622-7, L622-21.

declare(
    {
        "stop.insolvent": gettext_noop(
            "Insolvency proceedings opened on {since}: no reminder may be sent for earlier debts "
            "(C. com. L622-7 and L622-21); declare the claim instead."
        ),
        "stop.deceased": gettext_noop(
            "The customer is said to have died on {since}: nothing is sent. A person has to find "
            "the notary or the heirs."
        ),
        "stop.held": gettext_noop("On hold until {until}: {reason}"),
        "stop.held_open": gettext_noop("On hold until lifted: {reason}"),
        "stop.money": gettext_noop(
            "{amount} received on {since} pays no invoice yet: decide what it is for (Bank, Money "
            "to settle), so that nobody is chased for what was paid."
        ),
        "stop.proposed": gettext_noop(
            "{amount} received on {since} may be of this customer: confirm the proposal or "
            "turn it down (Bank), so that nobody is chased for what was paid."
        ),
        "stop.answered": gettext_noop(
            "The customer answered on {since} and nobody has read it yet: nothing is sent before "
            "{until}, so that nobody is chased over an answer."
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
        "stop.disputed": gettext_noop("{number} is disputed for {amount}."),
        "stop.promise": gettext_noop(
            "{number}: {amount} is promised for {due}; nothing is sent before {until}."
        ),
        "stop.plan": gettext_noop(
            "{number} is in a payment plan; its next instalment is due on {due}."
        ),
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
        "stop.below_floor": gettext_noop(
            "The {amount} due is below the {minimum} for which anybody is reminded at all."
        ),
        "stop.gap": gettext_noop("The last contact was on {last}; the next is not before {until}."),
        "stop.regroup": gettext_noop(
            "The customer was contacted on {last} about other invoices: these join from {until}."
        ),
        "stop.cap": gettext_noop(
            "The limit of contacts is reached (contacts: {count}, days: {days}): the next is not "
            "before {until}."
        ),
        "stop.no_email": gettext_noop("No valid email address is known: add one."),
        "stop.no_phone": gettext_noop("No phone number is known: add one."),
        "stop.no_mobile": gettext_noop("No mobile number for text messages is known: add one."),
        "stop.no_address": gettext_noop("The postal address is incomplete: complete it."),
        "stop.bounced": gettext_noop(
            "Messages to the known address came back: find another address or number."
        ),
        "stop.returned": gettext_noop(
            "Letters to the known postal address come back: find another address."
        ),
        "stop.opted_out": gettext_noop(
            "The customer asked not to be contacted this way: use another medium."
        ),
        "stop.settled": gettext_noop("Everything this action asked for is settled."),
        "stop.nothing_due": gettext_noop("Nothing of this action is due any more."),
        "stop.firmer_before": gettext_noop(
            "{number}: a firmer message left on {last}; a gentler one waits until {until}."
        ),
        "stop.weekday": gettext_noop("This step does not leave on this day of the week."),
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


def case_stop(facts: CaseFacts, today: date) -> Stop | None:
    """What stops the whole case: insolvency, a death, a hold, money that nobody has allocated or
    confirmed, an unread answer, old bank data."""
    if facts.insolvent_since is not None:
        return Stop(Sentence("stop.insolvent", {"since": facts.insolvent_since}))
    if facts.deceased_since is not None:
        return Stop(Sentence("stop.deceased", {"since": facts.deceased_since}))
    for hold in facts.holds:
        if hold.item_id is None and _running(hold.starts_on, hold.ends_on, today):
            return _held("stop.held", hold.reason, hold.ends_on, {})
    return (
        _unseen(facts)
        or _proposed(facts, today)
        or _answered(facts, today)
        or _stale_bank(facts, today)
    )


def item_stop(facts: CaseFacts, item: Item, today: date, *, given: Commitments) -> Stop | None:
    """What stops one item: paid, disputed, on hold, promised, gone from the accounts.

    `given` = commitments(facts, today).
    """
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
    return _promised(facts, item, given)


def chaseable_minor(item: Item, given: Commitments) -> int:
    """What may be asked for: the open amount less what is disputed and what is promised."""
    chased = item.chased_minor
    if not given.covers:
        return chased
    cover = given.covers.get(item.id)
    return chased - (cover.amount_minor if cover else 0)


def asked_minor(item: Item, step: Step, today: date, *, given: Commitments) -> int:
    """What a step asks for an item: a reminder for what is overdue (an item not yet due only goes
    along), a preventive one for what is not."""
    due = (item.due_date < today) != (step.stage == "preventive")
    return chaseable_minor(item, given) if due else 0


def overdue_minor(facts: CaseFacts, today: date, *, given: Commitments) -> int:
    """Everything overdue that may be asked for."""
    return sum(
        chaseable_minor(item, given)
        for item in facts.items
        if item.due_date < today and item_stop(facts, item, today, given=given) is None
    )


def amount_stop(
    facts: CaseFacts,
    scenario: Scenario,
    *,
    kept: Collection[Item],
    today: date,
    given: Commitments,
    overdue: int,
) -> Stop | None:
    """Too little to ask for, or what these items ask for is covered by the customer's credit.

    The minimum, that of the scenario or that of the organization for all of its scenarios, weighs
    everything overdue that may be asked for (`overdue`, in minor units), so that small sums add up.
    """
    currency = facts.currency
    asked = sum(chaseable_minor(item, given) for item in kept)
    if facts.unallocated_minor >= asked:
        return Stop(credit_sentence(facts, asked), grows_on(facts, today))
    owed = max(overdue, asked) - facts.unallocated_minor
    for code, least in (
        ("stop.below_floor", facts.min_amount_minor),
        ("stop.below_minimum", scenario.min_amount_minor),
    ):
        if owed < least:
            params: dict[str, Param] = {
                "amount": Money(owed, currency),
                "minimum": Money(least, currency),
            }
            return Stop(Sentence(code, params), grows_on(facts, today))
    return None


def credit_sentence(facts: CaseFacts, asked: int) -> Sentence:
    """That what is asked for, in minor units, is covered by a credit."""
    credit = Money(facts.unallocated_minor, facts.currency)
    params: dict[str, Param] = {"credit": credit, "amount": Money(asked, facts.currency)}
    return Sentence("stop.credit_covers", params)


def grows_on(facts: CaseFacts, today: date) -> date | None:
    """The day another invoice becomes overdue: the sum may then be worth a message."""
    falls_due = [item.due_date for item in facts.items if item.due_date >= today]
    return min(falls_due) + timedelta(days=1) if falls_due else None


def medium_for(facts: CaseFacts, step: Step) -> Medium | Stop:
    """The step's medium, or the first fallback that can reach the customer, or why none can."""
    usable = (m for m in (step.medium, *step.fallback) if _reaches(facts, m))
    return next(usable, None) or _lost(facts, step.medium)


def medium_stop(facts: CaseFacts, medium: str) -> Stop | None:
    """No way to reach the customer by a medium."""
    return None if _reaches(facts, medium) else _lost(facts, medium)


def _reaches(facts: CaseFacts, medium: str) -> bool:
    return medium == "task" or medium in facts.media


def _lost(facts: CaseFacts, medium: str) -> Stop:
    lost = facts.lost.get(medium)
    return Stop(Sentence(f"stop.{lost}" if lost else _MISSING_MEDIUM[medium]))


def pace_stop(
    facts: CaseFacts, scenario: Scenario, *, medium: str, today: date, extra: Collection[str] = ()
) -> Stop | None:
    """Too soon after the last contact, or as many contacts as the caps allow (see `cap_stop`)."""
    if medium not in CONTACT_MEDIA:
        return None
    last = facts.last_contact_on
    if last is not None and today < (until := last + timedelta(days=scenario.min_gap_days)):
        return Stop(Sentence("stop.gap", {"last": last, "until": until}), until)
    return cap_stop(facts, medium, today, extra=extra)


def cap_stop(
    facts: CaseFacts, medium: str, today: date, *, extra: Collection[str] = ()
) -> Stop | None:
    """As many contacts by this medium, or by all, as the organization allows in so many days.

    `extra` = media of what leaves today before this one; a task is no contact.
    """
    if medium not in CONTACT_MEDIA:
        return None
    leaving = [each for each in extra if each in CONTACT_MEDIA]
    for cap in facts.caps:
        if cap.medium not in {"", medium} or cap.kind not in {"", facts.customer_kind}:
            continue
        counted = [medium] if cap.medium else sorted(facts.contacts)
        recent = [
            on
            for each in counted
            for on in facts.contacts.get(each, ())
            if 0 <= (today - on).days < cap.days
        ]
        recent += [today for each in leaving if not cap.medium or each == medium]
        if len(recent) >= cap.count:
            until = sorted(recent)[-cap.count] + timedelta(days=cap.days)
            params: dict[str, Param] = {"count": cap.count, "days": cap.days, "until": until}
            return Stop(Sentence("stop.cap", params), until)
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


def tone_stop(item: Item, step: Step, today: date, *, since: date | None = None) -> Stop | None:
    """A firmer message about the item left a few days ago, and nothing has happened after it.

    `since` = day of the event that the step answers to (None = it follows the dates).
    """
    firmer = [
        on
        for code, on in item.steps_done.items()
        if (stage := item.stages_done.get(code)) and rank_of(stage) > step.rank
    ]
    if step.medium not in CONTACT_MEDIA or not firmer:
        return None
    last = max(firmer)
    until = last + timedelta(days=TONE_DAYS)
    if until <= today or (since is not None and since >= last):
        return None
    params: dict[str, Param] = {"number": item.number, "last": last, "until": until}
    return Stop(Sentence("stop.firmer_before", params), until)


def weekday_stop(facts: CaseFacts, step: Step, today: date) -> Stop | None:
    """The step's window is closed on this day of the week; `today` is a working day."""
    day = today
    while WEEKDAYS[day.weekday()] not in step.window.weekdays:
        day = next_workday(day + timedelta(days=1), facts.holidays_zone)
    return None if day == today else Stop(Sentence("stop.weekday"), day)


def _promised(facts: CaseFacts, item: Item, given: Commitments) -> Stop | None:
    """A running promise or plan that speaks for all that could be asked for the item."""
    cover = given.covers.get(item.id)
    if cover is None or cover.amount_minor < item.chased_minor:
        return None
    promise, until = cover.promise, last_day(cover.promise) + timedelta(days=1)
    if promise.plan_id is not None:
        return Stop(Sentence("stop.plan", {"number": item.number, "due": promise.due_on}), until)
    amount = Money(cover.amount_minor, facts.currency)
    params: dict[str, Param] = {
        "number": item.number,
        "amount": amount,
        "due": promise.due_on,
        "until": until,
    }
    return Stop(Sentence("stop.promise", params), until)


def _running(starts_on: date, ends_on: date | None, today: date) -> bool:
    return starts_on <= today and (ends_on is None or today <= ends_on)


def _held(code: str, reason: str, ends_on: date | None, params: dict[str, str]) -> Stop:
    if ends_on is None:
        return Stop(Sentence(f"{code}_open", {"reason": reason, **params}))
    sentence = Sentence(code, {"until": ends_on, "reason": reason, **params})
    return Stop(sentence, ends_on + timedelta(days=1))


def _unseen(facts: CaseFacts) -> Stop | None:
    """Money is there and a person must say what it pays: until then nobody is asked for any."""
    if facts.unseen_minor <= 0 or facts.unseen_since is None:
        return None
    amount = Money(facts.unseen_minor, facts.currency)
    return Stop(Sentence("stop.money", {"amount": amount, "since": facts.unseen_since}))


def _proposed(facts: CaseFacts, today: date) -> Stop | None:
    """Money is there and seems to be theirs: until a person has looked, nobody is asked for any."""
    if facts.proposed_minor <= 0 or facts.proposed_since is None:
        return None
    amount = Money(facts.proposed_minor, facts.currency)
    told: dict[str, Param] = {"amount": amount, "since": facts.proposed_since}
    return Stop(Sentence("stop.proposed", told), today + timedelta(days=1))


def _answered(facts: CaseFacts, today: date) -> Stop | None:
    """An answer waits to be read; not for ever: then people are told, and the scenario goes on."""
    since = facts.answered_on
    if since is None or today < since:
        return None
    until = since + timedelta(days=facts.answer_hold_days)
    if until <= today:
        return None
    return Stop(Sentence("stop.answered", {"since": since, "until": until}), until)


def _stale_bank(facts: CaseFacts, today: date) -> Stop | None:
    if facts.bank_data_max_age_days is None:
        return None
    # A statement may come before the day, when it is planned ahead: the planner looks on it again.
    if facts.bank_data_until is None:
        return Stop(Sentence("stop.no_bank"), today)
    if facts.bank_data_until + timedelta(days=facts.bank_data_max_age_days) < today:
        return Stop(Sentence("stop.stale_bank", {"until": facts.bank_data_until}), today)
    return None
