"""`amiable serve`: gunicorn in this process, and the worker beside it, ended with it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.db import connections
from gunicorn.app.base import BaseApplication

from amiable.project.logs import TokenFilter

GRACE_SECONDS = 20


class _Application(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with options given in code instead of files and arguments."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from amiable.project.wsgi import application

        return application


def serve(
    host: str,
    port: int,
    *,
    processes: int = 1,
    threads: int = 8,
    workers: int = 1,
    ready: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then requests and running tasks get GRACE_SECONDS.

    `processes` x `threads` answer requests; `workers` background processes run tasks. `ready`
    is called once the address is listened on. Ends the process with SystemExit, as gunicorn does.
    """
    logging.getLogger("gunicorn.error").addFilter(TokenFilter())
    connections.close_all()  # processes are forked: none may share a connection
    background = _Background(workers)

    def when_ready(_: Any) -> None:
        background.start()
        if ready is not None:
            ready()

    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": processes,
        "worker_class": "gthread",
        "threads": threads,
        "timeout": 120,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 15,
        "loglevel": "warning",
        "proc_name": "amiable",
        "control_socket_disable": True,
        "when_ready": when_ready,
    }
    try:
        _Application(options).run()
    finally:
        background.stop()


class _Background:
    """Keeps worker processes alive: one that ends by itself is replaced."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.processes: list[subprocess.Popen[bytes]] = []
        self.owner = os.getpid()
        self.ending = threading.Event()

    def start(self) -> None:
        self.processes = [self._spawn() for _ in range(self.count)]
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """End the workers; one that does not finish its chunk in time is cut off."""
        if os.getpid() != self.owner:  # a forked web process runs this on its way out too
            return
        self.ending.set()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _watch(self) -> None:
        while not self.ending.wait(2):
            for position, process in enumerate(self.processes):
                if process.poll() is not None and not self.ending.is_set():
                    self.processes[position] = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "amiable.project.worker", str(self.owner)]
        return subprocess.Popen(command)  # noqa: S603  # our own module
