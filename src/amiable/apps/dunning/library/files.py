"""Files in YAML. What a stranger hands in is read with limits on its size and depth, without
aliases, and a field written twice is refused rather than one of the two taken."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import ScenarioError, scenario_to_json
from amiable.core.sentences import Sentence, declare, gettext_noop

MAX_CHARACTERS = 200_000
MAX_BYTES = 4 * MAX_CHARACTERS
MAX_DEPTH = 10

declare(
    {
        "file.on_line": gettext_noop("Line {line}: {problem}"),
        "scenario.too_long": gettext_noop("A file has at most {limit} characters."),
        "scenario.too_deep": gettext_noop("The file is nested deeper than any such file."),
        "scenario.alias": gettext_noop("Aliases (*name) are not accepted."),
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


def text_of(content: bytes) -> str:
    """The text of a file. Raises ScenarioError when it is too long or no text."""
    if len(content) > MAX_BYTES:
        raise ScenarioError(Sentence("scenario.too_long", {"limit": MAX_CHARACTERS}))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(Sentence("scenario.not_text")) from error


def plain_yaml(text: str) -> object:
    """What a YAML text holds; None when it is empty.

    Raises ScenarioError: too long, too deep, no YAML, aliases, a field twice, a value that cannot
    be, such as a 30th of February.
    """
    with _reading(text):
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader


def plain_nodes(text: str) -> yaml.Node | None:
    """The same text as nodes, which know their lines. Raises ScenarioError."""
    with _reading(text):
        return yaml.compose(text, Loader=_Loader)


@contextmanager
def _reading(text: str) -> Iterator[None]:
    """Look through a text before it is read; what keeps it from being read is a ScenarioError."""
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError(Sentence("scenario.too_long", {"limit": MAX_CHARACTERS}))
    try:
        _look_through(text)
        yield
    except ScenarioError:
        raise
    except yaml.MarkedYAMLError as error:
        raise ScenarioError(_marked(error)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = Sentence("scenario.not_yaml", {"error": _sentence(str(error))})
        raise ScenarioError(problem) from error


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

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except ScenarioError:
            raise
        except ValueError as error:  # a date or a number that cannot be
            problem = Sentence("scenario.not_yaml", {"error": _sentence(str(error))})
            raise ScenarioError(_at(node.start_mark, problem)) from error


def _look_through(text: str) -> None:
    """Refuse aliases and depth before anything is built: reading events takes no stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise ScenarioError(_at(event.start_mark, Sentence("scenario.alias")))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise ScenarioError(_at(event.start_mark, Sentence("scenario.too_deep")))


def _at(mark: yaml.Mark, problem: Sentence) -> Sentence:
    return Sentence("file.on_line", {"line": mark.line + 1, "problem": problem})


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
