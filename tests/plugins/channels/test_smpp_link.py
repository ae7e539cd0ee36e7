"""Octets that no message centre should send: read in bounded time, or the link is given up."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import suppress
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.plugins.channels._smpp_link import LARGEST_PDU, Link, Received
from amiable.plugins.channels._smpp_messages import canonical, told
from amiable.plugins.channels.smpp import PLUGIN
from amiable.plugins.inbound import HookAnswer
from tests.plugins.channels.test_smpp import text

DELIVER_SM, SUBMIT_RESP, ENQUIRE, UNBIND, CANCEL = 0x5, 0x80000004, 0x15, 0x6, 0x8
CONFIG = PLUGIN.configure("smpp://ana:p@127.0.0.1?gone=001")


def pdu(code, body=b"", status=0, sequence=7) -> bytes:
    return struct.pack(">LLLL", 16 + len(body), code, status, sequence) + body


def received(octets: bytes) -> Received:
    """What a link makes of octets after which the other side goes away."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(octets)
        theirs.shutdown(socket.SHUT_WR)
        return Link(ours, 1.0).read(1.0)


@given(st.binary(max_size=200))
def test_any_octets_are_a_pdu_or_the_end_of_the_link(octets):
    with suppress(OSError):
        assert isinstance(received(octets), Received)


@given(
    st.sampled_from([DELIVER_SM, SUBMIT_RESP, ENQUIRE, CANCEL, 0x80000000]), st.binary(max_size=120)
)
def test_any_body_is_read_or_known_to_be_unreadable(code, body):
    found = received(pdu(code, body))
    assert found.sequence == 7
    answer = told(found, CONFIG)
    assert answer is None or isinstance(answer, HookAnswer)


FIELDS = b"\0\1\1%b\0\1\1%b\0%c\0\0\0\0\0\0%c\0%c%b"


@given(
    st.binary(max_size=20).map(lambda octets: octets.replace(b"\0", b"")),
    st.sampled_from([0, 0x04, 0x20, 0x40, 0x44]),
    st.sampled_from([0, 1, 3, 4, 8, 99]),
    st.binary(max_size=160),
)
def test_whatever_a_delivery_holds_it_is_told_or_left(address, kind, coding, octets):
    body = FIELDS % (address, address, kind, coding, len(octets), octets)
    found = received(pdu(DELIVER_SM, body))
    assert found.pdu is not None
    answer = told(found, CONFIG)
    assert answer is None or len(answer.events) + len(answer.replies) == 1


def test_optional_parameters_of_a_receipt_stand_above_its_words():
    octets = b"id:7 stat:UNDELIV err:001"
    head = FIELDS % (b"33612345678", b"38000", 0x04, 0, len(octets), octets)
    tlvs = struct.pack(">HH4s", 0x001E, 4, b"abc\0") + struct.pack(">HHB", 0x0427, 1, 2)
    unknown = struct.pack(">HH3s", 0x1403, 3, b"xyz")
    (event,) = told(received(pdu(DELIVER_SM, head + unknown + tlvs)), CONFIG).events
    assert (event.kind, event.provider_id) == ("delivered", "abc")


@pytest.mark.parametrize("length", [0, 15, LARGEST_PDU + 1, 0xFFFFFFFF])
def test_length_that_no_pdu_has_ends_the_link(length):
    with pytest.raises(ConnectionError):
        received(struct.pack(">LLLL", length, DELIVER_SM, 0, 1))


def test_what_we_do_not_know_is_refused_and_goodbye_is_answered():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(pdu(CANCEL) + pdu(ENQUIRE, sequence=8) + pdu(UNBIND, sequence=9))
        with pytest.raises(ConnectionError, match="ended"):
            Link(ours, 1.0).settle()
        answers = theirs.recv(200)
    codes = [struct.unpack(">LLL", answers[i + 4 : i + 16]) for i in (0, 16, 32)]
    assert codes == [(0x80000000, 3, 7), (0x80000015, 0, 8), (0x80000006, 0, 9)]


def test_endless_talk_is_no_answer():
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def talk():
        with suppress(OSError):
            while not stop.is_set():
                theirs.sendall(pdu(ENQUIRE))
                theirs.recv(200)

    thread = threading.Thread(target=talk, daemon=True)
    with ours, theirs:
        thread.start()
        with pytest.raises(TimeoutError):
            Link(ours, 0.3).request("submit_sm")
        stop.set()
        ours.close()
        thread.join(2)


@pytest.mark.parametrize(
    ("spoken", "base", "shared"),
    [(b"0000001A", 16, "26"), (b"26", 10, "26"), (b"0000001A", 0, "0000001A"), (b"x-1", 16, "x-1"),
     (None, 0, "")],
)  # fmt: skip
def test_ids_are_compared_by_value_where_their_base_differs(spoken, base, shared):
    assert canonical(spoken, base) == shared


def test_certificate_of_the_centre_is_checked(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key),
         "-out", str(certificate)], check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        """Take a bind and a message over TLS, twice at most."""
        for _ in range(2):
            raw, _ = listener.accept()
            try:
                with context.wrap_socket(raw, server_side=True) as link:
                    link.recv(200)
                    link.sendall(pdu(0x80000002, b"test\0", sequence=1))
                    link.recv(500)
                    link.sendall(pdu(SUBMIT_RESP, b"id-1\0", sequence=2))
                    link.recv(200)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"smpps://ana:p@localhost:{listener.getsockname()[1]}?timeout=2"
    with listener:
        with PLUGIN.session(PLUGIN.configure(url)) as session:
            unsure = session.send(text())
        with PLUGIN.session(PLUGIN.configure(f"{url}&ca_file={certificate}")) as session:
            sure = session.send(text())
        thread.join(5)
    assert (unsure.state, sure.state, sure.provider_id) == ("retry", "sent", "id-1")
    assert "CERTIFICATE_VERIFY_FAILED" in unsure.detail
