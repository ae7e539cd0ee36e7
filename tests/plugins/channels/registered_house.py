"""A provider of electronic registered letters, on loopback: it behaves as the documentation of AR24
says, or misbehaves as told. The real one was never asked."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from amiable.plugins.channels._ar24_api import moment, one_time_password, signature, stamp
from tests.plugins.channels.http_servers import hang_up
from tests.plugins.channels.test_print import ONE as PDF

SEED = "JBSWY3DPEHPK3PXP"


class RegisteredHouse:
    """`faults` are taken one for each letter that is handed over: "slow", "drop" (read, and nothing
    taken), "drop-after" (taken, then hung up), "garbage", "garbage-after", "maintenance", or a slug
    it refuses with; None = none. `accounts` = how often it was asked, by path."""

    def __init__(self, *faults, token="t0ken", key="7X9gx9E3Qx4EiUdB63nc", user="12345") -> None:
        self.faults = list(faults)
        self.token, self.key, self.user = token, key, user
        self.files: dict[str, bytes] = {}
        self.letters: dict[str, dict] = {}
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.proofs: set[str] = set()
        self.stop = threading.Event()

    @property
    def url(self) -> str:
        return f"ar24+http://{self.token}:{self.key}@127.0.0.1:{self.port}/api?user={self.user}&otp={SEED}"

    @contextmanager
    def running(self):
        house = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                house.handle(self, "GET", b"")

            def do_POST(self):
                house.handle(self, "POST", self.rfile.read(int(self.headers["Content-Length"])))

            def say(self, octets, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.stop.set()
            server.shutdown()
            server.server_close()
            thread.join(5)

    def handle(self, handler, method, body):
        parts = urlsplit(handler.path)
        self.asked.append(f"{method} {parts.path}")
        if parts.path.startswith("/get/proof/"):
            if handler.path not in self.proofs:
                return handler.say(b"", 404)
            return handler.say(PDF + f"% {parts.path}".encode())  # no two are the same
        form, file = _form(handler.headers, body) if method == "POST" else ({}, b"")
        values = form or dict(parse_qsl(parts.query))
        refusal = self.refusal(values, handler.headers.get("signature"))
        if refusal:
            return handler.say(_clear("ERROR", refusal))
        fault = None
        if (method, parts.path) == ("POST", "/api/mail"):
            self.forms.append(values)
            fault = self.faults.pop(0) if self.faults else None
        return self.answer(handler, method, parts.path, values, file, fault)

    def answer(self, handler, method, path, values, file, fault):
        if fault in {"slow", "drop"}:
            self.stop.wait(20 if fault == "slow" else 0)
            return hang_up(handler)
        if fault == "garbage":
            return handler.say(b"<html>Bienvenue</html>")
        if fault == "maintenance":
            return handler.say(b'{"status": "maintenance"}')
        if fault and fault not in {"drop-after", "garbage-after"}:
            return handler.say(_clear("ERROR", fault))
        found = self.does(method, path, values, file)
        if fault == "drop-after":
            return hang_up(handler)
        if fault == "garbage-after":
            return handler.say(b"AAAA")
        if isinstance(found, str):
            return handler.say(_clear("ERROR", found))
        whole = json.dumps({"status": "SUCCESS", "result": found}).encode()
        return handler.say(self.sealed(whole, values["date"]))

    def refusal(self, values, seal):
        """Why a request proves nothing, "" = it does."""
        if values.get("token") != self.token:
            return "token_not_exist"
        date = values.get("date", "")
        written = moment(date)
        if written is None or abs(datetime.now(UTC) - written) > timedelta(minutes=10):
            return "expired_date"
        if seal != signature(date, self.key):
            return "invalid_signature"
        return "" if values.get("id_user", self.user) == self.user else "user_unavailable"

    def does(self, method, path, values, file):
        if path == "/api/user/auth_otp":
            good = one_time_password(SEED, datetime.now(UTC))
            if values.get("otp") != good:
                return "authentication_otp_invalid"
            return {"hash": "proved", "expiration_date": "2026-11-22 12:00:00"}
        if path == "/api/attachment":
            number = str(50 + len(self.files) + 1)
            self.files[number] = file
            return {"file_id": number}
        if path == "/api/user/mail":
            start, most = int(values.get("start", 0)), int(values.get("max", 50))
            return list(self.letters.values())[start : start + most]
        if (method, path) == ("GET", "/api/mail"):
            return self.letters.get(values.get("id"), "missing_erm_id")
        return self.take(values) if (method, path) == ("POST", "/api/mail") else "unknown_route"

    def take(self, values):
        if values.get("eidas") != "1" or values.get("auth_otp_hash") != "proved":
            return "authentication_missing"
        if "@" not in values.get("to_email", ""):
            return "missing_email"
        if values.get("attachment[0]") not in self.files:
            return "attachment_not_exists"
        if (
            values["dest_statut"] not in {"particulier", "professionnel"}
            or not values["to_lastname"]
        ):
            return "invalid_recipient"
        number = str(900 + len(self.letters) + 1)
        self.letters[number] = {
            "id": int(number), "type": "lre", "status": "waiting", "is_eidas": 1, "send_fail": 0,
            "ref_dossier": values["ref_dossier"], "to_email": values["to_email"],
            "date": stamp(datetime.now(UTC)),
        }  # fmt: skip
        return self.letters[number]

    def becomes(self, number, status, date, paper="", at="2026-11-20 10:05:00"):
        """Let something happen to a letter, with the paper that proves it."""
        letter = self.letters[number]
        letter |= {"status": status, date: at}
        if paper:
            target = f"/get/proof/{paper}-{number}?token=1111"
            self.proofs.add(target)
            letter[f"proof_{paper}_url"] = f"http://127.0.0.1:{self.port}{target}"

    def sealed(self, clear, date):
        """An answer as it travels: enciphered with the date of its request."""
        key = sha256((date + self.key).encode()).hexdigest()[:32].encode()
        hashed = sha256(self.key.encode()).hexdigest()
        vector = sha256(hashed.encode()).hexdigest()[:16].encode()
        padder = PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
        padded = padder.update(clear) + padder.finalize()
        return b64encode(encryptor.update(padded) + encryptor.finalize())


def _clear(status, slug):
    return json.dumps({"status": status, "slug": slug, "message": f"said: {slug}"}).encode()


def _form(headers, body):
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    whole = message_from_bytes(head + body, policy=policy.HTTP)
    values, file = {}, b""
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename():
            file = part.get_payload(decode=True)
        else:
            values[name] = part.get_payload(decode=True).decode()
    return values, file
