"""Whether the same lines get the same answers in processes that order their sets otherwise, and
from the compiled engine."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.matching.speed import ROOT, engines, environment

HASH_SEEDS = ("1", "2")


def digests(*, seed: int, lines: int) -> list[str]:
    """The digest of all answers to a typical stream, from one process each."""
    return [
        _digest(engine, hash_seed, seed=seed, lines=lines)
        for engine in engines()
        for hash_seed in HASH_SEEDS
    ]


def _digest(engine: str, hash_seed: str, *, seed: int, lines: int) -> str:
    command = [
        sys.executable, "-m", "bench.matching", "--matcher", "amiable", "--json",
        "--seed", str(seed), "--lines", str(lines),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env={**environment(engine), "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip
    (run,) = json.loads(done.stdout)["runs"]
    return str(run["digest"])
