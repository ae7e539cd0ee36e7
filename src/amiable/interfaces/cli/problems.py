"""Files of scenarios and rules: read, and when they are refused every problem with its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from amiable.interfaces.cli.common import REJECTED, emit

if TYPE_CHECKING:
    from amiable.apps.dunning.library.scenarios import Problem
    from amiable.core.scenario_data import ScenarioError

# A file to read; "-" = standard input, so that an export can be piped in.
FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True, allow_dash=True)


def content_of(file: Path) -> bytes:
    """The bytes of a file, no more of them than decides that it is too long."""
    from amiable.apps.dunning.library.files import MAX_BYTES

    with click.open_file(str(file), "rb") as opened:
        content: bytes = opened.read(MAX_BYTES + 1)
        return content


def refused(source: str, error: ScenarioError, *, as_json: bool) -> int:
    """Print all that is wrong with a file; returns the exit status."""
    from amiable.apps.dunning.library.scenarios import problem_of

    found = [problem_of(sentence) for sentence in error.problems]
    document = {
        "file": source,
        "error": str(error),
        "problems": [
            {
                "file": source,
                "line": each.line or None,
                "code": each.code,
                "step": each.step,
                "field": ".".join(filter(None, (each.part, each.field))),
                "message": str(each.message),
                "remedy": str(each.remedy),
            }
            for each in found
        ],
    }
    lines = [f"{_place(source, each)}: {each.message} {each.remedy}" for each in found]
    emit(document, as_json=as_json, text="\n".join(["Refused, nothing is changed:", *lines]))
    return REJECTED


def _place(source: str, problem: Problem) -> str:
    """FILE:LINE, as editors jump to it."""
    return f"{source}:{problem.line}" if problem.line else source
