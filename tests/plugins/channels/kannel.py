"""Kannel from Debian, really running: bearerbox, smsbox and an operator, on free ports of loopback.

The operator is Kannel's own fakesmsc, or a server given by its SMPP port. Processes are ended by
their id; all files are in a temporary folder.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.plugins.smtp_servers import free_port

BEARERBOX, SMSBOX = "/usr/sbin/bearerbox", "/usr/sbin/smsbox"
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
PATIENCE = 20.0

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = keeper
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = {folder}/bearerbox.log
log-level = 0
dlr-storage = internal
sms-resend-freq = 1
{core}

group = smsc
smsc-id = operator
{operator}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {port}
sendsms-interface = 127.0.0.1
log-file = {folder}/smsbox.log
log-level = 0
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = ana
password = s3cret
concatenation = true
max-messages = 6
default-sender = 38000
black-list-regex = "^\\\\+33700"

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{replies}"
"""
FAKE = "smsc = fake\nport = {port}\nour-host = 127.0.0.1\nconnect-allow-ip = 127.0.0.1"
SMPP = """smsc = smpp
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = ana
smsc-password = s3cret
system-type = ""
enquire-link-interval = 5
reconnect-delay = 1
msg-id-type = 0"""


class Kannel:
    """A running gateway: `port` of sendsms; `texts` the operator got, as fakesmsc prints them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.port, self.admin, self.operator = free_port(), free_port(), free_port()
        self.fake: subprocess.Popen[bytes] | None = None
        self.started = 0

    @property
    def url(self) -> str:
        return f"kannel://ana:s3cret@127.0.0.1:{self.port}"

    def connect_operator(self, *incoming: str) -> None:
        """Start fakesmsc; `incoming` = lines "sender receiver text words" that customers write."""
        self.started += 1
        self.log = self.folder / f"fakesmsc-{self.started}.log"
        count = ["-m", str(len(incoming)), "-i", "0.1"]
        lines = incoming or ("1 2 text nothing",)
        self.fake = self._start(
            FAKESMSC, "-H", "127.0.0.1", "-r", str(self.operator), *count, *lines, log=self.log
        )
        wait_for(lambda: "(online " in self.status())

    def disconnect_operator(self) -> None:
        if self.fake is not None:
            end(self.fake)
            wait_for(lambda: "(online " not in self.status())

    def texts(self, count: int = 0) -> list[str]:
        """What the operator got so far; waits until there are `count` of them."""
        found: list[str] = []

        def enough() -> bool:
            printed = self.log.read_bytes().decode("utf-8", "replace")
            found[:] = re.findall(r"Got message \d+: <(.*)>$", printed, re.MULTILINE)
            return len(found) >= count

        wait_for(enough)
        return found

    def status(self) -> str:
        address = f"http://127.0.0.1:{self.admin}/status.txt?password=keeper"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode("utf-8", "replace")
        return ""

    def _start(self, *command: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self.stack.callback(end, process)
        return process

    def start(self, *, core: str, smpp_port: int, replies: str) -> None:
        operator = SMPP.format(port=smpp_port) if smpp_port else FAKE.format(port=self.operator)
        config = self.folder / "kannel.conf"
        boxes = free_port()
        config.write_text(
            CONFIG.format(
                admin=self.admin, boxes=boxes, port=self.port, folder=self.folder, core=core,
                operator=operator, replies=replies,
            )
        )  # fmt: skip
        self._start(BEARERBOX, "-v", "4", str(config), log=self.folder / "bearerbox.out")
        wait_for(lambda: listening(boxes) and listening(self.admin))
        self._start(SMSBOX, "-v", "4", str(config), log=self.folder / "smsbox.out")
        wait_for(lambda: listening(self.port))


@contextmanager
def kannel(
    folder: Path, *, core: str = "", smpp_port: int = 0, replies: str = "http://127.0.0.1:9/"
) -> Iterator[Kannel]:
    """A running Kannel. `core` = more lines of its core group; `replies` = where it hands over what
    customers write; `smpp_port` = the operator (default: fakesmsc, started at once)."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = Kannel(folder, stack)
        server.start(core=core, smpp_port=smpp_port, replies=replies)
        if smpp_port:
            wait_for(lambda: "(online " in server.status())
        else:
            server.connect_operator()
        yield server


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here, by its id."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(true) -> None:
    """Wait until something is true. Raises TimeoutError."""
    stop = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > stop:
            raise TimeoutError(true)
        time.sleep(0.05)
