"""Run the public benchmark of bank matching.

`python -m bench.matching [--profile typical] [--numbers plain] [--label cfonb] [--seed 7]
[--lines 10000] [--mode gold|own] [--matcher NAME] [--json]`, `--speed` for lines a second, or
`--docs` to renew docs/matching-benchmark.md. The same options give the same figures, but for the
speed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import Any

from bench.matching import report, speed
from bench.matching.profiles import PROFILES, Profile


def main() -> int:
    """Run what is asked for and print its tables, or one JSON document."""
    options = _options()
    if options.docs:
        report.renew(lines=options.lines)
        return 0
    if options.speed:
        found = speed.speeds()
        print(json.dumps(found) if options.as_json else "\n".join(report.speed_table(found)))
        return 0
    profile = replace(PROFILES[options.profile], numbers=options.numbers, label=options.label)
    matchers = [options.matcher] if options.matcher else list(report.MATCHERS)
    runs = [_run(name, profile, options) for name in matchers]
    if options.as_json:
        print(json.dumps({"runs": runs}, indent=1, ensure_ascii=False))
    else:
        print(report.tables(runs))
    return 0


def _run(name: str, profile: Profile, options: argparse.Namespace) -> dict[str, Any]:
    print(f"{name} on {profile.name}, seed {options.seed} ...", file=sys.stderr, flush=True)
    return report.measured(name, profile, seed=options.seed, lines=options.lines, mode=options.mode)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.matching", description=__doc__.split("\n")[0])
    parser.add_argument("--profile", choices=PROFILES, default="typical")
    parser.add_argument("--numbers", choices=("prefixed", "plain"), default="prefixed")
    parser.add_argument("--label", choices=("camt", "cfonb"), default="camt")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--mode", choices=("gold", "own"), default="gold")
    parser.add_argument("--matcher", choices=report.MATCHERS, help="only this one")
    parser.add_argument("--json", dest="as_json", action="store_true", help="one JSON document")
    parser.add_argument("--speed", action="store_true", help="only how quick it is")
    parser.add_argument("--docs", action="store_true", help="renew docs/matching-benchmark.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
