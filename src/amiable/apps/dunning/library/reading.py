"""Scenarios read from files of strangers, and on which line of a file a problem is: what cannot be
used is composed once more, because the nodes of YAML know their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yaml

from amiable.apps.dunning.library.checks import Problem, problem_of
from amiable.apps.dunning.library.files import plain_nodes, plain_yaml, text_of
from amiable.core.scenario import Scenario
from amiable.core.scenario_data import ScenarioError, scenario_from_json
from amiable.core.sentences import Sentence

# The fields of a mapping: the node of the name, and that of the value.
_Fields = Mapping[str, tuple[yaml.ScalarNode, yaml.Node]]
_SHOWN = 60  # characters of a name that a problem repeats


def scenario_bytes_parse(content: bytes) -> Scenario:
    """A scenario from the bytes of a file. Raises ScenarioError with what is wrong and where."""
    return scenario_parse(text_of(content))


def scenario_parse(text: str) -> Scenario:
    """A scenario from YAML; without a version it is version 1.

    Raises ScenarioError, with the line of every problem.
    """
    data = plain_yaml(text)
    if data is None:  # an empty file, of which every field is missing
        data = {}
    if isinstance(data, dict):
        data.setdefault("version", 1)
    try:
        return scenario_from_json(data)
    except ScenarioError as error:
        raise error_located(error, text) from error


def error_located(error: ScenarioError, text: str) -> ScenarioError:
    """The same refusal, with the line of every problem in `text`, which is plain YAML."""
    lines = _Lines(plain_nodes(text))
    return ScenarioError(*lines.located(error.problems), scenario=error.scenario)


class _Lines:
    """Where things stand in a file; `root` None = it is empty."""

    def __init__(self, root: yaml.Node | None) -> None:
        self.root = root
        self._fields: dict[int, _Fields] = {}
        rows = self._value(root, "steps") if isinstance(root, yaml.MappingNode) else root
        self.rows: list[yaml.Node] = rows.value if isinstance(rows, yaml.SequenceNode) else []
        self.by_code: dict[str, list[yaml.Node]] = {}
        for row in self.rows:
            code = self._value(row, "code")
            if isinstance(code, yaml.ScalarNode):
                self.by_code.setdefault(code.value[:_SHOWN], []).append(row)

    def located(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Each problem told with its line."""
        for sentence in sentences:
            problem = problem_of(sentence)
            params = {"line": self._line(problem), "problem": sentence}
            yield sentence if problem.line else Sentence("file.on_line", params)

    def _line(self, problem: Problem) -> int:
        """The line of the field; of what should hold it, when it is missing."""
        holder = self._holder(problem)
        if holder is None:
            return 1
        line = holder.start_mark.line
        for name in filter(None, (problem.part, problem.field)):
            if name not in self._fields_of(holder):
                break
            key, holder = self._fields_of(holder)[name]
            line = key.start_mark.line
        return int(line) + 1

    def _holder(self, problem: Problem) -> yaml.Node | None:
        """The step or rule of the problem; the whole file when it is about all of it."""
        if isinstance(problem.step, int):
            return self.rows[problem.step - 1] if problem.step <= len(self.rows) else self.root
        same = self.by_code.get(problem.step, [])
        # Of two steps with one code, the second is the one too many.
        return same[-1 if problem.code == "scenario.same_code" else 0] if same else self.root

    def _value(self, node: yaml.Node | None, name: str) -> yaml.Node | None:
        found = self._fields_of(node).get(name)
        return found[1] if found else None

    def _fields_of(self, node: yaml.Node | None) -> _Fields:
        if not isinstance(node, yaml.MappingNode):
            return {}
        known = self._fields.get(id(node))
        if known is None:
            rows = ((key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))
            known = self._fields[id(node)] = {key.value[:_SHOWN]: (key, v) for key, v in rows}
        return known
