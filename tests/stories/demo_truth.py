"""What a demo did, judged by the generator's own truth.json: each function gives what was wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.cases.queries import words_given
from amiable.apps.dunning.models import ActionItem
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances


@dataclass(frozen=True, slots=True)
class Spoken:
    """An invoice that a message or a call asked for. `on` = the day it left, or was called."""

    action: int
    case: int
    customer: int
    code: str
    installment: int
    number: str
    on: date
    medium: str
    stage: str
    asked_minor: int


def spoken() -> list[Spoken]:
    """Every invoice that was asked for, message by message and call by call."""
    reached = Q(action__message__isnull=False) | Q(action__medium="phone")
    rows = ActionItem.objects.filter(reached, action__state="done").exclude(step="")
    return [
        Spoken(*row[:6], on=row[6] or row[7], medium=row[8], stage=row[9], asked_minor=row[10])
        for row in rows.values_list(
            "action_id", "action__case_id", "action__case__customer_id",
            "action__case__customer__code", "installment_id", "installment__invoice__number",
            "action__message__on_date", "action__closed_on", "action__medium", "action__stage",
            "open_minor",
        )
    ]  # fmt: skip


def wrong_posts(truth: dict) -> list[tuple]:
    """Automatic posts to another customer or invoice than the money paid."""
    numbers = dict(Installment.objects.values_list("id", "invoice__number"))
    wrong = []
    # A payout is of no customer; what is collected by direct debit is no part of the story.
    known = automatic_posts().filter(
        customer__isnull=False, line__record__bank_reference__in=[*truth["lines"]]
    )
    for match in known.select_related("line", "customer"):
        said = truth["lines"][match.line.record["bank_reference"]]
        paid = {numbers[part["installment"]] for part in match.allocations}
        if match.customer.code != said["customer"]:
            wrong.append((match.line.label, match.customer.code, said))
        elif said["amount"][0] != "-" and not paid <= {*said["pays"], *said["repeats"]}:
            wrong.append((match.line.label, paid, said))
    return wrong


def automatic_posts():
    """What matching posted without a person."""
    return Match.objects.filter(state="posted", decided_by="amiable")


def customers_lines(truth: dict) -> int:
    """Bank lines that customers caused."""
    lines = StatementLine.objects.all()
    told = (truth["lines"].get(line.record["bank_reference"], {}) for line in lines)
    return sum(bool(each.get("customer")) for each in told)


def asked_although_paid(truth: dict) -> list[Spoken]:
    """Invoices asked for after they were paid, by money that a statement had told."""
    paid = {number: facts["paid_on"] for number, facts in truth["invoices"].items()}
    return [s for s in spoken() if paid[s.number] and date.fromisoformat(paid[s.number]) < s.on]


def asked_although_insolvent(truth: dict) -> list[Spoken]:
    """Customers reached although a proceeding had opened."""
    since = truth["insolvent"]
    return [s for s in spoken() if s.code in since and date.fromisoformat(since[s.code]) < s.on]


def asked_although_disputed() -> list[Spoken]:
    """Invoices asked for while all of them was disputed."""
    whole = defaultdict(list)
    for dispute in Dispute.objects.filter(amount_minor=None):
        whole[dispute.installment_id].append((dispute.opened_on, dispute.closed_on or date.max))
    return [s for s in spoken() if any(a < s.on < b for a, b in whole[s.installment])]


def asked_although_held() -> list[Spoken]:
    """Invoices asked for during a pause of the customer, or of the invoice."""
    pauses = defaultdict(list)
    for hold in Hold.objects.all():
        pauses[hold.case_id, hold.installment_id].append((hold.starts_on, hold.ends_on or date.max))
    return [
        s
        for s in spoken()
        for first, last in pauses[s.case, None] + pauses[s.case, s.installment]
        if first < s.on <= last
    ]


def asked_although_promised() -> list[tuple]:
    """Messages that ask for more than what is owed, less what is promised and disputed."""
    return [found for message in _messages() if (found := _too_much(message))]


def _messages() -> Iterator[list[Spoken]]:
    """The messages of cases in which something was promised."""
    cases = set(Promise.objects.values_list("case_id", flat=True))
    by_action = defaultdict(list)
    for each in spoken():
        if each.case in cases and each.medium != "phone":
            by_action[each.action].append(each)
    yield from by_action.values()


def _too_much(message: list[Spoken]) -> tuple | None:
    on, case = message[0].on, message[0].case
    given = words_given(Promise.objects.first().organization_id, [case], on=on).get(case)
    running = [s for s in given.standings if s.state == "running" and s.promise.made_on < on] if (
        given
    ) else []  # fmt: skip
    if not running:
        return None
    made_on = max(s.promise.made_on for s in running)
    known = Installment.objects.filter(
        customer_id=message[0].customer, invoice__issue_date__lte=made_on
    )
    if message[0].stage != "preventive":
        known = known.filter(due_date__lt=on)
    ids = set(known.values_list("id", flat=True))
    # What is decided on a day comes from the statements of the day before.
    owed = installment_balances(
        Promise.objects.first().organization_id, ids, as_of=on - timedelta(days=1)
    )
    promised = sum(s.remaining_minor for s in running)
    disputed = sum(_disputed(ids, on, owed))
    asked = sum(each.asked_minor for each in message if each.installment in ids)
    free = max(0, sum(owed.values()) - disputed - promised)
    return (message, asked, free) if asked > free else None


def _disputed(ids: set[int], on: date, owed: dict[int, int]) -> Iterator[int]:
    opened = Dispute.objects.filter(installment_id__in=ids, opened_on__lte=on)
    for dispute in opened.filter(Q(closed_on=None) | Q(closed_on__gt=on)):
        whole = owed[dispute.installment_id]
        yield whole if dispute.amount_minor is None else min(whole, dispute.amount_minor)
