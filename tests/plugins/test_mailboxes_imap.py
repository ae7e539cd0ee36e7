"""The IMAP mailbox against a real Dovecot, and against servers that misbehave."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from amiable.plugins.mailboxes.imap import PLUGIN
from tests.plugins.dovecot import dovecot_server, installed

pytestmark = pytest.mark.skipif(not installed(), reason="needs Debian's dovecot-imapd")
MOST = 1_000_000


def mail(number: int, body: str = "Bonjour") -> bytes:
    return f"From: a@example.com\r\nMessage-ID: <{number}@example.com>\r\n\r\n{body}\r\n".encode()


@pytest.fixture(scope="module")
def server():
    with dovecot_server() as running:
        yield running


@pytest.fixture
def folder(server, request):
    """A folder of this test's own."""
    name = f"box{abs(hash(request.node.name)) % 10**8}"
    server.deliver(mail(0), "0.first", name)
    server.make_anew(name)
    return name


def fetched(url: str, *, validity: int = 0, after: int = 0, most: int = MOST):
    now, messages = PLUGIN.fetch(
        PLUGIN.configure(url), validity=validity, after=after, most_bytes=most
    )
    return now, list(messages)


@pytest.mark.parametrize("tls", [False, True])
def test_a_mailbox_is_read_in_order_and_nothing_in_it_changes(server, folder, tls):
    for number in (1, 2):
        server.deliver(mail(number), f"{number}.x", folder)
    _, found = fetched(server.url(folder, tls=tls))
    assert [message.uid for message in found] == [1, 2, 3]
    assert [b"<%d@" % n in message.content for n, message in enumerate(found)] == [True] * 3
    assert server.seen(folder) == []


def test_only_what_is_newer_is_fetched_within_one_validity(server, folder):
    validity, found = fetched(server.url(folder))
    assert fetched(server.url(folder), validity=validity, after=found[-1].uid) == (validity, [])
    server.deliver(mail(7), "7.x", folder)
    _, newer = fetched(server.url(folder), validity=validity, after=found[-1].uid)
    assert [message.content for message in newer] == [mail(7)]


def test_a_mailbox_made_anew_is_read_from_its_beginning(server, folder):
    validity, found = fetched(server.url(folder))
    server.make_anew(folder)
    again, repeated = fetched(server.url(folder), validity=validity, after=found[-1].uid)
    assert again != validity
    assert [message.content for message in repeated] == [message.content for message in found]


def test_a_message_of_60_mb_is_cut_and_the_next_one_still_comes(server, folder):
    server.deliver(mail(1, "x" * 60_000_000), "1.large", folder)
    server.deliver(mail(2), "2.small", folder)
    _, found = fetched(server.url(folder))
    assert [len(message.content) for message in found] == [len(mail(0)), MOST, len(mail(2))]


def test_a_folder_name_with_accents_and_quotes_is_found(server):
    server.deliver(mail(3), "3.x", 'R&AOk-ponses &- "co"')
    _, found = fetched(server.url('Réponses & "co"'))
    assert [message.content for message in found] == [mail(3)]


def test_a_wrong_password_is_said(server):
    with pytest.raises(OSError, match=r"AUTHENTICATIONFAILED|Authentication failed"):
        fetched(server.url(password="wrong"))


def test_a_missing_folder_is_said(server):
    with pytest.raises(OSError, match=r"doesn't exist|NONEXISTENT"):
        fetched(server.url("nowhere"))


def test_a_server_that_is_not_there_is_said(free_port):
    config = PLUGIN.configure(f"imap://a:b@127.0.0.1:{free_port}")
    with pytest.raises(OSError, match="does not answer"):
        PLUGIN.fetch(config, validity=0, after=0, most_bytes=MOST)


def test_a_certificate_nobody_vouches_for_is_refused(server):
    config = {**PLUGIN.configure(server.url(tls=True)), "ca_file": ""}
    with pytest.raises(OSError, match="certificate"):
        PLUGIN.fetch(config, validity=0, after=0, most_bytes=MOST)


def test_starttls_encrypts_before_the_password():
    with dovecot_server(need_tls=True) as strict:
        strict.deliver(mail(5), "5.x")
        assert [message.content for message in fetched(strict.url())[1]] == [mail(5)]


