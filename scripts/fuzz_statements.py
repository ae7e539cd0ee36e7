"""Damage statements of every format at random: readers answer with errors, never with an exception.

`python -m scripts.fuzz_statements --count 1000000 --seed 1 --workers 2`. Each input is a sample of
tests/samples with some bytes changed, cut, doubled or crossed with another format; one in four is
read in part (--partial). A failure prints seed, number and format, which make the same input again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from amiable.plugins.base import ReadOptions
from amiable.plugins.registry import plugins

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "samples"
SLOWEST_SECONDS = 10.0
CHUNK = 5_000
# Pieces that have broken parsers of such files before.
TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n", b'"', b";", b"<", b"</", b"<!DOCTYPE a>",
    b"&a;", b"<![CDATA[", b"-", b"+", b",", b".", b"9" * 40, b"1e999", b"NaN", b"\xc2\xa0", b"?20",
    b":61:", b":86:", b":62F:", b"0431", b"07", b"}", b"{", b"<STMTTRN>", b"<TRNAMT>", b"<Ntry>",
    b"00000000", b"990231", b"2026-02-30", b"\x1a", b"=1+1", "é€ß".encode(), b"\x80\x81",
)  # fmt: skip


def samples() -> dict[str, list[bytes]]:
    """The samples of each statement reader by code."""
    return {
        code: [path.read_bytes() for path in sorted((SAMPLES / code).iterdir())]
        for code in plugins("statements")
    }


def damaged(source: random.Random, known: dict[str, list[bytes]]) -> tuple[str, bytes]:
    """(code of the reader, an input): a sample after one to six changes."""
    code = source.choice(sorted(known))
    content = bytearray(source.choice(known[code]))
    other = source.choice(known[source.choice(sorted(known))])
    for _ in range(source.randint(1, 6)):
        _change(source, content, other)
    return code, bytes(content)


def _change(source: random.Random, content: bytearray, other: bytes) -> None:
    at = source.randrange(len(content) + 1)
    to = min(len(content), at + source.choice((1, 2, 5, 30, 200)))
    kind = source.randrange(7)
    if kind == 0 and at < len(content):
        content[at] = source.randrange(256)
    elif kind == 1:
        del content[at:to]
    elif kind == 2:
        content[at:at] = content[at:to] * source.choice((1, 2, 20))
    elif kind == 3:
        content[at:at] = source.choice(TOKENS)
    elif kind == 4:
        content[at:to] = source.choice(TOKENS)
    elif kind == 5:
        start = source.randrange(len(other) + 1)
        content[at:to] = other[start : start + source.choice((3, 40, 400))]
    else:
        del content[at:]


def problem(code: str, content: bytes, folder: Path, *, partial: bool = False) -> str:
    """What is wrong with the reading of an input; "" when it is as it must be: statements, or
    errors, or with `partial` both."""
    path = folder / ("f.xlsx" if code == "statement_xlsx" else "f")
    path.write_bytes(content)
    reader, started = plugins("statements")[code], time.process_time()
    try:
        reader.sniff(content[:65536], path.name)
        result = reader.read(path, ReadOptions(partial=partial))
    except Exception:  # the very thing that is looked for
        return traceback.format_exc()
    seconds = time.process_time() - started  # whatever else this machine does
    if seconds > SLOWEST_SECONDS:
        return f"took {seconds:.1f} s"
    both = partial and result.errors and result.statements
    if not both and bool(result.errors) == bool(result.statements):
        return f"{len(result.errors)} errors and {len(result.statements)} statements"
    if any(not error.code or not str(error.sentence) for error in result.errors):
        return "an error without words"
    return ""


def run(seed: int, count: int, start: int = 0) -> tuple[Counter[str], list[str]]:
    """(inputs by format, failures) of `count` inputs, from number `start` on."""
    known, outcomes, failures = samples(), Counter[str](), list[str]()
    # In memory where there is such a place: writing inputs to disk takes longer than reading them.
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for number in range(start, start + count):
            code, content = damaged(random.Random(f"{seed}-{number}"), known)
            wrong = problem(code, content, Path(folder), partial=number % 4 == 0)
            outcomes[code] += 1
            if wrong:
                failures.append(f"seed {seed}, input {number}, {code}: {wrong}")
            if len(failures) >= 20:
                break
    return outcomes, failures


def _run(job: tuple[int, int, int]) -> tuple[Counter[str], list[str]]:
    return run(*job)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; exit status 1 when an input was not refused in words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args(arguments)
    jobs = [
        (chosen.seed, min(CHUNK, chosen.count - start), start)
        for start in range(0, chosen.count, CHUNK)
    ]
    started, total, failures = time.monotonic(), Counter[str](), list[str]()
    with multiprocessing.Pool(chosen.workers) as pool:
        # What was done is told as it goes: a run that is cut short has still proved something.
        for outcomes, some in pool.imap_unordered(_run, jobs):
            total += outcomes
            failures += some
            told = f"{total.total()} of {chosen.count}, {len(failures)} failures"
            print(told, file=sys.stderr, flush=True)
    for code, number in sorted(total.items()):
        print(f"{code:16} {number:>9}")
    print(f"{sum(total.values())} inputs, {len(failures)} failures, "
          f"{time.monotonic() - started:.0f} s")  # fmt: skip
    print("\n".join(failures), file=sys.stderr)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
