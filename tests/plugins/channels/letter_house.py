"""A house that prints and posts letters, on loopback: it behaves as the documentation of Merci
Facteur says, or misbehaves as told."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.plugins.channels.http_servers import hang_up

KEYS = {"civilite", "nom", "prenom", "societe", "adresse1", "adresse2", "adresse3", "cp", "ville",
        "pays", "reference"}  # fmt: skip
COUNTRIES = {"FRANCE", "BELGIQUE", "ROYAUME-UNI"}


class House:
    """`faults` are taken one for each letter: "429", "429-date", "500", "slow", "drop" (after the
    body was read), "drop-after" (taken, then hung up), "garbage", "cut"; None = none."""

    def __init__(self, *faults, service="svc-1", secret="k3y", token_for=1000) -> None:
        self.faults = list(faults)
        self.service, self.secret = service, secret
        self.letters: dict[str, dict] = {}
        self.tokens: dict[str, int] = {}
        self.token_for = token_for  # letters before a token is no longer known
        self.asked: list[str] = []
        self.stop = threading.Event()

    @contextmanager
    def running(self):
        house = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                house.asked.append(self.path)
                self.say(*house.give_token(self.headers))

            def do_POST(self):
                house.asked.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fault = house.faults.pop(0) if house.faults else None
                house.answer(self, fault, body)

            def say(self, status, answer, retry_after=""):
                text = answer if isinstance(answer, str) else json.dumps(answer)
                self.send_response(status)
                if retry_after:
                    self.send_header("Retry-After", retry_after)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            self.stop.set()
            server.shutdown()
            server.server_close()
            thread.join(5)

    def answer(self, handler, fault, body):
        if fault in {"drop", "slow"}:
            self.stop.wait(20 if fault == "slow" else 0)
            return hang_up(handler)
        if fault == "500":
            return handler.say(500, {"success": False, "error": "INTERNAL"})
        if fault in {"429", "429-date"}:
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
            answer = {"success": False, "error": "TOO_MANY"}
            return handler.say(429, answer, "120" if fault == "429" else date)
        status, answer = self.take(handler.headers, body)
        if fault == "drop-after":
            return hang_up(handler)
        if fault == "garbage":
            return handler.say(200, "<html>Bienvenue</html>")
        if fault == "cut":
            handler.send_response(200)
            handler.send_header("Content-Length", "400")
            handler.end_headers()
            handler.wfile.write(b'{"success": tr')
            return hang_up(handler)
        return handler.say(status, answer)

    def give_token(self, headers):
        stamp = headers["ww-timestamp"]
        seal = hmac.new(self.secret.encode(), f"{self.service}{stamp}".encode(), sha256).hexdigest()
        if headers["ww-service-id"] != self.service or headers["ww-service-signature"] != seal:
            return 400, {"success": False, "error": {"code": "BAD_SIGNATURE", "text": "Signature"}}
        if abs(time.time() - int(stamp)) > 300 or not headers["ww-authorized-ip"]:
            return 400, {"success": False, "error": {"code": "BAD_TIMESTAMP", "text": ""}}
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = self.token_for
        return 200, {"success": True, "error": None, "token": token, "expire": int(stamp) + 86400}

    def take(self, headers, body):
        token = headers["ww-access-token"]
        if self.tokens.get(token, 0) < 1:
            return 401, {"success": False, "error": {"code": "INVALID_TOKEN", "text": ""}}
        self.tokens[token] -= 1
        form = {name: values[0] for name, values in parse_qs(body).items()}
        adress, content = json.loads(form["adress"]), json.loads(form["content"])
        (to,) = adress["dest"]
        if set(to) != KEYS or not (to["societe"] or to["nom"]) or not (to["cp"] and to["ville"]):
            return 400, {"success": False, "error": {"code": "INFO_ADDRESS_MISSING", "text": ""}}
        if to["pays"] not in COUNTRIES:
            return 400, {"success": False, "error": {"code": "COUNTRY_UNKNOWN", "text": to["pays"]}}
        letter = content["letter"]
        pdf = base64.b64decode(letter["base64files"][0], validate=True)
        if letter["files"] != "" or content["photo"] != "" or not pdf.startswith(b"%PDF"):
            return 400, {"success": False, "error": "LETTER_INVALID_BASE64_FILES"}
        if form["antidoublon"] in self.letters:
            error = {"code": "ANTIDOUBLON", "text": "Courrier déjà envoyé (anti-doublon)"}
            return 400, {"success": False, "error": error}
        self.letters[form["antidoublon"]] = {**form, "to": to, "pdf": pdf, "letter": letter}
        price = {"total": {"ht": 1.21, "ttc": 1.45}, "detail": {"affranchissement": 0.9}}
        return 200, {"success": True, "error": None, "envoi_id": 900 + len(self.letters),
                     "price": price, "resume": {"nb_dest": 1, "nb_page": 1}}  # fmt: skip
