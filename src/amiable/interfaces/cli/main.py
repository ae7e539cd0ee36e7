"""The `amiable` command. Exit status: 0 done, 1 rejected or failed checks, 2 wrong use, 3 bug."""

from __future__ import annotations

import importlib
import sys
import traceback

import click

# Command -> module of interfaces.cli.commands that holds it; imported only when called.
COMMANDS = {
    "demo": "demo",
    "init": "lifecycle",
    "serve": "lifecycle",
    "worker": "lifecycle",
    "check": "lifecycle",
    "backup": "lifecycle",
    "restore": "lifecycle",
    "read": "files",
    "import": "files",
    "pickup": "files",
    "request": "requests",
    "mapping": "mappings",
    "plan": "ticks",
    "send": "ticks",
    "virtual-ibans": "virtual_ibans",
    "match": "matching",
    "lines": "matching",
    "day": "ticks",
    "mail": "mail",
    "simulate": "simulate",
    "scenario": "scenarios",
    "template": "templates",
    "experiment": "experiments",
    "settings": "settings",
    "letter": "letters",
    "assign": "assign",
    "interest": "law",
    "report": "reports",
    "registered": "registered",
    "debits": "debits",
}


class LazyGroup(click.Group):
    """Loads a command's module when it is called, so that `amiable read` starts at once."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"amiable.interfaces.cli.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="amiable")
def amiable() -> None:
    """Amicable debt recovery: invoices in, courteous reminders out, payments matched."""


def run() -> None:
    """Entry point: an unexpected error ends with status 3 and its trace on stderr."""
    try:
        status = amiable(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(2)
    except Exception:
        traceback.print_exc()
        sys.exit(3)
    sys.exit(status if isinstance(status, int) else 0)
