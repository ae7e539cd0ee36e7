"""The worker as a process: it runs what is queued, and a killed one leaves nothing undone."""

from __future__ import annotations

import signal
import urllib.request
from contextlib import closing
from urllib.error import HTTPError

import pytest

from tests.installation import AMIABLE, installation, wait_for

STATUS = (
    "from django_tasks_db.models import DBTaskResult as T; "
    "print(*T.objects.values_list('status', flat=True))"
)


@pytest.fixture
def ready(tmp_path):
    with installation(tmp_path) as place:
        place.init()
        yield place


def _enqueue(place) -> None:
    place.python(
        f"from tests.slow_tasks import write_line; write_line.enqueue({str(place.folder)!r})"
    )


def test_worker_runs_what_is_queued_and_ends_when_idle(ready):
    _enqueue(ready)
    _enqueue(ready)
    assert ready.json("worker", "--until-idle", "--no-ticks") == {"tasks": 2}
    assert (ready.folder / "runs").read_text() == "run\nrun\n"
    assert ready.python(STATUS).split() == ["SUCCESSFUL", "SUCCESSFUL"]


def test_killed_workers_task_is_taken_up_by_another(ready):
    (ready.folder / "hang").touch()
    _enqueue(ready)
    first = ready.start(*AMIABLE, "worker", "--no-ticks")
    try:
        wait_for((ready.folder / "runs").exists)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert ready.python(STATUS).split() == ["RUNNING"]

    second = ready.start(*AMIABLE, "worker", "--no-ticks")
    try:
        wait_for(lambda: ready.python(STATUS).split() == ["SUCCESSFUL"])
    finally:
        second.terminate()
        assert second.wait(20) == 0
    assert (ready.folder / "runs").read_text() == "run\nrun\n"


def test_task_that_ends_every_worker_is_given_up(ready):
    _enqueue(ready)
    given_up = ready.python(
        "from django.utils import timezone\n"
        "from django_tasks_db.models import DBTaskResult as T\n"
        "from amiable.apps.work.services import MAX_ATTEMPTS, tasks_reap\n"
        "T.objects.update(status='RUNNING', worker_ids=['dead'] * (MAX_ATTEMPTS - 1))\n"
        "print(tasks_reap(timezone.now()), T.objects.get().status)\n"
        "T.objects.update(status='RUNNING', worker_ids=['dead'] * MAX_ATTEMPTS)\n"
        "print(tasks_reap(timezone.now()), T.objects.get().status)\n"
    )
    assert given_up.split() == ["1", "READY", "1", "FAILED"]


def test_serve_answers_runs_tasks_and_ends_with_its_worker(ready, free_port):
    address = f"http://127.0.0.1:{free_port}"
    server = ready.start(*AMIABLE, "serve", "--port", str(free_port))
    try:
        assert wait_for(lambda: _get(f"{address}/healthz")) == (200, "ok\n")
        assert _get(f"{address}/readyz") == (200, "ready\n")
        _enqueue(ready)
        wait_for((ready.folder / "runs").exists)
        status, gauges = _get(f"{address}/metrics")
        assert status == 200
        assert "amiable_workers 1" in gauges
    finally:
        server.terminate()
        assert server.wait(30) == 0
    assert _get(f"{address}/healthz") is None
    workers = "from amiable.apps.work.models import Worker; print(Worker.objects.count())"
    assert ready.python(workers).strip() == "0"


def test_killed_background_worker_is_replaced(ready, free_port):
    pid = "from amiable.apps.work.models import Worker as W; print(*W.objects.values_list('pid'))"
    server = ready.start(*AMIABLE, "serve", "--port", str(free_port))
    try:
        first = wait_for(lambda: ready.python(pid).strip("(),\n "))
        ready.python(f"import os; os.kill({first}, 9)")
        _enqueue(ready)
        wait_for((ready.folder / "runs").exists)
    finally:
        server.terminate()
        server.wait(30)


def test_ticks_are_enqueued_once_a_day_whoever_asks(ready):
    twice = ready.python(
        "from datetime import datetime\n"
        "from zoneinfo import ZoneInfo\n"
        "from amiable.project.worker import ticks_enqueue\n"
        "from django_tasks_db.models import DBTaskResult as T\n"
        "night = datetime(2026, 11, 20, 4, 30, tzinfo=ZoneInfo('Europe/Paris'))\n"
        "day = night.replace(hour=8)\n"
        "print(*map(ticks_enqueue, (night, night, day, day)), T.objects.count())\n"
    )
    assert twice.strip() == "['check'] [] ['day', 'match', 'plan', 'send'] [] 5"


def test_queued_day_is_run_and_leaves_its_job(ready):
    ready.python(
        "from django.utils import timezone\n"
        "from amiable.project.worker import TICKS, _tick_enqueue\n"
        "from amiable.apps.tenants.queries import organization_ids\n"
        "for tick in TICKS:\n"
        "    assert _tick_enqueue(organization_ids()[0], tick, timezone.localtime())\n"
    )
    assert ready.json("worker", "--until-idle", "--no-ticks") == {"tasks": 9}
    jobs = ready.python(
        "from amiable.apps.work.models import Job\n"
        "for job in Job.objects.order_by('id'):\n"
        "    print(job.kind, job.state, job.error, sorted(job.result))\n"
    ).splitlines()
    assert [line.split()[:2] for line in jobs] == [
        [kind, "done"]
        for kind in (
            "check",
            "day",
            "mail",
            "drops",
            "checkouts",
            "payouts",
            "match",
            "plan",
            "send",
        )
    ]
    assert "'match', 'plan', 'send'" in jobs[1]


def test_serve_refuses_a_database_that_is_not_ready(tmp_path):
    with installation(tmp_path) as place:
        # Both end by themselves; a server that kept running would run into the test's own limit.
        place.amiable("serve", status=2)
        place.amiable("worker", status=2)


def _get(address: str) -> tuple[int, str] | None:
    try:
        with closing(urllib.request.urlopen(address, timeout=5)) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None
