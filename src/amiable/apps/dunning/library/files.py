"""Scenarios as YAML. What a stranger hands in is read with limits on its size and depth, without
aliases, and a field written twice is refused rather than one of the two taken."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import ScenarioError, scenario_from_json, scenario_to_json
from amiable.core.sentences import Sentence, declare, gettext_noop

MAX_CHARACTERS = 200_000
MAX_BYTES = 4 * MAX_CHARACTERS
MAX_DEPTH = 10

declare(
    {
        "scenario.too_long": gettext_noop("A scenario file has at most {limit} characters."),
        "scenario.too_deep": gettext_noop("The file is nested deeper than any scenario."),
        "scenario.alias": gettext_noop("Aliases (*name) are not accepted in a scenario file."),
        "scenario.not_text": gettext_noop("The file is not text in UTF-8."),
        "scenario.not_yaml": gettext_noop("The file is not YAML: {error}"),
        "scenario.not_yaml_at": gettext_noop(
            "The file is not YAML, at line {line}, column {column}: {error}"
        ),
        "scenario.twice": gettext_noop("Line {line}: {field} is written twice."),
    }
)


def scenario_text(definition: Definition) -> str:
    """A scenario as YAML, in the order of its fields; values that are the default are left out."""
    data = scenario_to_json(definition)
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text


def scenario_bytes_parse(content: bytes) -> Definition:
    """A scenario from the bytes of a file. Raises ScenarioError with what is wrong and where."""
    if len(content) > MAX_BYTES:
        raise ScenarioError(Sentence("scenario.too_long", {"limit": MAX_CHARACTERS}))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(Sentence("scenario.not_text")) from error
    return scenario_parse(text)


def plain_yaml(text: str) -> object:
    """What a YAML text of bounded length holds. Raises ScenarioError (aliases, depth, a field
    twice), yaml.YAMLError, and ValueError for numbers and dates that cannot be."""
    _look_through(text)
    return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader


def scenario_parse(text: str) -> Definition:
    """A scenario from YAML; without a version it is version 1. Raises ScenarioError."""
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError(Sentence("scenario.too_long", {"limit": MAX_CHARACTERS}))
    try:
        data = plain_yaml(text)
    except ScenarioError:
        raise
    except yaml.MarkedYAMLError as error:
        raise ScenarioError(_marked(error)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ScenarioError(
            Sentence("scenario.not_yaml", {"error": _sentence(str(error))})
        ) from error
    if data is None:  # an empty file, of which every field is missing
        data = {}
    if isinstance(data, dict):
        data.setdefault("version", 1)
    return scenario_from_json(data)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values only, and no field twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen if isinstance(key, yaml.ScalarNode) else False:
                line = key.start_mark.line + 1
                raise ScenarioError(
                    Sentence("scenario.twice", {"line": line, "field": key.value[:60]})
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return found


def _look_through(text: str) -> None:
    """Refuse aliases and depth before anything is built: reading events takes no stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise ScenarioError(Sentence("scenario.alias"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise ScenarioError(Sentence("scenario.too_deep"))


def _sentence(said: str) -> str:
    """What the reader says, as a sentence: a remedy follows it."""
    return f"{said[:200].rstrip('.')}."


def _marked(error: yaml.MarkedYAMLError) -> Sentence:
    mark = error.problem_mark or error.context_mark
    said = _sentence(str(error.problem or error.context))
    if mark is None:
        return Sentence("scenario.not_yaml", {"error": said})
    params = {"line": mark.line + 1, "column": mark.column + 1, "error": said}
    return Sentence("scenario.not_yaml_at", params)
