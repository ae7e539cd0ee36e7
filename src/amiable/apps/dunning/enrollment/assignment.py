"""Which scenario a new case starts on: ordered rules, the first whose conditions hold decides.

Rules speak of what is known before any contact: segment, kind, creditor, language, score, and
everything open of the case. Evaluated for many cases at once, in a fixed number of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from amiable.apps.cases.models import Case
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.models import AssignmentRule, Scenario
from amiable.apps.receivables.queries import open_items
from amiable.apps.tenants.models import Creditor
from amiable.core.money import Money
from amiable.core.scenario import Conditions
from amiable.core.scenario_data import ScenarioError, _read
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "enroll.rule": gettext_noop("Rule {position}: {what}"),
        "enroll.default": gettext_noop("Default scenario"),
        "rule.everyone": gettext_noop("every customer"),
        "rule.and": gettext_noop("{first}, {second}"),
        "rule.or": gettext_noop("{first} or {second}"),
        "rule.segments": gettext_noop("segment {values}"),
        "rule.creditors": gettext_noop("creditor {values}"),
        "rule.languages": gettext_noop("language {values}"),
        "rule.company": gettext_noop("company"),
        "rule.consumer": gettext_noop("consumer"),
        "rule.public": gettext_noop("public body"),
        "rule.min_amount": gettext_noop("at least {amount} open"),
        "rule.max_amount": gettext_noop("at most {amount} open"),
        "rule.min_score": gettext_noop("score of {score} or more"),
        "rule.max_score": gettext_noop("score of {score} or less"),
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is applied. `position` counts from 1."""

    id: int
    position: int
    scenario_code: str
    conditions: Conditions

    def sentence(self, currency: str = "EUR") -> Sentence:
        """What it asks, in words."""
        return conditions_sentence(self.conditions, currency)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a rule looks at. `amount_minor` = everything open of the case, in its currency."""

    kind: str
    segment: str
    creditor: str
    language: str
    score: int | None
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Known:
    """What customers have that a rule may ask for: segments, creditors (code, name), languages."""

    segments: tuple[str, ...]
    creditors: tuple[tuple[str, str], ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """The scenario version a case belongs on, and why."""

    scenario_id: int
    why: Sentence


def rules(organization_id: int) -> list[Rule]:
    """Every rule, in order."""
    rows = AssignmentRule.objects.filter(organization_id=organization_id).order_by("position")
    return [
        Rule(row.id, number, row.scenario_code, _stored(row.conditions))
        for number, row in enumerate(rows, 1)
    ]


def rules_assign(
    organization_id: int, case_ids: Collection[int], *, default_id: int
) -> dict[int, Assigned]:
    """What the rules say of each case: one query when there is no rule, four more when there are.

    Without a rule that holds, the scenario `default_id`.
    """
    by_default = Assigned(default_id, Sentence("enroll.default"))
    found = rules(organization_id) if case_ids else []
    if not found:
        return dict.fromkeys(case_ids, by_default)
    newest = newest_versions(organization_id)
    return {
        case_id: _assigned(found, newest, traits) or by_default
        for case_id, traits in case_traits(organization_id, case_ids).items()
    }


def newest_versions(organization_id: int) -> dict[str, int]:
    """The id of the newest version of each scenario, by code."""
    rows = Scenario.objects.filter(organization_id=organization_id).order_by("version")
    return dict(rows.values_list("code", "id"))


def case_traits(organization_id: int, case_ids: Collection[int]) -> dict[int, Traits]:
    """What the rules look at, by case: two queries."""
    rows = list(
        Case.objects.filter(organization_id=organization_id, id__among=case_ids).values_list(
            "id", "customer_id", "currency", "customer__kind", "customer__segment",
            "customer__creditor__code", "customer__language", "customer__score",
        )
    )  # fmt: skip
    amounts: dict[tuple[int, str], int] = defaultdict(int)
    for item in open_items(organization_id, {row[1] for row in rows}):
        amounts[item.customer_id, item.currency] += item.open_minor
    return {
        row[0]: Traits(
            kind=row[3],
            segment=row[4],
            creditor=row[5],
            language=row[6],
            score=row[7],
            currency=row[2],
            amount_minor=amounts[row[1], row[2]],
        )
        for row in rows
    }


def known_traits(organization_id: int) -> Known:
    """The segments, creditors and languages in use, to choose from."""
    rows = Customer.objects.filter(organization_id=organization_id).order_by()
    creditors = Creditor.objects.filter(organization_id=organization_id).order_by("name")
    return Known(
        segments=_distinct(rows, "segment"),
        creditors=tuple(creditors.values_list("code", "name")),
        languages=_distinct(rows, "language"),
    )


def rule_holds(asked: Conditions, traits: Traits) -> bool:
    """Whether every condition of a rule holds; an unknown score is in no range."""
    for wanted, value in (
        (asked.segments, traits.segment),
        (asked.kinds, traits.kind),
        (asked.creditors, traits.creditor),
        (asked.languages, traits.language),
    ):
        if wanted and value not in wanted:
            return False
    amounts = (asked.min_amount_minor or None, asked.max_amount_minor)
    return _inside(traits.amount_minor, *amounts) and _inside(
        traits.score, asked.min_score, asked.max_score
    )


def conditions_sentence(asked: Conditions, currency: str = "EUR") -> Sentence:
    """Conditions of a rule as one Sentence; amounts shown in `currency`."""
    return _folded("rule.and", _parts(asked, currency)) or Sentence("rule.everyone")


def _distinct(rows: QuerySet[Customer], name: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, rows.values_list(name, flat=True).distinct())))


def _assigned(found: list[Rule], newest: Mapping[str, int], traits: Traits) -> Assigned | None:
    for rule in found:
        if rule_holds(rule.conditions, traits) and rule.scenario_code in newest:
            what = rule.sentence(traits.currency)
            why = Sentence("enroll.rule", {"position": rule.position, "what": what})
            return Assigned(newest[rule.scenario_code], why)
    return None


def _inside(value: int | None, low: int | None, high: int | None) -> bool:
    if low is None and high is None:
        return True
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _stored(data: dict[str, Any]) -> Conditions:
    problems: list[Sentence] = []
    read: Conditions | None = _read(Conditions, data, Sentence("rule.at_rule"), problems)
    if read is None:
        raise ScenarioError(*problems)
    return read


def _parts(asked: Conditions, currency: str) -> Iterator[Sentence]:
    if asked.kinds:
        kinds = _folded("rule.or", [Sentence(f"rule.{kind}") for kind in asked.kinds])
        if kinds:
            yield kinds
    for name in ("segments", "creditors", "languages"):
        values = getattr(asked, name)
        if values:
            yield Sentence(f"rule.{name}", {"values": ", ".join(values)})
    if asked.min_amount_minor:
        yield Sentence("rule.min_amount", {"amount": Money(asked.min_amount_minor, currency)})
    if asked.max_amount_minor is not None:
        yield Sentence("rule.max_amount", {"amount": Money(asked.max_amount_minor, currency)})
    if asked.min_score is not None:
        yield Sentence("rule.min_score", {"score": asked.min_score})
    if asked.max_score is not None:
        yield Sentence("rule.max_score", {"score": asked.max_score})


def _folded(code: str, parts: Iterable[Sentence]) -> Sentence | None:
    """Several sentences as one, two by two."""
    whole: Sentence | None = None
    for part in parts:
        whole = part if whole is None else Sentence(code, {"first": whole, "second": part})
    return whole
