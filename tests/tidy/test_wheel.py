"""The wheel is whole: in an empty environment, with nothing of this folder, the product works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tidy.sources import PACKAGE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def test_wheel_contains_what_the_code_reads(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    suffixes = {".py", ".html", ".css", ".js", ".svg", ".woff2", ".ttf", ".txt", ".liquid", ".typ"}
    needed = {
        f"amiable/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.suffix in suffixes and "__pycache__" not in path.parts
    } | {
        f"amiable/{path.relative_to(PACKAGE).with_suffix('.mo').as_posix()}"
        for path in PACKAGE.rglob("*.po")
    }
    assert any(name.endswith(".ttf") for name in needed)
    assert any(name.endswith("tabler.css") for name in needed)
    assert sorted(needed - packed) == []
    assert [name for name in packed if "/var/" in name or ".sqlite3" in name] == []


def test_wheel_works_in_an_empty_environment(wheel, tmp_path):
    place = tmp_path / "venv"
    uv = [Path(sys.executable).parent / "uv", "pip", "install", "--quiet"]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    target = ["--python", place / "bin" / "python"]
    locked = ["--require-hashes", "-r", ROOT / "requirements" / "run.txt"]
    subprocess.run([*uv, *target, *locked], check=True)
    subprocess.run([*uv, *target, "--no-deps", wheel], check=True)
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AMIABLE_", "PYTHON", "DJANGO_", "VIRTUAL_ENV"))
    }
    done = subprocess.run(
        [place / "bin" / "amiable", "demo", "--no-serve", "--json",
         "--customers", "20", "--invoices", "100"],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    document = json.loads(done.stdout)
    assert document["address"].startswith("http://")
    assert (tmp_path / "var" / "amiable.sqlite3").exists()

    check = subprocess.run(
        [place / "bin" / "amiable", "check", "--json"],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, check.stdout[-4000:] + check.stderr[-2000:]
