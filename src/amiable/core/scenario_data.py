"""A scenario as plain data (JSON, YAML): written, read back, checked, and described by a schema.

The shape is derived from the dataclasses of core.scenario, so that the two cannot differ. Every
problem is a Sentence that names the step, the field and what would do.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from amiable.core.scenario import EVENTS, Course, Scenario, Step
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "scenario.at_scenario": gettext_noop("the scenario"),
        "scenario.at_step": gettext_noop("step {step}"),
        "scenario.at_number": gettext_noop("step number {number}"),
        "scenario.at_part": gettext_noop("{where}, {part}"),
        "scenario.a_list": gettext_noop("a list"),
        "scenario.a_number": gettext_noop("a whole number"),
        "scenario.a_truth": gettext_noop("true or false"),
        "scenario.a_text": gettext_noop("text"),
        "scenario.unknown_field": gettext_noop(
            "{where}: there is no field {field} here; the fields are {known}."
        ),
        "scenario.no_mapping": gettext_noop(
            "{where}: fields with their values are expected here, not {value}."
        ),
        "scenario.missing": gettext_noop("{where}: {field} is missing."),
        "scenario.not_one_of": gettext_noop(
            "{where}: {field} cannot be {value}; it is one of {known}."
        ),
        "scenario.wrong_type": gettext_noop("{where}: {field} must be {expected}, not {value}."),
        "scenario.no_steps": gettext_noop("A scenario needs at least one step."),
        "scenario.same_code": gettext_noop("{where}: another step has the same code."),
        "scenario.bad_code": gettext_noop(
            "{where}: a code has 1 to 60 letters, digits, - and _, without spaces or accents."
        ),
        "scenario.order": gettext_noop(
            "{where}: steps stand in order of their days, one step a day; this one is not after "
            "the one before it."
        ),
        "scenario.catch_up_step": gettext_noop(
            "The catch-up step {step} is not a step that counts from a date."
        ),
        "scenario.accompanies": gettext_noop(
            "{where}: it accompanies {step}, which is not a step with a day of its own."
        ),
        "scenario.preventive": gettext_noop(
            "{where}: preventive means before the due date, and only that."
        ),
        "scenario.formal_approval": gettext_noop(
            "{where}: a formal notice needs a person's approval, one by one."
        ),
        "scenario.task": gettext_noop(
            "{where}: a task has no template, no recipient and no fallback."
        ),
        "scenario.template": gettext_noop("{where}: a message needs a template."),
        "scenario.window": gettext_noop(
            "{where}: the sending window is empty: it needs a day and an hour, from 0 to 24."
        ),
        "scenario.previous": gettext_noop(
            "{where}: the first step of a course has no step before it to count from."
        ),
        "scenario.receipt": gettext_noop(
            "{where}: it waits for the receipt of a formal notice, and none comes before it."
        ),
        "scenario.before_event": gettext_noop(
            "{where}: only a step that counts from a date of the invoice can come before it."
        ),
        "scenario.tries": gettext_noop("{where}: only a call is tried again."),
        "scenario.range": gettext_noop(
            "{where}: {field} must be between {low} and {high}, not {value}."
        ),
    }
)

_SCENARIO_WHERE = Sentence("scenario.at_scenario")


class ScenarioError(ValueError):
    """A definition that does not make a scenario; `problems` says all that is wrong.

    `scenario` = what could be read of it, when every value has its type.
    """

    def __init__(self, *problems: Sentence, scenario: Scenario | None = None) -> None:
        super().__init__(" ".join(map(str, problems)))
        self.problems = problems
        self.scenario = scenario


def scenario_to_json(scenario: Scenario) -> dict[str, Any]:
    """Plain data without what is the default; the inverse of scenario_from_json."""
    data: dict[str, Any] = _plain(scenario)
    return data


def scenario_from_json(data: object) -> Scenario:
    """A checked scenario. Raises ScenarioError with every problem found."""
    problems: list[Sentence] = []
    scenario = _read(Scenario, data, _SCENARIO_WHERE, problems)
    if problems or not isinstance(scenario, Scenario):
        raise ScenarioError(*problems)
    problems += scenario_problems(scenario)
    if problems:
        raise ScenarioError(*problems, scenario=scenario)
    return scenario


def scenario_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a scenario file, in which the version may be left out."""
    schema = _schema(Scenario)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Dunning scenario",
        **schema,
        "required": [name for name in schema["required"] if name != "version"],
    }


