"""A message centre for the tests, in a process of its own: python -m tests.plugins.channels.smsc.

Debian packages no SMPP server with receipts, so this one behaves as SMPP 3.4 says: binds with a
password, submit_sm with ids, receipts (appendix B) kept until a receiver acknowledges them,
enquire_link and unbind. `rules.json` in its folder says how it misbehaves, by number:
{"33612345678": {"status": 88, "times": 1, "delay": 2.0, "drop": true, "stat": "UNDELIV",
"err": "001", "doubled": true}}; "*" = every number. `times` = for so many messages, `after` so many. What it took stands in `taken.jsonl`.

It speaks through the same PDU classes as the channel; Kannel's bearerbox, which does not, is
connected to it in test_kannel_smpp.py, so that neither side can be wrong in the same way unseen.
"""

from __future__ import annotations

import json
import socketserver
import struct
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from smpplib import command_codes, consts, smpp

USER, PASSWORD = b"ana", b"s3cret"


class Centre:
    """What all links share: the rules, what was taken, the receipts not yet acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.waiting: list[dict] = []
        self.count = 0
        self.used: dict[str, int] = {}

    def rule(self, number: str) -> dict:
        path = self.folder / "rules.json"
        rules = json.loads(path.read_text()) if path.exists() else {}
        rule = rules.get(number) or rules.get("*") or {}
        with self.lock:
            self.used[number] = self.used.get(number, 0) + 1
            turn = self.used[number] - rule.get("after", 0)
        return rule if 1 <= turn <= rule.get("times", 1_000_000) else {}

    def take(self, pdu, rule) -> str:
        with self.lock:
            self.count += 1
            ident = f"{self.count:08X}"
            entry = {
                "id": ident,
                "from": pdu.source_addr.decode(),
                "from_ton": pdu.source_addr_ton,
                "to": pdu.destination_addr.decode(),
                "coding": pdu.data_coding,
                "esm_class": pdu.esm_class,
                "receipt": pdu.registered_delivery,
                "octets": (pdu.short_message or pdu.message_payload or b"").hex(),
                "payload": bool(getattr(pdu, "message_payload", None)),
            }
            with (self.folder / "taken.jsonl").open("a") as file:
                file.write(json.dumps(entry) + "\n")
            if pdu.registered_delivery:
                receipt = {
                    **entry,
                    "stat": rule.get("stat", "DELIVRD"),
                    "err": rule.get("err", "000"),
                    "decimal": rule.get("decimal"),
                }
                self.waiting += [receipt] * (2 if rule.get("doubled") else 1)
        return ident


class Link(socketserver.BaseRequestHandler):
    """One link of a client."""

    def handle(self) -> None:
        self.centre: Centre = self.server.centre
        self.sequence, self.receives, self.sent = 0, False, {}
        self.request.settimeout(0.05)
        while True:
            try:
                raw = self.read()
            except TimeoutError:
                if self.receives:
                    self.deliver()
                continue
            except OSError:
                return
            if not raw or not self.obey(raw):
                return

    def read(self) -> bytes:
        head = self.request.recv(4)
        if not head:
            return b""
        length = struct.unpack(">L", head)[0]
        while len(head) < length:
            head += self.request.recv(length - len(head))
        return head

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def send(self, command: str, sequence: int, status: int = 0, **fields) -> None:
        pdu = smpp.make_pdu(
            command,
            client=SimpleNamespace(sequence=sequence, next_sequence=lambda: sequence),
            **fields,
        )
        pdu.sequence, pdu.status = sequence, status
        self.request.sendall(pdu.generate())

    def obey(self, raw: bytes) -> bool:
        code, status, sequence = struct.unpack(">LLL", raw[4:16])
        name = command_codes.get_command_name(code)
        pdu = smpp.parse_pdu(raw, client=self, allow_unknown_opt_params=True)
        if name.startswith("bind_"):
            good = (pdu.system_id, pdu.password) == (USER, PASSWORD)
            self.receives = good and name != "bind_transmitter"
            self.send(
                f"{name}_resp",
                sequence,
                0 if good else consts.SMPP_ESME_RINVPASWD,
                system_id="test",
            )
            return True
        if name == "submit_sm":
            return self.submitted(pdu, sequence)
        if name == "deliver_sm_resp":
            receipt = self.sent.pop(sequence, None)
            if receipt is not None and status:
                with self.centre.lock:
                    self.centre.waiting.append(receipt)
        elif name in {"enquire_link", "unbind"}:
            self.send(f"{name}_resp", sequence)
        return name != "unbind"

    def submitted(self, pdu, sequence: int) -> bool:
        rule = self.centre.rule(pdu.destination_addr.decode())
        if rule.get("enquire"):
            self.send("enquire_link", self.next_sequence())
        if rule.get("status"):
            self.send("submit_sm_resp", sequence, rule["status"])
            return True
        if rule.get("goodbye"):
            self.send("unbind", self.next_sequence())
            return True
        if rule.get("garbage"):
            self.request.sendall(bytes.fromhex(rule["garbage"]))
            return True
        ident = self.centre.take(pdu, rule)
        if rule.get("drop"):
            return False
        time.sleep(rule.get("delay", 0))
        self.send("submit_sm_resp", sequence, message_id=ident)
        return not rule.get("hang_up")

    def deliver(self) -> None:
        with self.centre.lock:
            waiting, self.centre.waiting = self.centre.waiting[:1], self.centre.waiting[1:]
        texts = self.centre.folder / "incoming.json"
        if not waiting and texts.exists():
            waiting = json.loads(texts.read_text())
            texts.unlink()
        for receipt in waiting:
            sequence = self.next_sequence()
            self.sent[sequence] = receipt
            if "text" in receipt:
                self.send("deliver_sm", sequence, source_addr=receipt["from"], destination_addr=receipt["to"],
                          data_coding=receipt["coding"], short_message=bytes.fromhex(receipt["text"]),
                          esm_class=receipt.get("esm_class", 0))  # fmt: skip
                continue
            ident = receipt["id"]
            if receipt.get("decimal"):
                ident = str(int(ident, 16))
            words = (
                f"id:{ident} sub:001 dlvrd:001 submit date:2611220900 done date:2611220901 "
                f"stat:{receipt['stat']} err:{receipt['err']} text:stat:LIE"
            )
            self.send("deliver_sm", sequence, source_addr=receipt["to"], destination_addr=receipt["from"],
                      esm_class=0x04, short_message=words.encode())  # fmt: skip

    def finish(self) -> None:
        """What was not acknowledged waits for the next receiver."""
        with self.centre.lock:
            self.centre.waiting += self.sent.values()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main(folder: str) -> None:
    """Serve on a free port, which is written to the file `port`."""
    with Server(("127.0.0.1", 0), Link) as server:
        server.centre = Centre(Path(folder))
        part = Path(folder) / "port.part"
        part.write_text(str(server.server_address[1]))
        part.rename(Path(folder) / "port")
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
