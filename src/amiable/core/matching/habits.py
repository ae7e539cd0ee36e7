"""How a customer usually pays: learned from what was confirmed, and what such a habit may decide.

A habit counts from LEAST confirmations in a row on, none against it since: whoever pays one of two
invoices at random pays the older three times running once in eight. It never stands alone either:
the amount must be exact, nothing else of the line may speak, and every veto still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from amiable.core.matching.facts import Habit, Hypothesis, Item
from amiable.core.matching.view import View, exact, total_of, whole
from amiable.core.matching.words import names_credit, names_part
from amiable.core.money import Money
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

LEAST = 3
SHOWN_DAYS = 4  # of a habit, in its evidence
CODES = ("oldest", "balance", "month", "discount", "bank_fee", "group", "payer")

declare(
    {
        "habit.oldest": gettext_noop("this customer pays its oldest invoices first"),
        "habit.balance": gettext_noop("this customer pays all that is due at once"),
        "habit.month": gettext_noop("this customer pays the invoices of one month together"),
        "habit.discount": gettext_noop("this customer always deducts a discount of {rate} %"),
        "habit.bank_fee": gettext_noop(
            "this customer's payments are always short by the same {left}"
        ),
        "habit.group": gettext_noop("this customer pays {count} invoices at a time"),
        "habit.payer": gettext_noop("{payer} pays for this customer"),
        "habit.dates": gettext_noop("{first}, {rest}"),
        "match.habit": gettext_noop("{habit}, as the last {count} times ({dates})"),
        "match.month": gettext_noop("{amount} is exactly all that is open of one month"),
        "match.agreed_oldest": gettext_noop(
            "it was agreed with {customer} that its money pays the oldest invoices first"
        ),
    }
)

# The readings of the engine that a habit raises, best first.
_RAISED = {"oldest": ("prefix",), "balance": ("balance",)}
_AGREED = ("party_twins", "prefix", "party_oldest")
# Readings beside which nothing is raised: the line may be something else altogether.
_AGAINST = frozenset({"double", "party_tail", "party_tails", "party_near", "amount_only"})


@dataclass(frozen=True, slots=True)
class OpenThen:
    """An invoice, or installment, that was open when a payment came."""

    id: int
    due_date: date


@dataclass(frozen=True, slots=True)
class Seen:
    """A confirmed payment: what it paid of what was open then, what it kept and why, who paid.

    `permille` of a discount, `fee_minor` of a bank's fee, 0 = none; `payer` "" = itself.
    """

    day: date
    paid: frozenset[int]
    open: tuple[OpenThen, ...]
    permille: int = 0
    fee_minor: int = 0
    payer: str = ""


def habits_of(customer_id: int, seen: Sequence[Seen]) -> list[Habit]:
    """What the last confirmed payments of a customer, oldest first, have in common.

    Of each kind the payments that could show it count, back to the first that did otherwise.
    """
    found: list[Habit] = []
    for code, shows in _SHOWS.items():
        days: list[date] = []
        value: object = None
        for each in reversed(seen):
            said = shows(each)
            if said is None:
                continue
            if not said or (value is not None and said != value):
                break
            value = said
            days.append(each.day)
        if len(days) >= LEAST:
            number = value if isinstance(value, int) and not isinstance(value, bool) else 0
            payer = value if isinstance(value, str) else ""
            found.append(Habit(customer_id, code, tuple(reversed(days)), number, payer))
    return found


def habit_said(habit: Habit, currency: str = "EUR") -> Sentence:
    """The habit in words, without its days."""
    values: dict[str, dict[str, Param]] = {
        "discount": {"rate": f"{habit.value / 10:g}"},
        "bank_fee": {"left": Money(habit.value, currency)},
        "group": {"count": habit.value},
        "payer": {"payer": habit.payer},
    }
    return Sentence(f"habit.{habit.code}", values.get(habit.code, {}))


def habit_days(habit: Habit) -> Sentence | date:
    """Its last days, oldest first, as a list in words."""
    said: Sentence | date = habit.days[-1]
    for day in reversed(habit.days[-SHOWN_DAYS:-1]):
        said = Sentence("habit.dates", {"first": day, "rest": said})
    return said


def raised(view: View, hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """The readings, one of them sure when an agreement or a habit of the payer tells it.

    Only where the payer is known, no number of ours is named, no reading is sure already and
    the text speaks of nothing else. Vetoes come after.
    """
    customer_id, book, currency = view.payer, view.book, view.line.currency
    if customer_id is None or not (customer_id in book.terms or customer_id in book.habits):
        return hypotheses
    label = view.line.label
    silent = not view.cited.items and not names_credit(label) and not names_part(label)
    if not silent or any(h.sure or h.kind in _AGAINST for h in hypotheses):
        return hypotheses
    chosen = _told(view, customer_id, hypotheses)
    if chosen is None:
        return hypotheses
    at, told = chosen
    used = {item_id for item_id, _ in told.parts}
    if any(item.id not in used for item, _ in view.hinted(book.open_of(customer_id, currency))):
        return hypotheses  # the text may name another
    return [told, *(each for place, each in enumerate(hypotheses) if place != at)]


def _told(
    view: View, customer_id: int, hypotheses: list[Hypothesis]
) -> tuple[int, Hypothesis] | None:
    """The place (-1 = a new one) and the reading that is told; what was agreed comes first."""
    terms = view.book.terms.get(customer_id)
    habits = view.book.habits.get(customer_id, {})
    own = [(at, h) for at, h in enumerate(hypotheses) if h.customer_id == customer_id]
    if terms and terms.order == "oldest":
        said = Sentence("match.agreed_oldest", {"customer": view.name(customer_id)})
        return _agreed(view, own, said)
    for code in ("discount", "bank_fee"):
        found = [(at, h) for at, h in own if h.reason == code and _same(h, habits.get(code))]
        if len(found) == 1:
            at, hypothesis = found[0]
            return at, _sure(view, hypothesis, habits[code])
    if any(h.reason for _, h in own) or (terms and terms.order == "agreed"):
        return None
    for code, kinds in _RAISED.items():
        for at, hypothesis in own:
            if code in habits and hypothesis.kind in kinds:
                return at, _sure(view, hypothesis, habits[code])
    return next(_of_month(view, customer_id, habits), None)


def _agreed(
    view: View, own: list[tuple[int, Hypothesis]], said: Sentence
) -> tuple[int, Hypothesis] | None:
    if any(h.reason for _, h in own):
        return None  # a rest with a name: a person says whether it is one
    open_items = view.book.open_of(view.payer or 0, view.line.currency)
    for kind in _AGREED:
        for at, hypothesis in own:
            if hypothesis.kind == kind and view.line.amount_minor <= total_of(open_items):
                evidence = (*hypothesis.evidence, said)
                return at, hypothesis._replace(kind="agreed", sure=True, evidence=evidence)
    return None


def _sure(view: View, hypothesis: Hypothesis, habit: Habit) -> Hypothesis:
    said = Sentence(
        "match.habit",
        {
            "habit": habit_said(habit, view.line.currency),
            "count": len(habit.days),
            "dates": habit_days(habit),
        },
    )
    return hypothesis._replace(sure=True, evidence=(*hypothesis.evidence, said))


def _same(hypothesis: Hypothesis, habit: Habit | None) -> bool:
    """Whether what the payer kept is just what it always keeps."""
    if habit is None:
        return False
    kept = sum(amount for _, amount in hypothesis.write_offs)
    if habit.code == "bank_fee":
        return kept == habit.value
    total = kept + sum(amount for _, amount in hypothesis.parts)
    return abs((total * habit.value + 500) // 1000 - kept) <= len(hypothesis.write_offs)


def _of_month(
    view: View, customer_id: int, habits: dict[str, Habit]
) -> Iterator[tuple[int, Hypothesis]]:
    """All that is open of just one month, for a customer that pays so."""
    if "month" not in habits:
        return
    months: dict[tuple[int, int], list[Item]] = {}
    for item in view.book.open_of(customer_id, view.line.currency):
        months.setdefault((item.due_date.year, item.due_date.month), []).append(item)
    sums = [items for items in months.values() if total_of(items) == view.line.amount_minor]
    if len(sums) != 1 or len(sums[0]) < 2:
        return
    confirmed = view.confirmation(customer_id)
    amount = Sentence("match.month", {"amount": view.money(view.line.amount_minor)})
    evidence = (*((confirmed,) if confirmed else ()), exact(view, sums[0]), amount)
    reading = Hypothesis("month", customer_id, evidence, parts=whole(sums[0]))
    yield -1, _sure(view, reading, habits["month"])


# -- what a payment shows: a value, False when it does otherwise, None when it could not --


def _shows_oldest(seen: Seen) -> bool | None:
    left = [each.due_date for each in seen.open if each.id not in seen.paid]
    paid = [each.due_date for each in seen.open if each.id in seen.paid]
    if not left or not paid:
        return None
    return max(paid) <= min(left)


def _shows_balance(seen: Seen) -> bool | None:
    due = {each.id for each in seen.open if each.due_date <= seen.day}
    every = {each.id for each in seen.open}
    if len(every) < 2:
        return None
    return len(seen.paid) > 1 and seen.paid in (due, every)


def _shows_month(seen: Seen) -> bool | None:
    months: dict[tuple[int, int], set[int]] = {}
    for each in seen.open:
        months.setdefault((each.due_date.year, each.due_date.month), set()).add(each.id)
    if len(months) < 2 or all(len(ids) < 2 for ids in months.values()):
        return None
    return len(seen.paid) > 1 and seen.paid in months.values()


def _shows_group(seen: Seen) -> int | None:
    if len(seen.open) <= len(seen.paid):
        return None
    return len(seen.paid) if len(seen.paid) > 1 else 0


_SHOWS: dict[str, Callable[[Seen], bool | int | str | None]] = {
    "oldest": _shows_oldest,
    "balance": _shows_balance,
    "month": _shows_month,
    "discount": lambda seen: seen.permille,
    "bank_fee": lambda seen: seen.fee_minor,
    "group": _shows_group,
    "payer": lambda seen: seen.payer,
}
