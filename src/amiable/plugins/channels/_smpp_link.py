"""A link to an operator's message centre (SMPP 3.4): connect, bind, ask and be asked."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from smpplib import command_codes, consts, smpp
from smpplib.exceptions import UnknownCommandError

_NACK = "generic_nack"
LARGEST_PDU = 70_000  # octets: 64 KiB of message_payload and its header
_IDS = {"same": (0, 0), "hex-dec": (16, 10), "dec-hex": (10, 16)}
_OPTIONS = frozenset({"from", "timeout", "ca_file", "system_type", "bind", "long", "ids", "gone"})


class BindRefusedError(Exception):
    """The centre would not let us in; the message is its answer."""


@dataclass(frozen=True, slots=True)
class Received:
    """A PDU that came in. `pdu` None = it could not be read beyond its header."""

    command: str
    status: int
    sequence: int
    pdu: Any


def smpp_config(url: str) -> dict[str, Any]:
    """smpp[s]://system_id:password@host:port?from=SENDER&system_type=...&timeout=30&ca_file=...

    `bind` = "transmitter" (receipts over a link of their own) or "transceiver"; `long` = "udh", we
    cut, or "payload", the centre does; `ids` = how ids are written in answers and in receipts:
    "same", "hex-dec", "dec-hex"; `gone` = error codes of numbers that do not exist: 001,005.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme not in {"smpp", "smpps"} or not parts.hostname or options.keys() - _OPTIONS:
        raise ValueError(
            "a message centre reads smpp[s]://system_id:password@host:port; options: "
            + ", ".join(sorted(_OPTIONS))
        )
    bind, long, ids = (options.get(*each) for each in _DEFAULTS)
    if bind not in {"transmitter", "transceiver"} or long not in {"udh", "payload"}:
        raise ValueError("bind is transmitter or transceiver; long is udh or payload")
    if ids not in _IDS:
        raise ValueError("ids is same, hex-dec or dec-hex")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    kind = options.get("system_type", "")
    # Sections 5.2.1 to 5.2.3: octets with the one that ends them.
    for value, room in ((user, 16), (password, 9), (kind, 13)):
        if len(value) >= room or not value.isascii():
            raise ValueError(f"at most {room - 1} plain letters fit where {value[:20]!r} stands")
    return {
        "secure": parts.scheme == "smpps",
        "host": parts.hostname,
        "port": parts.port or (3550 if parts.scheme == "smpps" else 2775),
        "user": user,
        "password": password,
        "system_type": kind,
        "sender": options.get("from", ""),
        "timeout": float(options.get("timeout", 30)),
        "ca_file": options.get("ca_file", ""),
        "bind": bind,
        "long": long,
        "ids": _IDS[ids],
        "gone": tuple(filter(None, options.get("gone", "").split(","))),
    }


_DEFAULTS = (("bind", "transmitter"), ("long", "udh"), ("ids", "same"))


class Link:
    """A bound link. Raises OSError when it is lost, TimeoutError when the centre keeps silent.

    PDUs of smpplib take their numbers from it (`next_sequence`).
    """

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self.connection = connection
        self.timeout = timeout
        self.sequence = 0

    def next_sequence(self) -> int:
        """The number of our next request: 1 to 0x7FFFFFFF (section 3.2)."""
        self.sequence = self.sequence % 0x7FFFFFFF + 1
        return self.sequence

    def send(self, command: str, **fields: Any) -> int:
        """Send a PDU; returns its number."""
        pdu = smpp.make_pdu(command, client=self, **fields)
        if "sequence" in fields:
            pdu.sequence = fields["sequence"]
        pdu.status = fields.get("status", 0)
        self.connection.settimeout(self.timeout)
        self.connection.sendall(pdu.generate())
        return int(pdu.sequence)

    def request(self, command: str, **fields: Any) -> Received:
        """Send a PDU and wait for its response, answering what the centre asks meanwhile."""
        number = self.send(command, **fields)
        stop = time.monotonic() + self.timeout
        while (left := stop - time.monotonic()) > 0:
            received = self.read(left)
            if received.sequence == number and received.command in {f"{command}_resp", _NACK}:
                return received
            self.answer(received)
        raise TimeoutError("timed out")

    def read(self, seconds: float) -> Received:
        """The next PDU, waiting so long at most for each piece of it."""
        self.connection.settimeout(seconds)
        head = self._exactly(16)
        length, code, status, sequence = struct.unpack(">LLLL", head)
        if not 16 <= length <= LARGEST_PDU:
            raise ConnectionError(f"a PDU of {length} octets is none")
        raw = head + self._exactly(length - 16)
        try:
            name = command_codes.get_command_name(code)
            if name == _NACK:
                status = status or consts.SMPP_ESME_RUNKNOWNERR
            pdu = smpp.parse_pdu(raw, client=self, allow_unknown_opt_params=True)
        except UnknownCommandError:
            return Received("", status, sequence, None)
        except (struct.error, ValueError, TypeError, IndexError, AttributeError):
            return Received(name, status, sequence, None)
        return Received(name, status, sequence, pdu)

    def answer(self, received: Received, status: int = consts.SMPP_ESME_RX_T_APPN) -> None:
        """Answer what the centre asks. A delivery that nobody records now is put off by default, so
        that the centre keeps it. Raises ConnectionError once the centre has said goodbye."""
        if received.command == "enquire_link":
            self.send("enquire_link_resp", sequence=received.sequence)
        elif received.command == "deliver_sm":
            self.send("deliver_sm_resp", sequence=received.sequence, status=status)
        elif received.command == "unbind":
            self.send("unbind_resp", sequence=received.sequence)
            raise ConnectionError("the centre ended the link")
        elif not received.command:
            self.send(_NACK, sequence=received.sequence, status=consts.SMPP_ESME_RINVCMDID)

    def settle(self) -> None:
        """Answer what came since the last request. Raises OSError when the link was lost."""
        while select.select([self.connection], [], [], 0)[0]:
            self.answer(self.read(self.timeout))

    def close(self) -> None:
        """Say goodbye without waiting long."""
        try:
            self.timeout = min(self.timeout, 2.0)
            self.request("unbind")
        except OSError:
            pass
        finally:
            self.connection.close()

    def _exactly(self, count: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < count:
            piece = self.connection.recv(count - len(pieces))
            if not piece:
                raise ConnectionError("the centre closed the link")
            pieces += piece
        return bytes(pieces)


def bound(config: Mapping[str, Any], kind: str) -> Link:
    """A link bound as transmitter, receiver or transceiver.

    Raises OSError when the centre cannot be reached, BindRefusedError when it says no.
    """
    timeout = float(config["timeout"])
    connection = socket.create_connection((config["host"], int(config["port"])), timeout)
    try:
        if config["secure"]:
            context = ssl.create_default_context(cafile=config.get("ca_file") or None)
            connection = context.wrap_socket(connection, server_hostname=config["host"])
        link = Link(connection, timeout)
        answer = link.request(
            f"bind_{kind}",
            system_id=config["user"],
            password=config["password"],
            system_type=config["system_type"],
        )
        if answer.status:
            raise BindRefusedError(status_text(answer.status))
    except BaseException:
        connection.close()
        raise
    return link


def status_text(status: int) -> str:
    """A status of the protocol with its description (section 5.1.3)."""
    return f"0x{status:02X} {consts.DESCRIPTIONS.get(status, 'unknown status')}"
