"""Every dependency is justified, every lock is hashed and names no index."""

from __future__ import annotations

import json
import re
import tomllib

from tests.tidy.sources import PACKAGE, ROOT, name, text

REASONS = ROOT / "docs" / "decisions" / "0002-dependencies.md"
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
MUTANTS = re.findall(r"^[a-z][a-z-]*", text(ROOT / "requirements" / "mutants.in"), re.M)


def test_every_dependency_has_its_reason():
    project = tomllib.loads(text(ROOT / "pyproject.toml"))
    declared = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    names = [re.split(r"[\[<>=~! ]", line)[0] for line in declared]
    names += [*MUTANTS, *json.loads(text(ROOT / "package.json"))["dependencies"]]
    reasons = text(REASONS)
    assert [one for one in names if f"| {one} |" not in reasons] == []


def test_no_reason_outlives_its_dependency():
    known = text(ROOT / "pyproject.toml") + text(ROOT / "package.json")
    listed = re.findall(r"^\| ([^ |]+) \| [^|]+\|$", text(REASONS), re.M)
    rows = [one for one in listed if one not in {"dependency", "---", *MUTANTS}]
    assert len(rows) > 20
    assert [one for one in rows if f'"{one}' not in known] == []


def test_locks_are_hashed_and_name_no_index():
    assert len(LOCKS) == 4
    for lock in LOCKS:
        content = text(lock)
        assert "://" not in content, name(lock)
        pins = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,-]+\])?==", content, re.M | re.I)
        assert pins, name(lock)
        assert content.count(" \\\n    --hash=") >= len(pins), name(lock)
    packages = json.loads(text(ROOT / "package-lock.json"))["packages"]
    assert "://" not in json.dumps([one.get("resolved", "") for one in packages.values()])
    assert all(one.get("integrity") for key, one in packages.items() if key)


def test_no_third_party_code_is_committed():
    from tests.tidy.sources import tracked

    built = (PACKAGE / "assets").as_posix()
    assert [name(p) for p in tracked() if p.as_posix().startswith(built) or ".min." in p.name] == []
