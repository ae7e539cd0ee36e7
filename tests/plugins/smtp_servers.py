"""Real SMTP servers on loopback: one that takes mail, one that misbehaves as told."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

from aiosmtpd.controller import Controller


class Keeper:
    """Keeps what it receives: (sender, recipients, content)."""

    def __init__(self):
        self.mails = []
        self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return f"250 OK queued as {len(self.mails)}"


@contextmanager
def keeper(**options):
    """A running server; yields (handler, port)."""
    handler = Keeper()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield handler, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Rogue:
    """Answers each command from `replies` (a verb -> reply); None = hang up without a word.

    The verb "." is the end of the content. `contents` counts the contents it has fully read.
    """

    def __init__(self, **replies):
        self.replies = {"EHLO": "250 rogue", "MAIL": "250 ok", "RCPT": "250 ok",
                        "DATA": "354 go", ".": "250 ok", "RSET": "250 ok",
                        "QUIT": "221 bye"} | replies  # fmt: skip
        self.contents = 0
        self.sessions = 0
        self.commands = []

    @contextmanager
    def running(self):
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(5)

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.sessions += 1
            with connection:
                self._talk(connection)

    def _talk(self, connection):
        connection.settimeout(5)
        lines = connection.makefile("rb")
        connection.sendall(b"220 rogue\r\n")
        try:
            for raw in lines:
                verb = raw.split()[0].upper().decode()
                self.commands.append(verb)
                if not self._answer(connection, verb):
                    return
                if verb == "DATA" and self.replies["DATA"].startswith("354"):
                    for content in lines:
                        if content == b".\r\n":
                            break
                    self.contents += 1
                    if not self._answer(connection, "."):
                        return
                if verb == "QUIT":
                    return
        except OSError:
            return

    def _answer(self, connection, verb) -> bool:
        reply = self.replies.get(verb, "502 what?")
        if callable(reply):
            reply = reply(self)
        if reply is None:
            return False
        if isinstance(reply, float):
            time.sleep(reply)
            return False
        connection.sendall(reply.encode() + b"\r\n")
        return True
