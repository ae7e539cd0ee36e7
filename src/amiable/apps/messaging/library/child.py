"""The process in which a text that somebody just wrote is tried: `python -m` with a pickle of the
parent's on standard input, JSON on standard output. It limits itself before it reads anything."""

from __future__ import annotations

import json
import pickle
import resource
import sys

CPU_SECONDS = 6
MEMORY = 1_500_000_000  # bytes of addresses; the layout engine maps far more than it uses
FILES = 128


def limited() -> None:
    """From here on this process ends rather than take more."""
    for kind, limit in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def main() -> None:
    """Check a text and show it on drafts."""
    limited()
    from amiable.apps.messaging.library.checks import text_problems
    from amiable.apps.messaging.library.viewing import view_of

    source, use, shown = pickle.load(sys.stdin.buffer)  # noqa: S301  # what the parent wrote
    problems = text_problems(source, use)
    json.dump(
        {
            "problems": [each.to_json() for each in problems],
            "views": [view_of(draft, source, brand=brand).to_json() for draft, brand in shown],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
