"""The rules of assignment as people and files write them: checked, ordered, kept, audited."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.dunning.enrollment.assignment import known_traits, newest_versions, rules
from amiable.apps.dunning.library.files import plain_yaml, text_of
from amiable.apps.dunning.library.reading import error_located
from amiable.apps.dunning.models import AssignmentRule
from amiable.core.scenario import Conditions
from amiable.core.scenario_data import ScenarioError, _plain, _read
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

MAX_RULES = 200
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
        "rule.at_rules": gettext_noop("the rules"),
        "rule.at_rule": gettext_noop("the rule"),
        "rule.at_number": gettext_noop("rule {number}"),
        "rule.no_list": gettext_noop("A file of rules is a list of rules, not {value}."),
        "rule.nobody": gettext_noop(
            "{where}: no customer has {value} in {field} yet; there are: {known}."
        ),
        "rule.empty_range": gettext_noop("{where}: {low} is above {high}."),
        "remedy.rule.unknown_scenario": gettext_noop(
            "Choose one of the scenarios named, or import that scenario first."
        ),
        "remedy.rule.not_found": gettext_noop("Look at the list of rules again."),
        "remedy.rule.too_many": gettext_noop("Join rules that give the same scenario."),
        "remedy.rule.no_list": gettext_noop("Write it in the shape that exported rules have."),
        "remedy.rule.empty_range": gettext_noop("Correct one of the two."),
    }
)


def conditions_from_data(data: object, *, where: Sentence) -> Conditions:
    """Checked conditions of a rule. Raises ScenarioError with every problem found."""
    problems: list[Sentence] = []
    place: Sentence = Sentence("scenario.at_part", {"where": where, "part": "when"})
    if isinstance(data, Mapping):
        problems = list(_unknown(data, place, RULE_FIELDS))
    if not problems:
        conditions = _read(Conditions, data, place, problems)
    if not problems:
        problems = list(_out_of_range(conditions, place))
    if problems:
        raise ScenarioError(*problems)
    return conditions


def rules_file_set(
    organization_id: int, content: bytes, *, on: date, actor: str
) -> tuple[int, ...]:
    """Replace every rule by those of a YAML file; returns their ids.

    Raises ScenarioError with every problem and its line, and then changes nothing.
    """
    text = text_of(content)
    try:
        return rules_set(organization_id, plain_yaml(text), on=on, actor=actor)
    except ScenarioError as error:
        raise error_located(error, text) from error


def rules_text(organization_id: int) -> str:
    """The rules as YAML: what rules_file_set reads."""
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
    where = Sentence("rule.at_rule")
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


def rules_unmet(organization_id: int) -> list[Sentence]:
    """Segments, creditors and languages that rules ask for and no customer has: they may come with
    the next import, or be written otherwise there."""
    known = known_traits(organization_id)
    there = {
        "segments": known.segments,
        "creditors": tuple(code for code, _ in known.creditors),
        "languages": known.languages,
    }
    return [
        Sentence(
            "rule.nobody",
            {
                "where": Sentence("rule.at_number", {"number": rule.position}),
                "field": name,
                "value": value,
                "known": ", ".join(values[:20]) or "-",
            },
        )
        for rule in rules(organization_id)
        for name, values in there.items()
        for value in getattr(rule.conditions, name)
        if value not in values
    ]


# -- below the surface ---------------------------------------------------------------------------


def _unknown(
    data: Mapping[Any, Any], where: Sentence, known: Collection[str]
) -> Iterator[Sentence]:
    for name in data:
        if name not in known:
            params: dict[str, Param] = {"where": where, "field": str(name)[:60]}
            yield Sentence("scenario.unknown_field", {**params, "known": ", ".join(known)})


def _out_of_range(asked: Conditions, where: Sentence) -> Iterator[Sentence]:
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
            params = {"where": where, "field": low, "low": low, "high": high_name}
            yield Sentence("rule.empty_range", params)


def _wanted(organization_id: int, data: object) -> list[tuple[str, Conditions]]:
    """Every entry of a list of rules, checked; problems are collected."""
    if not isinstance(data, list):
        value = "nothing" if data is None else str(data)[:60]
        raise ScenarioError(Sentence("rule.no_list", {"value": value}))
    if len(data) > MAX_RULES:
        raise ScenarioError(Sentence("rule.too_many", {"limit": MAX_RULES}))
    known = newest_versions(organization_id)
    wanted: list[tuple[str, Conditions]] = []
    problems: list[Sentence] = []
    for number, entry in enumerate(data, 1):
        where = Sentence("rule.at_number", {"number": number})
        try:
            wanted.append(_entry(known, entry, where))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(*problems)
    return wanted


def _entry(known: Collection[str], entry: object, where: Sentence) -> tuple[str, Conditions]:
    """A rule as files write it; a rule without `when` is for everybody."""
    if not isinstance(entry, Mapping):
        params: dict[str, Param] = {"where": where, "value": str(entry)[:60]}
        raise ScenarioError(Sentence("scenario.no_mapping", params))
    problems = list(_unknown(entry, where, ("scenario", "when")))
    code, when = entry.get("scenario"), entry.get("when")
    if code is None:
        problems.append(Sentence("scenario.missing", {"where": where, "field": "scenario"}))
    try:
        if code is not None:
            _known_scenario(known, str(code), where)
    except ScenarioError as error:
        problems += error.problems
    try:
        conditions = conditions_from_data({} if when is None else when, where=where)
    except ScenarioError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(*problems)
    return str(code), conditions


def _known_scenario(known: Collection[str], code: str, where: Sentence) -> None:
    if code not in known:
        params: dict[str, Param] = {"where": where, "field": "scenario", "code": code[:60]}
        raise ScenarioError(
            Sentence("rule.unknown_scenario", {**params, "known": ", ".join(known)})
        )


def _tell(organization_id: int, kind: str, on: date, actor: str, payload: dict[str, Any]) -> None:
    event_record(organization_id, Happening(kind, on, actor, payload=payload))
