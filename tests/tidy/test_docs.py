"""Documents say what the code does: generated ones are current, every app says what it holds."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.tidy.sources import PACKAGE, ROOT, name, text, tracked


def test_reference_is_current():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.reference", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"run `make reference`: {done.stdout} {done.stderr[-2000:]}"


def test_every_app_says_what_it_holds():
    apps = sorted(path.parent for path in (PACKAGE / "apps").glob("*/apps.py"))
    assert len(apps) > 10
    lengths = {}
    for app in apps:
        readme = app / "README.md"
        lengths[app.name] = len(text(readme).strip().splitlines()) if readme.exists() else 0
    assert {app: lines for app, lines in lengths.items() if not 5 <= lines <= 25} == {}


def test_links_between_documents_lead_somewhere():
    broken = [
        f"{name(path)}: {target}"
        for path in tracked()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(path))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_decisions_are_numbered_without_gap():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_commands_of_the_readme_exist():
    from amiable.interfaces.cli.main import COMMANDS

    named = set(re.findall(r"^\s*(?:\$ )?amiable ([a-z]+)", text(ROOT / "README.md"), re.M))
    assert len(named) > 3
    assert named <= set(COMMANDS)
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)", text(ROOT / "README.md"))) <= targets
