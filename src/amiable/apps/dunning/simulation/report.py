"""A simulation as one JSON document: the same for the command line and for the page that keeps it.

Amounts are texts in major units; money that a contact costs is in euros, debts in their own
currency. Sentences are rendered by `say`: `str` for people, `Sentence.to_json` to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amiable.apps.dunning.simulation.runs import Simulation
from amiable.apps.dunning.simulation.tally import (
    CHANGES,
    FIRST_CONTACT_DAYS,
    CaseDifference,
    Difference,
    Hindsight,
    Tally,
    UnitCosts,
    Work,
)
from amiable.core.money import major
from amiable.core.scenario import STAGES
from amiable.core.sentences import Sentence
from amiable.core.simulation import SimulatedContact

Say = Callable[[Sentence], Any]
CLASSES = (*(str(limit) for limit in FIRST_CONTACT_DAYS), "more")


def simulation_document(found: Simulation, *, say: Say, contacts: bool) -> dict[str, Any]:
    """The whole result; `contacts` = name the contacts that were kept."""
    asked, scenario = found.asked, found.scenario
    document: dict[str, Any] = {
        "scenario": scenario.code if scenario else "",
        "version": scenario.version if scenario else None,
        "name": scenario.name if scenario else "",
        "kind": found.kind,
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "cases": found.cases,
        "assumptions": [say(sentence) for sentence in found.assumptions],
        "unit_costs": _unit_costs(asked.costs),
        "totals": _totals(found.work.total),
        "days": _days(found.work),
    }
    if found.running is not None and found.difference is not None:
        document["difference"] = _difference(found.running, found.work, found.difference)
    if found.hindsight is not None:
        document |= _hindsight(found.hindsight)
    if contacts:
        document["contacts"] = [_contact(contact, found.numbers, say) for contact in found.contacts]
    return document


def _totals(tally: Tally) -> dict[str, Any]:
    """Sums. `amount` = of each case the largest amount asked, in the currency of most of it."""
    currency = tally.amounts.most_common(1)[0][0] if tally.amounts else "EUR"
    return {
        "contacts": tally.contacts,
        "tasks": tally.tasks,
        "cases": tally.cases,
        "amount": major(tally.amounts[currency], currency),
        "currency": currency,
        "other_amounts": {
            other: major(amount, other)
            for other, amount in sorted(tally.amounts.items())
            if other != currency
        },
        "cost": major(tally.cost_minor),
        "cost_currency": "EUR",
        "minutes": tally.minutes,
        "by_medium": dict(sorted(tally.by_medium.items())),
        "by_stage": _by_stage(tally),
    }


def _days(work: Work) -> list[dict[str, Any]]:
    """The days on which anything happens, in order."""
    return [
        {
            "date": day.isoformat(),
            "contacts": tally.contacts,
            "tasks": tally.tasks,
            "cases": tally.cases,
            "by_medium": dict(sorted(tally.by_medium.items())),
            "by_stage": _by_stage(tally),
            "cost": major(tally.cost_minor),
            "minutes": tally.minutes,
        }
        for day, tally in sorted(work.days.items())
    ]


def _by_stage(tally: Tally) -> dict[str, int]:
    return {stage: tally.by_stage[stage] for stage in STAGES if tally.by_stage[stage]}


def _difference(running: Work, simulated: Work, difference: Difference) -> dict[str, Any]:
    """From the running scenarios to the simulated one; "more" is more under the simulated one."""
    before, after = running.total, simulated.total
    media = sorted(before.by_medium.keys() | after.by_medium.keys())
    return {
        "against": "running",
        "compared": difference.compared,
        "same": difference.same,
        **{change: difference.cases[change] for change in CHANGES},
        "running": _totals(before),
        "contacts": after.contacts - before.contacts,
        "tasks": after.tasks - before.tasks,
        "cost": major(after.cost_minor - before.cost_minor),
        "minutes": after.minutes - before.minutes,
        "by_medium": {
            medium: after.by_medium[medium] - before.by_medium[medium] for medium in media
        },
        "cases": [_changed(row) for row in difference.rows],
    }


def _changed(row: CaseDifference) -> dict[str, Any]:
    return {
        "case": row.case_id,
        "customer_id": row.customer_id,
        "customer": row.customer_name,
        "changes": list(row.changes),
        "contacts": list(row.contacts),
        "first": [day.isoformat() if day else None for day in row.first_on],
        "stage": list(row.stage),
    }


def _hindsight(found: Hindsight) -> dict[str, Any]:
    share = round(1000 * found.paid_soon / found.followed) if found.followed else None
    return {
        "had_paid": found.had_paid,
        "had_paid_known": found.had_paid_known,
        "paid_anyway_7d": {
            "contacts": found.paid_soon,
            "of": found.followed,
            "share_pct": None if share is None else f"{share // 10}.{share % 10}",
            "calls": found.calls_paid_soon,
            "minutes": found.minutes_paid_soon,
        },
        "first_contact_days_late": {
            name: found.first_contacts[index] for index, name in enumerate(CLASSES)
        },
    }


def _contact(contact: SimulatedContact, numbers: Mapping[int, str], say: Say) -> dict[str, Any]:
    return {
        "date": contact.day.isoformat(),
        "case": contact.case_id,
        "customer_id": contact.customer_id,
        "customer": contact.customer_name,
        "step": contact.step,
        "medium": contact.medium,
        "stage": contact.stage,
        "approval": contact.approval,
        "amount": major(contact.amount_minor, contact.currency),
        "currency": contact.currency,
        "invoices": [numbers[item.id] for item in contact.items if item.id in numbers],
        "reasons": [say(reason) for reason in contact.reasons],
    }


def _unit_costs(costs: UnitCosts) -> dict[str, Any]:
    return {
        "cost": {medium: major(minor) for medium, minor in sorted(costs.cost_minor.items())},
        "minutes": dict(sorted(costs.minutes.items())),
    }
