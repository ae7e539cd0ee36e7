"""A task for the tests of the worker: slow the first time, quick when it is taken up again."""

from __future__ import annotations

import time
from pathlib import Path

from django_tasks import task


@task()
def write_line(folder: str) -> str:
    """Append one line to `runs`; the first run then hangs until it is killed."""
    runs = Path(folder) / "runs"
    with runs.open("a") as file:
        file.write("run\n")
    if len(runs.read_text().splitlines()) == 1 and (Path(folder) / "hang").exists():
        time.sleep(120)
    return "done"
