"""Runs measured and written down: tables of one command, and docs/matching-benchmark.md."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from bench.matching import determinism, speed
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
        "| touches / 1,000 | 99 % within |",
        "|---|---|---|---:|---|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows += [
        f"| {r['matcher']} | {r['profile']} | {r['numbers']}, {r['label']} | {r['seed']} "
        f"| {r['mode']} | {_percent(r['automatic'])} | {_percent(r['posted_of_receivable'])} "
        f"| {_bounds(r['precision'])} | {r['precision_by_amount']:.3f} "
        f"| {r['precision']['whole'] - r['precision']['part']} of {r['precision']['whole']} "
        f"| {r['wrong_customer']} | {_percent(r['set_aside_right'])} "
        f"| {_percent(r['top_1'])}, {_percent(r['top_3'])} "
        f"| {r['touches']:.0f} | {r['p99_ms']:.1f} ms |"
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
    """Run everything the document shows and write it: some minutes."""
    first, fewer = SEEDS[0], min(lines, 3_000)
    typical = [_told("amiable", TYPICAL, seed=seed, lines=lines) for seed in SEEDS]
    typical.append(_told("amiable", TYPICAL, seed=first, lines=lines, mode="own"))
    typical += [_told(name, TYPICAL, seed=first, lines=lines) for name in list(MATCHERS)[1:]]
    profiles = [
        _told("amiable", profile, seed=first, lines=fewer)
        for profile in (
            PROFILES["easy"],
            PROFILES["hostile"],
            replace(TYPICAL, label="cfonb"),
            replace(TYPICAL, numbers="plain"),
            replace(TYPICAL, numbers="plain", label="cfonb"),
        )
    ]
    alike = determinism.digests(seed=first, lines=fewer)
    REPORT.write_text(_document(typical, profiles, speed.speeds(), alike), "utf-8")


def _told(name: str, profile: Profile, *, seed: int, lines: int, mode: str = "gold") -> Run:
    print(f"{name}: {profile.name}, seed {seed}, {lines} lines ...", file=sys.stderr, flush=True)
    return measured(name, profile, seed=seed, lines=lines, mode=mode)


def _document(
    typical: Sequence[Run], profiles: Sequence[Run], speeds: Sequence[Run], alike: Sequence[str]
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
            f"## The typical mix, {typical[0]['lines']:,} lines a seed",
            "",
            "Beside two rules in use: the digits of a label's words, found in numbers; and a rank",
            "of number, payer and exact amount.",
            "",
            _summary(typical),
            "",
            f"Seed {typical[0]['seed']} by class:",
            "",
            _classes(typical[0]),
            "",
            "What is learned on the way:",
            "",
            _learning(typical[0]),
            "",
            f"## Other payers and banks, {profiles[0]['lines']:,} lines",
            "",
            _summary(profiles),
            "",
            "## Always the same",
            "",
            _determinism(profiles[0]["lines"], alike),
            "",
            "## Speed",
            "",
            *speed_table(speeds),
            "",
        ]
    )


def _determinism(lines: int, alike: Sequence[str]) -> str:
    same = "the same" if len(set(alike)) == 1 else "NOT the same"
    return (
        f"Processes that hash texts differently (the engine {' and '.join(speed.engines())}) gave\n"
        f"{same} answers, evidence in words included, to {lines:,} lines of the typical mix:\n"
        f"digests {', '.join(alike)}."
    )


def speed_table(speeds: Sequence[Run]) -> list[str]:
    """How quick each engine was over each number of open items."""
    return [
        "One core, deciding and moving the accounts, nothing stored. Seconds are those that the",
        "processor spent on this process; those of the clock count what else ran meanwhile.",
        "As in the worker, garbage is collected after every 500 lines. The quickest of three runs,",
        "taken in turn; `make compiled` makes the compiled engine.",
        "",
        "| engine | open items | lines | lines a second | by the clock | 99 % within | to start |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {s['engine']} | {s['open_items']:,} | {s['lines']:,} | {s['lines_per_second']:,} "
            f"| {s['by_the_clock']:,} | {s['p99_ms']} ms | {s['start_seconds']} s |"
            for s in speeds
        ),
    ]


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
- **99 % within**: of the processor's time for one line.
- **touches**: 0 right and automatic; 1 right among the three proposed; 3 to search (1 when it is no
  receivable); 8 to repair. Sums of cheques and of debits that a bank does not split always cost 3:
  no label tells what is in them.
"""
