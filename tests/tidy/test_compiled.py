"""The engine compiled decides as the engine as written: the same tests, the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import pytest

from tests.tidy.sources import PACKAGE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The folder that a wheel with the compiled engine was unpacked into."""
    folder = tmp_path_factory.mktemp("compiled")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        env={**os.environ, "AMIABLE_COMPILED": "1"}, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    assert "-none-any" not in wheel.name
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def _run(place, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(place), str(ROOT)])}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_test_of_matching_passes(compiled):
    where = _run(compiled, "-c", "from amiable.core.matching import view; print(view.__file__)")
    assert where.stdout.strip().startswith(str(compiled))
    assert where.stdout.strip().endswith(".so")
    done = _run(compiled, "-m", "pytest", "-o", "pythonpath=", "-k", "matching", "tests/core")
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("mix", [(), ("--profile", "hostile", "--numbers", "plain")])
def test_it_answers_as_the_engine_as_written(compiled, mix):
    command = ["-m", "bench.matching", "--matcher", "amiable", "--json", "--lines", "1500", *mix]
    digests = [
        json.loads(_run(place, *command).stdout)["runs"][0]["digest"]
        for place in (PACKAGE.parent, compiled)
    ]
    assert digests[0] == digests[1]


def test_nothing_compiled_is_left_among_the_sources(compiled):
    assert compiled.exists()
    assert sorted(PACKAGE.rglob("*.so")) == []
