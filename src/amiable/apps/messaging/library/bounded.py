"""Checks and previews of a text in a process of their own, with limits of time and memory: whatever
a text does, it is ended there and harms nobody else."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from amiable.apps.messaging.library.problems import Problem, problem
from amiable.apps.messaging.library.samples import Use
from amiable.apps.messaging.library.viewing import View
from amiable.apps.messaging.rendering.branding import Brand
from amiable.apps.messaging.writing.texts import LARGEST_SOURCE
from amiable.core.drafts import Draft
from amiable.core.sentences import declare, gettext_noop

WALL_SECONDS = 12.0
AT_ONCE = 2  # processes of this server; who comes later waits
PATIENCE_SECONDS = 6.0
_CHILD = "amiable.apps.messaging.library.child"
_places = threading.BoundedSemaphore(AT_ONCE)

declare(
    {
        "text_problem.too_slow": gettext_noop(
            "Writing it took more than {seconds} seconds: it was stopped."
        ),
        "text_problem.stopped": gettext_noop(
            "Writing it took too much time or memory: it was stopped."
        ),
        "text_problem.busy": gettext_noop("Others are previewing texts right now: try again."),
    }
)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found wrong with a text, and what it makes of each draft, in their order."""

    problems: tuple[Problem, ...]
    views: tuple[View, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether it may be saved."""
        return not any(each.weight == "error" for each in self.problems)


def text_look(source: str, use: Use, *, shown: Sequence[tuple[Draft, Brand]] = ()) -> Look:
    """Check a text and show it on these drafts, each under its brand; what takes too long or too
    much is ended, and that is the problem told."""
    if len(source) > LARGEST_SOURCE:
        return _refused(source, "too_long", count=len(source), limit=LARGEST_SOURCE)
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        return _refused(source, "busy")
    try:
        output = _asked(pickle.dumps((source, use, tuple(shown))))
    except subprocess.TimeoutExpired:
        return _refused(source, "too_slow", seconds=int(WALL_SECONDS))
    finally:
        _places.release()
    if output is None:
        return _refused(source, "stopped")
    answer = json.loads(output)
    return Look(
        tuple(map(Problem.from_json, answer["problems"])),
        tuple(map(View.from_json, answer["views"])),
    )


def _asked(question: bytes) -> bytes | None:
    """The child's answer; None when it ended without one. Raises TimeoutExpired."""
    done = subprocess.run(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-P", "-m", _CHILD],
        input=question,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=WALL_SECONDS,
        # Nothing of the server's surroundings, its secrets among them.
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"},
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


def _refused(source: str, code: str, **params: int) -> Look:
    return Look((problem(source, f"text_problem.{code}", **params),))
