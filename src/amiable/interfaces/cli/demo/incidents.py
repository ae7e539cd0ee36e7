"""What is noted of some customers on purpose, so that every demo shows it: plans, an insolvency, an
address that bounces, an opt-out, pauses, a scenario chosen by hand. Who and when follows the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from amiable.core.workdays import add_workdays, next_workday
from amiable.interfaces.cli.demo import keys, portal
from amiable.interfaces.cli.demo.people import Client
from amiable.interfaces.cli.demo.profiles import USUAL
from amiable.interfaces.cli.demo.story import Books

if TYPE_CHECKING:
    from amiable.apps.insights.customer_file import CustomerFile

MANAGER, COLLECTOR = "Camille Renard", "Inès Boulay"
DIRECTION = "Échéancier en discussion avec la direction"
PROOF = "Preuve de livraison recherchée"
LATE = ("late", "chronic", "never")
BOUNCED = "550 5.1.1 boîte inconnue"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something noted of a customer on a day."""

    on: date
    kind: str
    code: str


def incidents(story: Books) -> list[Incident]:
    """Everything that the story notes, by day."""
    found = [Incident(each.agreed_on, "plan", each.code) for each in story.agreements]
    found += [Incident(on, "insolvent", code) for code, on in story.insolvencies.items()]
    found += _among_the_late(story)
    return sorted(found, key=lambda incident: (incident.on, incident.code, incident.kind))


def note(organization_id: int, story: Books, *, since: date, day: date) -> None:
    """Note what falls after `since`, up to `day`."""
    from amiable.apps.customers.queries import ids_by_code
    from amiable.apps.insights.customer_file import customer_file

    due = [incident for incident in incidents(story) if since < incident.on <= day]
    ids = ids_by_code(organization_id, [incident.code for incident in due])
    for incident in due:
        file = customer_file(organization_id, ids[incident.code], day)
        if file is not None and file.positions and file.case_ids:
            _NOTES[incident.kind](organization_id, story, file, day)


def _among_the_late(story: Books) -> Iterator[Incident]:
    """Trade customers who pay late and can be reached: two bounce, two opt out, and so on."""
    ordinary = [client for client in story.clients.values() if _is_ordinary(client)]
    keys.stream(story.seed, "incidents").shuffle(ordinary)
    ordinary.sort(key=lambda client: client.habit not in LATE)  # a small demo has few of them
    yield from _on_the_page(story, ordinary)
    kinds = ("bounced", "opted_out", "hold", "hold_invoice", "chosen") * 2
    for kind, client in zip(kinds, ordinary, strict=False):
        rng = keys.stream(story.seed, "incident", client.code)
        first, last = _DAYS[kind]
        day = story.run_begins + timedelta(days=rng.randint(first, last))
        yield Incident(next_workday(day), kind, client.code)


def _on_the_page(story: Books, ordinary: list[Client]) -> Iterator[Incident]:
    """Of those who owe something late and pay none of it soon the ones who owe the least, taken out
    of `ordinary`: one contests an invoice, two sign a payment plan (none is offered to who has just
    promised to pay all), the first one small enough that nobody has to approve it."""
    for kind, after in _PAGE_DAYS:
        day = next_workday(story.run_begins + after)
        late = [
            (_owed(story, client, day), client.code, client)
            for client in ordinary
            if _owes_late(story, client, day)
            # What is paid back meanwhile would be missing from the plan.
            and not (kind == "signs_plan" and _paid_twice(story, client))
        ]
        if late:
            *_, client = min(late)
            ordinary.remove(client)
            yield Incident(day, kind, client.code)


def _owes_late(story: Books, client: Client, day: date) -> bool:
    late = [
        bill.number
        for bill in story.bills
        if bill.code == client.code and bill.kind == "invoice" and bill.due < day - LATE_BY
        if story.open_minor(bill, day) >= LEAST_MINOR
    ]
    pays_on = story.next_payment(late, day)
    contested = any(contest.number in late for contest in story.contests)
    return bool(late) and not contested and (pays_on is None or pays_on > day + UNPAID_FOR)


def _paid_twice(story: Books, client: Client) -> bool:
    return any(each.repeats for each in story.payments if each.code == client.code)


