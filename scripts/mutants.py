"""Mutation testing of the decisions: `make mutants [ARGS="core/stops.py ..."]`.

mutmut changes one thing at a time in a copy of the core, and the table tests of the core have to
notice. What survives must be in docs/mutants.yaml with the reason why; the command ends with 1
when something survives that is not, or when something listed no longer survives.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "mutants" / "bin" / "python"
REASONS, REPORT = ROOT / "docs" / "mutants.yaml", ROOT / "docs" / "mutants.md"
DECISIONS = ("core/planner.py", "core/guards.py")
# Properties over random cases take half a minute a mutant, and say less about what is wrong.
TESTS = (
    "courses",
    "guards",
    "planner",
    "planner_reasons",
    "promises",
    "replan",
    "shipped",
    "stops",
    "tone",
)
SETTINGS = """
[tool.pytest.ini_options]
pythonpath = ["src", "."]
[tool.mutmut]
source_paths = ["src"]
only_mutate = [{modules}]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = [{tests}]
also_copy = ["tests"]
timeout_multiplier = 10.0
"""
CONFTEST = '''
"""The same few examples for every mutant; nothing remembered from before the mutation."""
import resource
from hypothesis import HealthCheck, settings
from amiable.core import tracks
settings.register_profile("mutants", derandomize=True, deadline=None, database=None,
                          max_examples=20, suppress_health_check=list(HealthCheck))
settings.load_profile("mutants")
# A mutant that never ends may fill the memory before its time is up.
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
def pytest_sessionstart():
    tracks.step_dates.cache_clear()
    tracks._delayed.cache_clear()
'''
NOTICED = {1, 3, -24, 24, 36, 152, 255, -9, -11}  # failed, or ran without end
UNNOTICED = {0, 5, 33}  # passed, or no test comes by
ROW = re.compile(r"^\| (core/\w+\.py) \| (\d+) \| (\d+) \| (\d+) \| (\S+) \|$", re.M)


@dataclass(frozen=True, order=True)
class Survivor:
    """A change that no test notices: the lines of a function before and after it."""

    function: str
    was: str
    becomes: str


@dataclass(frozen=True)
class Figures:
    """Counts of one module, and since when they are these (an ISO date)."""

    mutants: int
    killed: int
    survived: int
    since: str


def main(arguments: list[str]) -> int:
    """Run, compare with the reasons, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=DECISIONS, help="such as core/stops.py")
    modules = list(parser.parse_args(arguments).modules)
    figures: dict[str, Figures] = {}
    found: dict[str, list[Survivor]] = {}
    with tempfile.TemporaryDirectory(prefix="amiable-mutants-") as folder:
        copy(Path(folder), modules)
        run(Path(folder), "run", "--max-children", "1")
        for module in modules:
            codes = verdicts(Path(folder), module)
            survivors = [name for name, code in codes.items() if code in UNNOTICED]
            found[module] = [survivor(Path(folder), name) for name in survivors]
            counts = len(codes), len(codes) - len(survivors), len(survivors)
            figures[module] = Figures(*counts, datetime.now(UTC).date().isoformat())
    reasons = yaml.safe_load(REASONS.read_text("utf-8")) or {}
    problems = [line for module in modules for line in compared(module, found[module], reasons)]
    for module in modules:
        one = figures[module]
        print(f"{module}: {one.mutants} mutants, {one.killed} killed, {one.survived} survived")
    if problems:
        print("\n".join(problems))
        return 1
    REPORT.write_text(report(figures, reasons), "utf-8")
    return 0