def scenario_problems(scenario: Scenario) -> list[Sentence]:
    """What makes a well-formed scenario unusable, step by step; empty when nothing does."""
    if not scenario.steps:
        return [Sentence("scenario.no_steps")]
    problems = [problem for rule in _RULES for problem in rule(scenario)]
    for event in ("", *EVENTS):
        problems += _order(scenario.course(event))
    return problems


def step_label(step: Step) -> Sentence:
    """How problems name a step."""
    return Sentence("scenario.at_step", {"step": step.code})


# -- rules of a whole scenario -------------------------------------------------------------------


def _codes(scenario: Scenario) -> Iterator[Sentence]:
    seen: set[str] = set()
    named = [(_SCENARIO_WHERE, scenario.code)]
    named += [(step_label(step), step.code) for step in scenario.steps]
    for where, code in named:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", code):
            yield Sentence("scenario.bad_code", {"where": where})
    for step in scenario.steps:
        if step.code in seen:
            yield Sentence("scenario.same_code", {"where": step_label(step)})
        seen.add(step.code)


def _catch_up(scenario: Scenario) -> Iterator[Sentence]:
    known = scenario.course().position
    if scenario.catch_up_step and scenario.catch_up_step not in known:
        yield Sentence("scenario.catch_up_step", {"step": scenario.catch_up_step})


def _companions(scenario: Scenario) -> Iterator[Sentence]:
    for step in scenario.steps:
        main = scenario.by_code.get(step.accompanies)
        if step.accompanies and (main is None or main.accompanies):
            params: dict[str, Param] = {"where": step_label(step), "step": step.accompanies}
            yield Sentence("scenario.accompanies", params)


def _tone(scenario: Scenario) -> Iterator[Sentence]:
    for step in scenario.steps:
        where = {"where": step_label(step)}
        early = step.anchor == "due_date" and step.offset_days < 0
        early = early or (step.anchor == "issue_date" and step.stage == "preventive")
        if not step.accompanies and (step.stage == "preventive") != early:
            yield Sentence("scenario.preventive", where)
        if step.stage == "formal" and step.approval != "manual":
            yield Sentence("scenario.formal_approval", where)
        if step.anchor not in {"due_date", "issue_date"} and step.offset_days < 0:
            yield Sentence("scenario.before_event", where)


def _media(scenario: Scenario) -> Iterator[Sentence]:
    for step in scenario.steps:
        where = {"where": step_label(step)}
        if step.medium == "task" and (step.template or step.fallback or step.recipients):
            yield Sentence("scenario.task", where)
        if step.medium not in {"task", "phone"} and not step.template:
            yield Sentence("scenario.template", where)
        window = step.window
        if not window.weekdays or not 0 <= window.from_hour < window.until_hour <= 24:
            yield Sentence("scenario.window", where)
        if step.tries and "phone" not in (step.medium, *step.fallback):
            yield Sentence("scenario.tries", where)


def _anchors(scenario: Scenario) -> Iterator[Sentence]:
    for event in ("", *EVENTS):
        formal = False
        for index, step in enumerate(scenario.course(event).steps):
            if step.anchor == "previous_step" and index == 0:
                yield Sentence("scenario.previous", {"where": step_label(step)})
            if step.anchor == "formal_notice_received" and not formal:
                yield Sentence("scenario.receipt", {"where": step_label(step)})
            formal = formal or step.stage == "formal"


_LIMITS = {
    "min_gap_days": (0, 90),
    "regroup_days": (0, 90),
    "deadline_days": (1, 120),
    "event_days": (0, 365),
    "min_amount_minor": (0, 10**12),
    "approval_above_minor": (0, 10**12),
}

_STEP_LIMITS = {"offset_days": (-365, 3650), "tries": (0, 9)}


def _ranges(scenario: Scenario) -> Iterator[Sentence]:
    for name, (low, high) in _LIMITS.items():
        value = getattr(scenario, name)
        if value is not None and not low <= value <= high:
            params: dict[str, Param] = {"field": name, "low": low, "high": high, "value": value}
            yield Sentence("scenario.range", {"where": _SCENARIO_WHERE, **params})
    for step in scenario.steps:
        for name, (low, high) in _STEP_LIMITS.items():
            value = getattr(step, name)
            if not low <= value <= high:
                params = {"field": name, "low": low, "high": high, "value": value}
                yield Sentence("scenario.range", {"where": step_label(step), **params})


_RULES: tuple[Callable[[Scenario], Iterator[Sentence]], ...] = (
    _codes, _catch_up, _companions, _tone, _media, _anchors, _ranges,
)  # fmt: skip


