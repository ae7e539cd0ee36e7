"""Write docs/reference from the code: the variables, the commands, the schema of scenario files.

`--check` only compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from amiable.core.scenario_data import scenario_schema
from amiable.interfaces.cli.main import COMMANDS, amiable
from amiable.project.environment import VARIABLES

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "Written by `make reference` from the code; do not edit.\n"


def configuration() -> str:
    """The table of AMIABLE_* variables."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {what} |"
        for name, (default, what) in VARIABLES.items()
    ]
    head = "| variable | default | what it does |\n|---|---|---|"
    return "\n".join(["# Configuration", "", NOTE, head, *rows, ""])


def commands() -> str:
    """The help of every command and subcommand."""
    parts = ["# Commands", "", NOTE]
    context = click.Context(amiable, info_name="amiable")
    for name in COMMANDS:
        command = amiable.get_command(context, name)
        assert command is not None
        parts += _sections(command, click.Context(command, info_name=name, parent=context))
    return "\n".join(parts)


def _sections(command: click.Command, context: click.Context) -> list[str]:
    context.max_content_width = context.terminal_width = 100
    parts = [f"## {context.command_path}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            parts += _sections(inner, click.Context(inner, info_name=name, parent=context))
    return parts


def schema() -> str:
    """The JSON Schema of a scenario file."""
    return json.dumps(scenario_schema(), indent=2) + "\n"


DOCUMENTS = {
    "configuration.md": configuration,
    "commands.md": commands,
    "scenario.schema.json": schema,
}


def main() -> int:
    """Write the documents, or with --check name those that are out of date."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stale = [
        name
        for name, write in DOCUMENTS.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text("utf-8") != write()
    ]
    if "--check" in sys.argv:
        print(*stale, sep="\n")
        return 1 if stale else 0
    for name, write in DOCUMENTS.items():
        (FOLDER / name).write_text(write(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