def copy(folder: Path, modules: Iterable[str]) -> None:
    """The core and its tests, without Django, in a project of their own."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/amiable/core", folder / "src" / "amiable" / "core", ignore=ignored)
    shutil.copy(ROOT / "src/amiable/__init__.py", folder / "src" / "amiable")
    shutil.copytree(ROOT / "tests/core", folder / "tests" / "core", ignore=ignored)
    (folder / "tests" / "__init__.py").touch()
    (folder / "tests" / "conftest.py").write_text(CONFTEST, "utf-8")
    settings = SETTINGS.format(
        modules=", ".join(f'"src/amiable/{module}"' for module in modules),
        tests=", ".join(f'"tests/core/test_{name}.py"' for name in TESTS),
    )
    (folder / "pyproject.toml").write_text(settings, "utf-8")


def run(folder: Path, *arguments: str) -> str:
    """One command of mutmut; what it printed. Raises SystemExit with it when it fails."""
    done = subprocess.run(
        [PYTHON, "-m", "mutmut", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        raise SystemExit(f"{said}\nmutmut ended with {done.returncode}")
    return done.stdout


def verdicts(folder: Path, module: str) -> dict[str, int]:
    """The exit status of the tests for each mutant of a module."""
    meta = folder / "mutants" / "src" / "amiable" / f"{module}.meta"
    codes: dict[str, int] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    strange = {name: code for name, code in codes.items() if code not in NOTICED | UNNOTICED}
    if strange:
        raise SystemExit(f"mutmut did not come to a verdict: {strange}")
    return codes


def survivor(folder: Path, name: str) -> Survivor:
    """What a mutant changes, in one line."""
    lines = run(folder, "show", name).splitlines()
    was = [line[1:].strip() for line in lines if re.match(r"-(?!--)", line)]
    becomes = [line[1:].strip() for line in lines if re.match(r"\+(?!\+\+)", line)]
    function = name.rpartition("__mutmut_")[0].rpartition(".")[2]
    function = function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return Survivor(function, " ".join(was), " ".join(becomes))


def compared(module: str, found: list[Survivor], reasons: Mapping[str, list]) -> list[str]:
    """What the list of reasons does not say, and what it says in vain."""
    listed = Counter(
        Survivor(each["in"], each["was"], each["becomes"]) for each in reasons.get(module, [])
    )
    counted = Counter(found)
    new = sorted((counted - listed).elements())
    gone = sorted((listed - counted).elements())
    lines = []
    for title, those in (("survives without a reason", new), ("no longer survives", gone)):
        lines += [f"\n# {module}: {title}"] if those else []
        for one in those:
            entry = {"in": one.function, "was": one.was, "becomes": one.becomes, "why": ""}
            lines.append(yaml.safe_dump([entry], sort_keys=False, width=1000).rstrip())
    return lines


def report(figures: Mapping[str, Figures], reasons: Mapping[str, list]) -> str:
    """docs/mutants.md: rows of modules that did not run now, or did not change, stay."""
    known = {
        module: Figures(int(mutants), int(killed), int(survived), since)
        for module, mutants, killed, survived, since in ROW.findall(
            REPORT.read_text("utf-8") if REPORT.exists() else ""
        )
    }
    for module, now in figures.items():
        before = known.get(module)
        same = before is not None and before == Figures(
            now.mutants, now.killed, now.survived, before.since
        )
        known[module] = before if before is not None and same else now
    order = sorted(known, key=lambda module: (module not in DECISIONS, module))
    rows = [
        f"| {m} | {known[m].mutants} | {known[m].killed} | {known[m].survived} | {known[m].since} |"
        for m in order
    ]
    parts = [HEAD.format(versions=versions()), *rows, ""]
    for module in order:
        if reasons.get(module):
            parts += [f"## What survives in {module}", ""]
            parts += [
                f"- `{each['in']}`: `{each['was']}` becomes `{each['becomes']}`. {each['why']}"
                for each in reasons[module]
            ]
            parts.append("")
    return "\n".join(parts)


def versions() -> str:
    """Of what may change the figures."""
    lock = (ROOT / "requirements" / "mutants.txt").read_text("utf-8")
    pins = dict(re.findall(r"^(mutmut|pytest|hypothesis)==(\S+)", lock, re.M))
    return ", ".join(f"{name} {pin}" for name, pin in sorted(pins.items()))


HEAD = """# Mutation testing of the decisions

Written by `make mutants` ({versions}); do not edit.

mutmut changes one thing at a time in a module (a comparison, a constant, an argument, a default);
a mutant is killed when a table test of the core fails or never ends. The properties over random
cases take no part: these figures are what the tests that state claims see by themselves. Each
survivor is listed with the reason why it is left (`docs/mutants.yaml`); a survivor that is not, or
a reason without its survivor, fails the command.

| module | mutants | killed | survived | these figures since |
|---|---|---|---|---|"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
