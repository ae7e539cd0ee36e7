"""The worker process: runs queued tasks, signs that it lives, and enqueues the ticks when due.

`python -m amiable.project.worker [parent-pid]`. Any number may run, on any number of machines.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock

logger = logging.getLogger("amiable.worker")

BEAT_SECONDS = 5.0
IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Tick:
    """When a tick is due: within hours, `every` so often (None = once per business day)."""

    kind: str
    every: timedelta | None
    opens: clock
    closes: clock
    of_installation: bool = False  # once for all, under the oldest organization


TICKS = (
    Tick("check", None, clock(3), clock.max, of_installation=True),
    # Nobody likes to be reminded by a machine at four in the morning: the day opens at eight.
    Tick("day", None, clock(8), clock(20)),
    # Answers count at any hour: what leaves at eight must know of them.
    Tick("mail", timedelta(minutes=5), clock(0), clock.max, of_installation=True),
    Tick("drops", timedelta(minutes=5), clock(0), clock.max, of_installation=True),
    Tick("checkouts", timedelta(minutes=5), clock(0), clock.max, of_installation=True),
    Tick("payouts", timedelta(hours=1), clock(0), clock.max, of_installation=True),
    Tick("match", timedelta(minutes=5), clock(8), clock(20)),
    Tick("plan", timedelta(minutes=5), clock(8), clock(20)),
    Tick("send", timedelta(minutes=5), clock(8), clock(20)),
)


def ticks_enqueue(now: datetime) -> list[str]:
    """Enqueue what is due, once, whoever asks; returns the kinds. `now` is local time.

    The organization's row is locked while looking, so that two workers cannot both decide, and
    the job and its task are written in one transaction.
    """
    from django.conf import settings

    from amiable.apps.messaging.replies.incoming import is_anything_to_read
    from amiable.apps.tenants.queries import organization_ids

    inlets = {
        "mail": is_anything_to_read(),
        "drops": bool(settings.DROP_URLS),
        "checkouts": bool(settings.GATEWAY_URLS),
        "payouts": bool(settings.GATEWAY_URLS),
    }
    unwanted = {kind for kind, is_used in inlets.items() if not is_used}
    return [
        tick.kind
        for position, organization_id in enumerate(organization_ids())
        for tick in TICKS
        if tick.kind not in unwanted
        and tick.opens <= now.time() < tick.closes
        and (position == 0 or not tick.of_installation)
        and _tick_enqueue(organization_id, tick, now)
    ]


def _tick_enqueue(organization_id: int, tick: Tick, now: datetime) -> bool:
    from django.db import transaction

    from amiable.apps.tenants.queries import organization_lock
    from amiable.apps.work.queries import job_waits, last_job_at
    from amiable.apps.work.services import job_queue
    from amiable.project import tasks

    on = now.date()
    with transaction.atomic():
        organization_lock(organization_id)
        last = last_job_at(organization_id, tick.kind, on)
        if last is not None and (tick.every is None or now - last < tick.every):
            return False
        if job_waits(organization_id, tick.kind, now):
            return False
        job_id = job_queue(organization_id, tick.kind, on=on)
        task = getattr(tasks, f"{tick.kind}_task")
        task.enqueue(organization_id, on.isoformat(), job_id)
    return True


def work(*, parent: int | None = None, ticks: bool = True, until_idle: bool = False) -> int:
    """Run tasks until a signal comes; with `until_idle`, until none is left. Returns how many.

    `parent`: end when this process is no longer our parent, so that nothing is left behind.
    """
    from django.db import OperationalError, close_old_connections

    from amiable.apps.work.services import worker_leave, worker_register

    code = f"{socket.gethostname()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    worker_register(code)
    stop = threading.Event()
    upkeep = threading.Thread(target=_upkeep, args=(code, stop, parent, ticks), daemon=True)
    worker = _task_worker(code, batch=until_idle)
    worker.configure_signals()
    upkeep.start()
    try:
        while worker.running:
            try:
                worker.run()
                if until_idle:
                    break
            except OperationalError:  # the database went away: it comes back, or we are stopped
                logger.exception("the database does not answer; trying again")
                close_old_connections()
                time.sleep(2)
    except SystemExit:  # a signal found it idle: that is a good end
        logger.info("ended by a signal")
    finally:
        stop.set()
        worker_leave(code)
    return int(worker._run_tasks)


def _task_worker(code: str, *, batch: bool):  # type: ignore[no-untyped-def]  # no types there
    from django_tasks_db.management.commands.db_worker import Worker

    return Worker(
        queue_names=["default"],
        excluded_queue_names=[],
        interval=IDLE_SECONDS,
        batch=batch,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=code,
    )


def _upkeep(code: str, stop: threading.Event, parent: int | None, ticks: bool) -> None:
    """Beside the tasks, on its own connection: heartbeat, ticks, tasks of dead workers."""
    from django.db import DatabaseError, close_old_connections, connections
    from django.utils import timezone

    from amiable.apps.work.services import tasks_reap, work_prune, worker_heartbeat

    pruned_on = None
    while not stop.is_set():
        try:
            worker_heartbeat(code)
            tasks_reap(timezone.now())
            if ticks:
                ticks_enqueue(timezone.localtime())
            if pruned_on != timezone.localdate():
                work_prune(timezone.now())
                pruned_on = timezone.localdate()
        except DatabaseError:  # busy or away: the next beat tries again
            logger.warning("upkeep was put off", exc_info=True)
            close_old_connections()
        except Exception:  # a defect of one tick must not stop the sign of life
            logger.exception("upkeep failed")
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            break
        stop.wait(BEAT_SECONDS)
    connections.close_all()


def main() -> None:
    """Entry point of the process that `amiable serve` starts beside itself."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amiable.project.settings")
    import django

    django.setup()
    work(parent=int(sys.argv[1]) if len(sys.argv) > 1 else None)


if __name__ == "__main__":
    main()
