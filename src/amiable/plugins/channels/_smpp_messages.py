"""Messages as SMPP 3.4 carries them: addresses and parts on the way out, receipts and customers'
texts on the way in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from smpplib import consts

from amiable.core.delivery import ReportedEvent
from amiable.core.sms import decoded, encoded, encoding_of, parts_of
from amiable.core.sms_rules import sender_text
from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._smpp_link import Received, status_text
from amiable.plugins.channels._sms_reports import (
    LARGEST_DETAIL,
    RECEIPT_EVENTS,
    RECEIPT_STATES,
    or_gone,
    receipt_fields,
    text_reply,
)
from amiable.plugins.inbound import HookAnswer, HookRefusedError, Part

BUSY_SECONDS = 900
# The centre did not take the message and may later (section 5.1.3).
LATER = frozenset({
    consts.SMPP_ESME_RSYSERR, consts.SMPP_ESME_RMSGQFUL, consts.SMPP_ESME_RTHROTTLED,
    consts.SMPP_ESME_RX_T_APPN, consts.SMPP_ESME_RINVBNDSTS,
})  # fmt: skip
_NO_SUCH_NUMBER = frozenset({
    consts.SMPP_ESME_RINVDSTADR, consts.SMPP_ESME_RINVDSTTON, consts.SMPP_ESME_RINVDSTNPI,
})  # fmt: skip
# Bits of esm_class (section 5.2.12) and values of data_coding (5.2.19).
_UDH, _RECEIPTS = 0x40, {0x04, 0x20}
_GSM, _ASCII, _LATIN, _UCS2 = 0, 1, 3, 8


def source_of(sender: str) -> dict[str, Any]:
    """Type, plan and address of a sender: a name, a short code, a number, or the centre's own."""
    wanted = sender_text(sender)
    if not wanted:
        return {"source_addr_ton": 0, "source_addr_npi": 0, "source_addr": ""}
    if not wanted.removeprefix("+").isdigit():
        return {"source_addr_ton": 5, "source_addr_npi": 0, "source_addr": wanted}
    if wanted.startswith("+"):
        return {"source_addr_ton": 1, "source_addr_npi": 1, "source_addr": wanted[1:]}
    return {"source_addr_ton": 3, "source_addr_npi": 0, "source_addr": wanted}


def pieces_of(message: Outgoing, long: str) -> list[dict[str, Any]]:
    """What is submitted one by one: a whole text; its parts under headers that join them (TS 23.040
    section 9.2.3.24.1); or all of it as a payload that the centre cuts."""
    text = message.content.decode()
    encoding = encoding_of(text)
    coding = {"data_coding": _GSM if encoding == "gsm7" else _UCS2}
    parts = [encoded(part, encoding) for part in parts_of(text)]
    if len(parts) == 1:
        return [{**coding, "short_message": parts[0]}]
    if long == "payload":
        return [{**coding, "message_payload": encoded(text, encoding)}]
    # Parts that belong together share a number, the same each time for the same message.
    joined = sha256(message.key.encode()).digest()[0]
    return [
        {
            **coding,
            "esm_class": _UDH,
            "short_message": bytes((5, 0, 3, joined, len(parts), index)) + part,
        }
        for index, part in enumerate(parts, 1)
    ]


def verdict(status: int, recipient: str) -> Outcome:
    """What a refusal of the centre means for the message."""
    said = status_text(status)
    if status in LATER:
        return Outcome("retry", detail=said, retry_after_seconds=BUSY_SECONDS)
    refused = {recipient: said} if status in _NO_SUCH_NUMBER else {}
    return Outcome("failed", detail=said, refused=refused)


def canonical(told: bytes | None, base: int) -> str:
    """An id as answers and receipts share it: as it is, or its value where they differ in base."""
    text = (told or b"").decode("ascii", "replace").strip("\0 ")[:64]
    try:
        return str(int(text, base)) if base else text
    except ValueError:
        return text


def told(received: Received, config: Mapping[str, Any]) -> HookAnswer | None:
    """What a delivery says: of a message, or of a customer. None = it is none, or nothing that we
    can read."""
    pdu = received.pdu
    if received.command != "deliver_sm" or pdu is None:
        return None
    octets = pdu.short_message or getattr(pdu, "message_payload", None) or b""
    if (pdu.esm_class or 0) & 0x3C in _RECEIPTS:
        event = _receipt(pdu, octets.decode("latin-1"), config)
        return HookAnswer(events=(event,)) if event else None
    try:
        sender, to = (each.decode("ascii") for each in (pdu.source_addr, pdu.destination_addr))
        octets, part = _unwrapped(pdu, octets)
        reply = text_reply(
            sender,
            to,
            _text(octets, pdu.data_coding or 0),
            at=datetime.now(UTC),
            part=part,
        )
    except (HookRefusedError, UnicodeDecodeError, AttributeError):
        return None
    return HookAnswer(replies=(reply,))


def _unwrapped(pdu: Any, octets: bytes) -> tuple[bytes, Part | None]:
    """The words without their header, and which part of a text they are: by the header, or by the
    optional parameters that stand for it (section 5.3.2.22 and the two that follow)."""
    number, total, index = (
        getattr(pdu, name, None)
        for name in ("sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum")
    )
    part = _part(number or 0, total or 0, index or 0)
    if (pdu.esm_class or 0) & _UDH and octets:
        end = octets[0] + 1
        return octets[end:], _joined_by(octets[1:end]) or part
    return octets, part


def _joined_by(header: bytes) -> Part | None:
    """What a header says of joining parts: elements 00 (a number of 8 bits) and 08 (16 bits)."""
    while len(header) >= 2:
        name, size = header[0], header[1]
        value, header = header[2 : 2 + size], header[2 + size :]
        if len(value) == size == {0x00: 3, 0x08: 4}.get(name):
            return _part(int.from_bytes(value[:-2], "big"), value[-2], value[-1])
    return None


def _part(number: int, total: int, index: int) -> Part | None:
    """None = it is whole, or its place makes no sense."""
    return Part(number, total, index) if total > 1 and 1 <= index <= total else None


def _receipt(pdu: Any, text: str, config: Mapping[str, Any]) -> ReportedEvent | None:
    """The optional parameters where there are any, else the words of the text (appendix B)."""
    fields = receipt_fields(text)
    spoken = getattr(pdu, "receipted_message_id", None) or fields.get("id", "").encode("latin-1")
    state = RECEIPT_STATES.get(getattr(pdu, "message_state", None) or 0) or fields.get("stat", "")
    kind = RECEIPT_EVENTS.get(state.upper())
    provider_id = canonical(spoken, config["ids"][1])
    if kind is None or not provider_id:
        return None
    return ReportedEvent(
        or_gone(kind, fields.get("err", ""), config["gone"]),
        event_id=f"{provider_id}:{state.upper()}",
        provider_id=provider_id,
        detail=text[:LARGEST_DETAIL],
    )


def _text(octets: bytes, coding: int) -> str:
    if coding == _UCS2:
        # Half of a sign may stand at the end of a part: its other half follows in the next.
        return octets[: len(octets) & ~1].decode("utf-16-be", "surrogatepass")
    return octets.decode("latin-1") if coding in {_ASCII, _LATIN} else decoded(octets)
