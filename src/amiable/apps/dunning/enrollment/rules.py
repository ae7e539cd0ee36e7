"""The rules of assignment as people and files write them: checked, ordered, kept, audited."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.dunning.enrollment.assignment import newest_versions, rules
from amiable.apps.dunning.library.files import plain_yaml
from amiable.apps.dunning.models import AssignmentRule
from amiable.core.scenario import Conditions
from amiable.core.scenario_data import ScenarioError, _plain, _read
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

MAX_RULES = 200
MAX_CHARACTERS = 100_000
# What a rule may ask; the other conditions speak of steps already taken.
RULE_FIELDS = (
    "segments", "kinds", "creditors", "languages", "min_amount_minor", "max_amount_minor",
    "min_score", "max_score",
)  # fmt: skip

declare(
    {
        "rule.unknown_scenario": gettext_noop(
            "{where}: there is no scenario {code}; there are: {known}."
        ),
        "rule.not_found": gettext_noop("This rule does not exist here any more."),
        "rule.too_many": gettext_noop("There are at most {limit} rules."),
        "rule.too_long": gettext_noop("A file of rules has at most {limit} characters."),
        "rule.not_yaml": gettext_noop("The file is not plain YAML: {error}"),
        "rule.empty_range": gettext_noop("{where}: {low} is above {high}."),
    }
)


def conditions_from_data(data: object, *, where: str) -> Conditions:
    """Checked conditions of a rule. Raises ScenarioError with every problem found."""
    problems: list[Sentence] = []
    if isinstance(data, Mapping):
        known = ", ".join(RULE_FIELDS)
        problems = [
            Sentence(
                "scenario.unknown_field", {"where": where, "field": str(name)[:60], "known": known}
            )
            for name in data
            if name not in RULE_FIELDS
        ]
    if not problems:
        conditions = _read(Conditions, data, where, problems)
    if not problems:
        problems = list(_out_of_range(conditions, where))
    if problems:
        raise ScenarioError(*problems)
    return conditions


def rules_parse(text: str) -> object:
    """What a YAML file of rules holds, for rules_set. Raises ScenarioError when it is no YAML."""
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError(Sentence("rule.too_long", {"limit": MAX_CHARACTERS}))
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ScenarioError(Sentence("rule.not_yaml", {"error": "*alias"}))
        return plain_yaml(text)
    except ScenarioError:
        raise
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ScenarioError(Sentence("rule.not_yaml", {"error": str(error)[:300]})) from error


def rules_text(organization_id: int) -> str:
    """The rules as YAML: what rules_parse reads."""
    text: str = yaml.safe_dump(rules_data(organization_id), allow_unicode=True, sort_keys=False)
    return text


@transaction.atomic
def rules_set(organization_id: int, data: object, *, on: date, actor: str) -> tuple[int, ...]:
    """Replace every rule by a list of {"scenario": code, "when": conditions}; returns their ids.

    Raises ScenarioError with every problem found, and then changes nothing.
    """
    wanted = _wanted(organization_id, data)
    AssignmentRule.objects.filter(organization_id=organization_id).delete()
    rows = AssignmentRule.objects.bulk_create(
        AssignmentRule(
            organization_id=organization_id,
            position=number,
            scenario_code=code,
            conditions=_plain(conditions),
        )
        for number, (code, conditions) in enumerate(wanted, 1)
    )
    _tell(organization_id, "rules.set", on, actor, {"rules": rules_data(organization_id)})
    return tuple(row.id for row in rows)


@transaction.atomic
def rule_keep(
    organization_id: int,
    *,
    scenario_code: str,
    conditions: object,
    on: date,
    actor: str,
    rule_id: int | None = None,
) -> int:
    """Add a rule below the others, or change the one of that id in place; returns its id.

    Raises ScenarioError: unknown scenario, wrong conditions, no such rule, too many rules.
    """
    where = "rule"
    read = conditions_from_data(conditions, where=where)
    _known_scenario(newest_versions(organization_id), scenario_code, where)
    rows = AssignmentRule.objects.select_for_update().filter(organization_id=organization_id)
    fields = {"scenario_code": scenario_code, "conditions": _plain(read)}
    if rule_id is not None:
        if not rows.filter(id=rule_id).update(**fields):
            raise ScenarioError(Sentence("rule.not_found"))
    else:
        if rows.count() >= MAX_RULES:
            raise ScenarioError(Sentence("rule.too_many", {"limit": MAX_RULES}))
        last = rows.aggregate(last=Max("position"))["last"] or 0
        row = AssignmentRule.objects.create(
            organization_id=organization_id, position=last + 1, **fields
        )
        rule_id = row.id
    _tell(organization_id, "rule.kept", on, actor, {"rule": rule_id, **fields})
    return rule_id


@transaction.atomic
def rule_remove(organization_id: int, rule_id: int, *, on: date, actor: str) -> bool:
    """Delete a rule; those below move up. False when it is not there."""
    rows = AssignmentRule.objects.filter(organization_id=organization_id)
    row = rows.filter(id=rule_id).first()
    if row is None:
        return False
    row.delete()
    told = {"rule": rule_id, "scenario_code": row.scenario_code, "conditions": row.conditions}
    _tell(organization_id, "rule.removed", on, actor, told)
    return True


@transaction.atomic
def rule_shift(organization_id: int, rule_id: int, *, up: bool, on: date, actor: str) -> bool:
    """Change places with the rule above or below. False at the end of the list."""
    rows = AssignmentRule.objects.select_for_update().filter(organization_id=organization_id)
    ordered = list(rows.order_by("position"))
    at = next((i for i, row in enumerate(ordered) if row.id == rule_id), None)
    other = None if at is None else at + (-1 if up else 1)
    if at is None or other is None or not 0 <= other < len(ordered):
        return False
    ordered[at], ordered[other] = ordered[other], ordered[at]
    # All positions anew, above the present ones: unique at every moment, whatever the database.
    top = max(row.position for row in ordered)
    for base in (top, 0):
        for number, row in enumerate(ordered, 1):
            AssignmentRule.objects.filter(id=row.id).update(position=base + number)
    _tell(organization_id, "rule.moved", on, actor, {"rule": rule_id, "up": up})
    return True


def rules_data(organization_id: int) -> list[dict[str, Any]]:
    """The rules as plain data: what rules_set reads."""
    return [
        {"scenario": rule.scenario_code, "when": _plain(rule.conditions)}
        for rule in rules(organization_id)
    ]


# -- below the surface ---------------------------------------------------------------------------


def _out_of_range(asked: Conditions, where: str) -> Iterator[Sentence]:
    for name, high in (
        ("min_amount_minor", 10**12),
        ("max_amount_minor", 10**12),
        ("min_score", 100),
        ("max_score", 100),
    ):
        value = getattr(asked, name)
        if value is not None and not 0 <= value <= high:
            params: dict[str, Param] = {"field": name, "low": 0, "high": high, "value": value}
            yield Sentence("scenario.range", {"where": where, **params})
    for low, high_name in (("min_amount_minor", "max_amount_minor"), ("min_score", "max_score")):
        least, most = getattr(asked, low), getattr(asked, high_name)
        if least is not None and most is not None and least > most:
            yield Sentence("rule.empty_range", {"where": where, "low": low, "high": high_name})


def _wanted(organization_id: int, data: object) -> list[tuple[str, Conditions]]:
    """Every entry of a list of rules, checked; problems are collected."""
    if not isinstance(data, list):
        params: dict[str, Param] = {"where": "rules", "field": "rules", "expected": "a list"}
        raise ScenarioError(Sentence("scenario.wrong_type", {**params, "value": str(data)[:60]}))
    if len(data) > MAX_RULES:
        raise ScenarioError(Sentence("rule.too_many", {"limit": MAX_RULES}))
    known = newest_versions(organization_id)
    wanted: list[tuple[str, Conditions]] = []
    problems: list[Sentence] = []
    for number, entry in enumerate(data, 1):
        try:
            wanted.append(_entry(known, entry, f"rule {number}"))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(*problems)
    return wanted


def _entry(known: Collection[str], entry: object, where: str) -> tuple[str, Conditions]:
    if not isinstance(entry, Mapping):
        params: dict[str, Param] = {"where": where, "field": where, "expected": "a mapping"}
        raise ScenarioError(Sentence("scenario.wrong_type", {**params, "value": str(entry)[:60]}))
    for name in entry:
        if name not in {"scenario", "when"}:
            params = {"where": where, "field": str(name)[:60], "known": "scenario, when"}
            raise ScenarioError(Sentence("scenario.unknown_field", params))
    code = str(entry.get("scenario", ""))
    _known_scenario(known, code, where)
    return code, conditions_from_data(entry.get("when") or {}, where=where)


def _known_scenario(known: Collection[str], code: str, where: str) -> None:
    if code not in known:
        params: dict[str, Param] = {"where": where, "code": code[:60], "known": ", ".join(known)}
        raise ScenarioError(Sentence("rule.unknown_scenario", params))


def _tell(organization_id: int, kind: str, on: date, actor: str, payload: dict[str, Any]) -> None:
    event_record(organization_id, Happening(kind, on, actor, payload=payload))