def _order(course: Course) -> Iterator[Sentence]:
    """Offsets from one anchor in one kind of days increase along the course."""
    last: dict[tuple[str, str], int] = {}
    for step in course.steps:
        if step.anchor == "previous_step":
            continue
        key = (step.anchor, step.days)
        if key in last and step.offset_days <= last[key]:
            yield Sentence("scenario.order", {"where": step_label(step)})
        last[key] = step.offset_days


# -- plain data from and to dataclasses ----------------------------------------------------------


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            f.name: _plain(getattr(value, f.name))
            for f in fields(value)
            if f.init and (getattr(value, f.name) != f.default or f.name == "version")
        }
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: type, data: object, where: Sentence, problems: list[Sentence]) -> Any:
    """An instance of a dataclass from a mapping; problems are collected, not raised."""
    if not isinstance(data, Mapping):
        params: dict[str, Param] = {"where": where, "value": _shown(data)}
        problems.append(Sentence("scenario.no_mapping", params))
        return None
    known: dict[str, Field[Any]] = {f.name: f for f in fields(kind) if f.init}
    for name in data:
        if name not in known:
            params = {
                "where": where,
                "field": _shown(name),
                "known": ", ".join(known),
            }
            problems.append(Sentence("scenario.unknown_field", params))
    values = {}
    before = len(problems)
    for name, described in known.items():
        if name in data:
            values[name] = _value(_hints(kind)[name], data[name], where, name, problems)
        elif described.default is MISSING and described.default_factory is MISSING:
            problems.append(Sentence("scenario.missing", {"where": where, "field": name}))
    return kind(**values) if len(problems) == before else None


_EXPECTED = {int: "scenario.a_number", bool: "scenario.a_truth"}


def _value(hint: Any, value: object, where: Sentence, name: str, problems: list[Sentence]) -> Any:
    """A value of the wanted type; JSON and YAML tell `7` from `"7"`, and so do we."""
    if get_origin(hint) in {Union, types.UnionType}:
        if value is None:
            return None
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        return _values(get_args(hint)[0], value, where, name, problems)
    if is_dataclass(hint):
        place = Sentence("scenario.at_part", {"where": where, "part": name})
        return _read(hint, value, place, problems)  # type: ignore[arg-type]  # a class here
    if get_origin(hint) is Literal:
        known = get_args(hint)
        if value not in known or not isinstance(value, str):
            shown = ", ".join(each or '""' for each in known)
            params: dict[str, Param] = {
                "where": where,
                "field": name,
                "value": _shown(value),
                "known": shown,
            }
            problems.append(Sentence("scenario.not_one_of", params))
        return value
    if type(value) is not hint:
        expected = _EXPECTED.get(hint, "scenario.a_text")
        params = {
            "where": where,
            "field": name,
            "expected": Sentence(expected),
            "value": _shown(value),
        }
        problems.append(Sentence("scenario.wrong_type", params))
    return value


def _values(hint: Any, value: object, where: Sentence, name: str, problems: list[Sentence]) -> Any:
    if not isinstance(value, (list, tuple)):
        params: dict[str, Param] = {
            "where": where,
            "field": name,
            "expected": Sentence("scenario.a_list"),
            "value": _shown(value),
        }
        problems.append(Sentence("scenario.wrong_type", params))
        return ()
    found = []
    for number, each in enumerate(value, 1):
        place = where
        if hint is Step:
            code = each.get("code") if isinstance(each, Mapping) else None
            named = isinstance(code, str) and code
            place = Sentence("scenario.at_number", {"number": number})
            place = Sentence("scenario.at_step", {"step": _shown(code)}) if named else place
            found.append(_read(Step, each, place, problems))
        else:
            found.append(_value(hint, each, place, name, problems))
    return tuple(found)


def _shown(value: object) -> str:
    return str(value)[:60]


# -- schema --------------------------------------------------------------------------------------


def _schema(hint: Any) -> dict[str, Any]:
    if is_dataclass(hint):
        return _object_schema(hint)  # type: ignore[arg-type]  # a class here
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if get_origin(hint) in {Union, types.UnionType}:
        inner = next(each for each in get_args(hint) if each is not type(None))
        return {"anyOf": [_schema(inner), {"type": "null"}]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    return {"type": {int: "integer", bool: "boolean", str: "string"}[hint]}


def _object_schema(kind: type) -> dict[str, Any]:
    described = [f for f in fields(kind) if f.init]
    properties = {}
    for f in described:
        properties[f.name] = _schema(_hints(kind)[f.name])
        if f.default is not MISSING and not is_dataclass(f.default):
            default = f.default
            properties[f.name]["default"] = list(default) if isinstance(default, tuple) else default
    required = [f.name for f in described if f.default is MISSING and f.default_factory is MISSING]
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
