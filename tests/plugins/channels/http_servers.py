"""HTTP on loopback: a gateway that misbehaves as told, and a listener for what gateways report."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from amiable.plugins.inbound import HookRequest
from tests.plugins.channels.kannel import wait_for


class Gateway:
    """Answers each request with the next of `answers` (the last one again and again).

    An answer is (status, body) or (status, body, headers); None = hang up without a word once the
    request was read; a number = wait so many seconds, then hang up; bytes = sent as they are, then hang up.
    """

    def __init__(self, *answers, context=None) -> None:
        self.answers = list(answers)
        self.requests: list[HookRequest] = []
        self.connections = 0
        self.context = context
        self.stop = threading.Event()

    def answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait(self, count: int) -> list[HookRequest]:
        """The requests so far; waits until there are so many."""
        wait_for(lambda: len(self.requests) >= count)
        return self.requests

    @contextmanager
    def running(self) -> Iterator[int]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def setup(self):
                gateway.connections += 1
                super().setup()

            def log_message(self, *args):
                pass

            def do_GET(self):
                gateway.handle(self)

            def do_POST(self):
                gateway.handle(self)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if self.context:
            server.socket = self.context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            self.stop.set()
            server.shutdown()
            server.server_close()
            thread.join(5)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        parts = urlsplit(handler.path)
        request = HookRequest(
            method=handler.command,
            path=parts.path,
            headers={name.lower(): value for name, value in handler.headers.items()},
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=handler.rfile.read(length),
            query_string=parts.query,
        )
        self.requests.append(request)
        answer = self.answer()
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, float):
            self.stop.wait(answer)
            answer = None
        if answer is None or isinstance(answer, bytes):
            handler.connection.sendall(answer or b"")
            hang_up(handler)
            return
        status, body, *more = answer
        handler.send_response(status)
        for name, value in (more[0] if more else {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    time.sleep(0.02)
    handler.connection.shutdown(socket.SHUT_RDWR)
