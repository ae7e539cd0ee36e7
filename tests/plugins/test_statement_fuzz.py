"""Damaged statements of every format: errors in words, never an exception, in bounded time."""

from __future__ import annotations

import pytest
from scripts.fuzz_statements import problem, run, samples

from amiable.plugins.registry import plugins


def test_every_format_is_fuzzed_and_its_samples_are_sound(tmp_path):
    known = samples()
    assert set(known) == set(plugins("statements"))
    for code, contents in known.items():
        for content in contents:
            assert problem(code, content, tmp_path) == ""


@pytest.mark.parametrize("seed", [3, 4])
def test_damaged_statements_are_refused_in_words(seed):
    outcomes, failures = run(seed, 1_000)
    assert failures == []
    assert outcomes.total() == 1_000