def _owed(story: Books, client: Client, day: date) -> int:
    """Cents of its invoices that are open, due or not."""
    bills = (bill for bill in story.bills if bill.code == client.code and bill.issued <= day)
    return sum(story.open_minor(bill, day) for bill in bills if bill.kind == "invoice")


def _is_ordinary(client: Client) -> bool:
    reachable = client.email and client.phone and client.segment == USUAL["company"]
    return bool(reachable and not client.part and client.habit in {*LATE, "slightly_late"})


# Days of the run on which something is done on the payment page; in a small demo there is nobody
# left for the later ones of the list.
_PAGE_DAYS = (
    ("contests", timedelta(days=64)),
    ("signs_plan", timedelta(days=60)),
    ("signs_plan", timedelta(days=62)),
)
LATE_BY, UNPAID_FOR, LEAST_MINOR = timedelta(days=5), timedelta(days=14), 30_000
# First and last day of the run on which each may come; pauses are late enough to last until today.
_DAYS = {
    "bounced": (8, 40), "opted_out": (8, 40), "hold": (52, 66), "hold_invoice": (56, 68),
    "chosen": (25, 50),
}  # fmt: skip


def _plan(organization_id: int, story: Books, file: CustomerFile, on: date) -> None:
    from amiable.apps.cases import services
    from amiable.apps.cases.queries import words_given

    agreed = next(each for each in story.agreements if each.code == file.customer.code)
    case_id = file.case_ids[0]
    given = words_given(organization_id, [case_id], on=on).get(case_id)
    if given is not None and given.plans:
        return
    terms = services.PlanTerms(agreed.amount_minor, agreed.count, agreed.first_on)
    parts = services.plan_schedule(organization_id, case_id, terms, on=on)
    note = "Accord écrit du gérant"
    services.plan_record(
        organization_id, case_id, instalments=parts, on=on, actor=MANAGER, note=note
    )


def _insolvent(organization_id: int, story: Books, file: CustomerFile, on: date) -> None:
    from amiable.apps.cases import services

    since = story.insolvencies[file.customer.code]
    services.customer_fact_set(
        organization_id, file.customer.pk, "insolvent_since", value=since, on=on, actor=MANAGER
    )


def _bounced(organization_id: int, _story: Books, file: CustomerFile, on: date) -> None:
    from amiable.apps.cases import services

    for point in file.points:
        if point.kind == "email":
            services.point_mark(
                organization_id, point.pk, "invalid", on=on, actor=COLLECTOR, reason=BOUNCED
            )


def _opted_out(organization_id: int, _story: Books, file: CustomerFile, on: date) -> None:
    from amiable.apps.cases import services

    for point in file.points:
        if point.kind == "phone":
            services.point_mark(organization_id, point.pk, "opted_out", on=on, actor=COLLECTOR)


def _hold(organization_id: int, _story: Books, file: CustomerFile, on: date) -> None:
    """The whole customer, until somebody lifts it."""
    from amiable.apps.cases import services

    if not file.positions[0].holds:
        services.hold_place(
            organization_id, file.case_ids[0], reason=DIRECTION, on=on, actor=MANAGER
        )


def _hold_invoice(organization_id: int, _story: Books, file: CustomerFile, on: date) -> None:
    """One invoice, for four weeks."""
    from amiable.apps.cases import services

    items = file.positions[0].items
    if items and all(each.hold is None for each in items):
        services.hold_place(
            organization_id, file.case_ids[0], reason=PROOF, on=on, actor=COLLECTOR,
            ends_on=add_workdays(on, 20), installment_id=items[0].item.id,
        )  # fmt: skip


def _chosen(organization_id: int, _story: Books, file: CustomerFile, on: date) -> None:
    from amiable.apps.dunning.enrollment import enrollments

    kinder = enrollments.scenario_id(organization_id, "good-payers")
    if kinder is not None:
        enrollments.enrollment_choose(
            organization_id, file.case_ids[0], scenario_id=kinder, on=on, actor=MANAGER
        )


_NOTES: dict[str, Callable[[int, Books, CustomerFile, date], None]] = {
    "plan": _plan,
    "insolvent": _insolvent,
    "bounced": _bounced,
    "opted_out": _opted_out,
    "hold": _hold,
    "hold_invoice": _hold_invoice,
    "chosen": _chosen,
    "signs_plan": portal.sign_plan,
    "contests": portal.contest,
}