def test_a_connection_dropped_in_the_middle_of_a_message_is_opened_again(server, folder):
    server.deliver(mail(1, "y" * 500_000), "1.middle", folder)
    server.deliver(mail(2), "2.after", folder)
    with _proxy(server.port, drop_after=200_000, times=1) as port:
        url = server.url(folder).replace(f":{server.port}/", f":{port}/")
        config = {**PLUGIN.configure(url)}
        _, messages = PLUGIN.fetch(config, validity=0, after=0, most_bytes=MOST)
        found = list(messages)
    assert [message.content for message in found] == [mail(0), mail(1, "y" * 500_000), mail(2)]


def test_a_connection_that_always_drops_ends_after_what_was_read(server, folder):
    server.deliver(mail(1, "y" * 500_000), "1.middle", folder)
    with _proxy(server.port, drop_after=200_000, times=99) as port:
        url = server.url(folder).replace(f":{server.port}/", f":{port}/")
        _, messages = PLUGIN.fetch(PLUGIN.configure(url), validity=0, after=0, most_bytes=MOST)
        assert next(messages).content == mail(0)
        with pytest.raises(OSError, match="message 2 cannot be read"):
            next(messages)


def test_a_silent_server_is_given_up_after_the_timeout(free_port):
    with socket.create_server(("127.0.0.1", free_port)):
        config = PLUGIN.configure(f"imap://a:b@127.0.0.1:{free_port}/?timeout=0.5")
        began = time.monotonic()
        with pytest.raises(OSError, match=r"timed out|does not answer"):
            PLUGIN.fetch(config, validity=0, after=0, most_bytes=MOST)
        assert time.monotonic() - began < 10


def test_a_server_cannot_make_us_hold_more_than_was_asked(free_port):
    with _huge_answer(free_port):
        config = PLUGIN.configure(f"imap://a:b@127.0.0.1:{free_port}/?timeout=5")
        with pytest.raises(OSError, match="99999999999 bytes"):
            PLUGIN.fetch(config, validity=0, after=0, most_bytes=MOST)


def test_a_password_does_not_leave_this_machine_unencrypted(monkeypatch):
    from amiable.plugins.mailboxes import _imap_client

    class Plain:
        capabilities = ("IMAP4REV1",)

    with pytest.raises(OSError, match="unencrypted"):
        _imap_client._encrypt(Plain(), "mail.example.com", None)


@pytest.mark.parametrize(
    "url",
    ["imap://host/INBOX", "pop3://a:b@host", "imaps://a:b@host/INBOX?tsl=1", "imaps://a@host"],
)
def test_an_address_that_cannot_work_is_refused(url):
    with pytest.raises(ValueError, match="a mailbox reads imaps"):
        PLUGIN.configure(url)


@contextmanager
def _proxy(target: int, *, drop_after: int, times: int):
    """Passes a connection on and cuts it once so many bytes came back, for the first `times`."""
    listener = socket.create_server(("127.0.0.1", 0))
    left = [times]
    open_sockets: list[socket.socket] = []

    def pump(source, sink, limit):
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if limit and passed > limit and left[0] > 0:
                    left[0] -= 1
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", target))
            open_sockets.extend((client, server))
            threading.Thread(target=pump, args=(client, server, 0), daemon=True).start()
            threading.Thread(target=pump, args=(server, client, drop_after), daemon=True).start()

    def run():
        with suppress(OSError):  # the listener is closed at the end
            accept()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for each in open_sockets:
            each.close()


@contextmanager
def _huge_answer(port: int):
    """A server that announces 100 GB in the answer to a search."""
    answers = {
        b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
        b"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 5] valid\r\n",
        b"UID": b"* SEARCH {99999999999}\r\n",
    }
    listener = socket.create_server(("127.0.0.1", port))

    def answer():
        client, _ = listener.accept()
        with client, client.makefile("rb") as commands:
            client.sendall(b"* OK ready\r\n")
            for command in commands:
                tag, name = command.split()[:2]
                client.sendall(answers.get(name, b"") + tag + b" OK done\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.close()
        thread.join(5)
