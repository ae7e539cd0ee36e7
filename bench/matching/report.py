"""Runs measured and written down: tables of one command, and docs/matching-benchmark.md."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from bench.matching import speed
from bench.matching.engine import Engine
from bench.matching.figures import figures
from bench.matching.profiles import PROFILES, TYPICAL, Profile
from bench.matching.replay import run
from bench.matching.rules import DigitTokens, PartyAmount

REPORT = Path(__file__).resolve().parent.parent.parent / "docs" / "matching-benchmark.md"
MATCHERS = {kind.name: kind for kind in (Engine, DigitTokens, PartyAmount)}
SEEDS = (7, 101, 202)

Run = dict[str, Any]


def measured(name: str, profile: Profile, *, seed: int, lines: int, mode: str) -> Run:
    """One run as data: what was run, and its figures."""
    rows = run(MATCHERS[name](), profile, seed, lines=lines, mode=mode)
    return {
        "matcher": name,
        "profile": profile.name,
        "numbers": profile.numbers,
        "label": profile.label,
        "seed": seed,
        "mode": mode,
        **figures(rows),
    }


def tables(runs: Sequence[Run]) -> str:
    """The figures of runs, then the classes and the learning of the first."""
    return "\n".join([_summary(runs), "", _classes(runs[0]), "", _learning(runs[0])])


def _summary(runs: Sequence[Run]) -> str:
    rows = [
        "| matcher | profile | numbers, label | seed | mode | automatic, % of lines "
        "| posted, % of receivable | precision of posts, % (95 %) | by amount, % "
        "| wrong posts | wrong customer | set aside rightly, % | first, among three, % "
        "| touches / 1,000 |",
        "|---|---|---|---:|---|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    rows += [
        f"| {r['matcher']} | {r['profile']} | {r['numbers']}, {r['label']} | {r['seed']} "
        f"| {r['mode']} | {_percent(r['automatic'])} | {_percent(r['posted_of_receivable'])} "
        f"| {_bounds(r['precision'])} | {r['precision_by_amount']:.3f} "
        f"| {r['precision']['whole'] - r['precision']['part']} of {r['precision']['whole']} "
        f"| {r['wrong_customer']} | {_percent(r['set_aside_right'])} "
        f"| {_percent(r['top_1'])}, {_percent(r['top_3'])} | {r['touches']:.0f} |"
        for r in runs
    ]
    return "\n".join(rows)


def _classes(one: Run) -> str:
    rows = [
        "| class of line | lines | automatic, % (95 %) | right of these, % (95 %) "
        "| touches / 1,000 |",
        "|---|---:|---|---|---:|",
    ]
    rows += [
        f"| {kind} | {r['lines']} | {_bounds(r['automatic'])} | {_bounds(r['precision'])} "
        f"| {r['touches']} |"
        for kind, r in one["classes"].items()
    ]
    return "\n".join(rows)


def _learning(one: Run) -> str:
    rows = [
        "| lines | automatic, % | precision of posts, % (95 %) | touches / 1,000 |",
        "|---|---:|---|---:|",
    ]
    rows += [
        f"| {r['from']:,} to {r['to']:,} | {_percent(r['automatic'])} | {_bounds(r['precision'])} "
        f"| {r['touches']:.0f} |"
        for r in one["learning"]
    ]
    return "\n".join(rows)


def _percent(share: dict[str, Any]) -> str:
    return f"{share['percent']:.1f}" if share["whole"] else "-"


def _bounds(share: dict[str, Any]) -> str:
    if not share["whole"]:
        return "-"
    return f"{share['percent']:.2f} ({share['low']:.2f} to {share['high']:.2f})"


def renew(*, lines: int) -> None:
    """Run everything the document shows and write it."""
    seeds = [_told("amiable", TYPICAL, seed=seed, lines=lines) for seed in SEEDS]
    others = [
        _told(name, TYPICAL, seed=SEEDS[0], lines=min(lines, 3_000)) for name in list(MATCHERS)[1:]
    ]
    profiles = [
        _told("amiable", profile, seed=SEEDS[0], lines=min(lines, 3_000))
        for profile in (
            PROFILES["easy"],
            PROFILES["hostile"],
            replace(TYPICAL, label="cfonb"),
            replace(TYPICAL, numbers="plain"),
            replace(TYPICAL, numbers="plain", label="cfonb"),
        )
    ]
    own = [_told("amiable", TYPICAL, seed=SEEDS[0], lines=min(lines, 3_000), mode="own")]
    speeds = [speed.speed(open_items=size) for size in (5_000, 100_000)]
    REPORT.write_text(_document(seeds, others, profiles + own, speeds), "utf-8")


def _told(name: str, profile: Profile, *, seed: int, lines: int, mode: str = "gold") -> Run:
    print(f"{name}: {profile.name}, seed {seed}, {lines} lines ...", file=sys.stderr, flush=True)
    return measured(name, profile, seed=seed, lines=lines, mode=mode)


def _document(
    seeds: Sequence[Run], others: Sequence[Run], profiles: Sequence[Run], speeds: Sequence[Run]
) -> str:
    return "\n".join(
        [
            "# Benchmark of bank matching",
            "",
            "Written by `python -m bench.matching --docs`; run it again with other seeds:",
            "`python -m bench.matching --profile typical --seed 8 --lines 10000`.",
            "",
            _PROTOCOL,
            f"{date.today().isoformat()}, Python {platform.python_version()}.",
            "",
            f"## The typical mix, {seeds[0]['lines']:,} lines a seed",
            "",
            _summary(seeds),
            "",
            f"Seed {seeds[0]['seed']} by class:",
            "",
            _classes(seeds[0]),
            "",
            "What is learned on the way:",
            "",
            _learning(seeds[0]),
            "",
            f"## Beside two rules in use, {others[0]['lines']:,} lines",
            "",
            _summary(others),
            "",
            f"## Other payers and banks, {profiles[0]['lines']:,} lines",
            "",
            _summary(profiles),
            "",
            "## Speed",
            "",
            "One core, deciding and moving the accounts, nothing stored; the machine was shared.",
            "",
            "| open items | lines | lines a second | 99 % within | to start |",
            "|---:|---:|---:|---:|---:|",
            *(
                f"| {s['open_items']:,} | {s['lines']:,} | {s['lines_per_second']:,} "
                f"| {s['p99_ms']} ms | {s['start_seconds']} s |"
                for s in speeds
            ),
            "",
        ]
    )


_PROTOCOL = """A fictional French seller: 600 customers, about 4,200 open invoices, payers who
write numbers exactly, with other separators, as digits, in part, garbled or not at all; names cut,
reordered and misspelt; parents, factors and owners who pay for others; part payments, bank fees,
discounts, credit notes netted, double payments; direct debits, their returns, cheques; and lines
that are no receivable. The generator (`bench/matching`) does not know the engine.

Lines are replayed by date. In the mode *gold* the accounts hold the truth after each line; in the
mode *own* what was posted stays posted, right or wrong. Only the truth of past lines is learned.

- **automatic**: posted, or set aside as no receivable, without a person.
- **posted, % of receivable**: of the lines by which customers pay invoices.
- **precision**: the customer, the exact set of invoices and credit notes, and whether a rest was
  given up, all right; with the 95 % bounds of Wilson's interval.
- **touches**: 0 right and automatic; 1 right among the three proposed; 3 to search (1 when it is no
  receivable); 8 to repair. Sums of cheques and of debits that a bank does not split always cost 3:
  no label tells what is in them.
"""
