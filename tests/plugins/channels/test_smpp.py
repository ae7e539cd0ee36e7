"""Text messages over SMPP to a real process: taken, refused, lost on the way, reported once."""

from __future__ import annotations

from contextlib import closing

import pytest

from amiable.core import sms
from amiable.plugins.base import Outgoing
from amiable.plugins.channels import smpp as module
from amiable.plugins.channels.smpp import PLUGIN
from amiable.plugins.inbound import Part
from tests.plugins.channels.centres import centre
from tests.plugins.smtp_servers import free_port

NUMBER = "+33612345678"


def text(words="Bonjour", key="k1", to=NUMBER, **fields):
    return Outgoing(key, "sms", to, "", words.encode(), "text/plain; charset=utf-8", **fields)


def send(server, *messages, **config):
    with PLUGIN.session({**PLUGIN.configure(server.url), "timeout": 1.0, **config}) as session:
        return [session.send(message) for message in messages]


def told(server, **config):
    return list(PLUGIN.pending({**PLUGIN.configure(server.url), **config}))


def states(outcomes):
    return [outcome.state for outcome in outcomes]


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.4)
    monkeypatch.setattr(module, "WAITS", (0.01, 0.01, 0.01))
    with centre(tmp_path / "smsc") as running:
        yield running


def test_one_link_carries_the_whole_batch(server):
    outcomes = send(server, *(text(f"n{i}") for i in range(20)))
    assert states(outcomes) == ["sent"] * 20
    assert [each.provider_id for each in outcomes] == [each["id"] for each in server.taken(20)]


def test_signs_of_the_extension_are_two_octets_and_others_travel_as_ucs2(server):
    send(server, text("12 € [ok] {à}"), text("forêt 👍"))
    plain, wide = server.taken(2)
    assert bytes.fromhex(plain["octets"]) == b"12 \x1be \x1b<ok\x1b> \x1b(\x7f\x1b)"
    assert (plain["coding"], plain["esm_class"], wide["coding"]) == (0, 0, 8)
    assert bytes.fromhex(wide["octets"]).decode("utf-16-be") == "forêt 👍"


@pytest.mark.parametrize("words", ["x" * 152 + "€" + "y" * 153, "日" * 71, "👍" * 60])
def test_long_text_is_cut_into_parts_that_a_phone_joins(server, words):
    (outcome,) = send(server, text(words))
    size = sms.size_of(words)
    taken = server.taken(size.parts)
    octets = [bytes.fromhex(each["octets"]) for each in taken]
    joined = octets[0][3]
    assert [each[:6] for each in octets] == [
        bytes((5, 0, 3, joined, size.parts, index + 1)) for index in range(size.parts)
    ]
    assert {each["esm_class"] for each in taken} == {0x40}
    assert all(len(each) - 6 <= 153 for each in octets)
    read = sms.decoded if size.encoding == "gsm7" else lambda each: each.decode("utf-16-be")
    assert "".join(read(each[6:]) for each in octets) == words
    # One message, one receipt: that of its last part.
    assert [each["receipt"] for each in taken] == [0] * (size.parts - 1) + [1]
    assert outcome.provider_id == taken[-1]["id"]


def test_centre_cuts_where_it_is_asked_to(server):
    (outcome,) = send(server, text("x" * 400), long="payload")
    (taken,) = server.taken(1)
    assert (outcome.state, taken["payload"], taken["octets"]) == ("sent", True, "78" * 400)


@pytest.mark.parametrize(
    ("sender", "address", "kind"),
    [
        ("VAUBAN", "VAUBAN", 5),
        ("38123", "38123", 3),
        ("09 37 00 00 00", "33937000000", 1),
        ("", "", 0),
    ],
)
def test_sender_has_the_type_that_networks_expect(server, sender, address, kind):
    send(server, text(sender=sender))
    (taken,) = server.taken(1)
    assert (taken["from"], taken["from_ton"], taken["to"]) == (address, kind, "33612345678")


@pytest.mark.parametrize(
    ("status", "state"),
    [(0x58, "retry"), (0x14, "retry"), (0x08, "retry"), (0x64, "retry"), (0x0B, "failed"),
     (0x0A, "failed"), (0x45, "failed"), (0x01, "failed"), (0x444, "failed")],
)  # fmt: skip
def test_each_status_means_one_outcome_and_the_next_message_leaves(server, status, state):
    server.rules(n33612345678={"status": status})
    first, second = send(server, text(), text(to="+33698765432"))
    assert (first.state, second.state) == (state, "sent")
    assert first.detail.startswith(f"0x{status:02X}")
    assert (first.retry_after_seconds > 0) == (state == "retry")
    assert bool(first.refused) == (status == 0x0B)


def test_wrong_password_lets_the_batch_wait(server):
    first, second = send(server, text(), text(), password="wrong")
    assert (first.state, second.state) == ("retry", "retry")
    assert first.detail.startswith("0x0E")
    with pytest.raises(OSError, match="0x0E"):
        told(server, password="wrong")


def test_number_that_is_none_never_leaves(server):
    first, second = send(server, text(to="33\r\n0612"), text())
    assert states([first, second]) == ["failed", "sent"]
    assert len(server.taken(1)) == 1


@pytest.mark.parametrize("rule", [{"drop": True}, {"delay": 3.0}])
def test_message_without_a_response_is_unknown_and_nothing_is_repeated(server, rule):
    server.rules(n33612345678=rule)
    first, second = send(server, text(), text(to="+33698765432"), timeout=0.4)
    assert states([first, second]) == ["unknown", "retry"]
    assert [each["to"] for each in server.taken(1)] == ["33612345678"]


@pytest.mark.parametrize("garbage", ["00000004", "ffffffff8000000400000000", "000000108000000400"])
def test_garbage_in_place_of_a_response_is_unknown(server, garbage):
    server.rules(every={"garbage": garbage})
    assert states(send(server, text(), timeout=0.4)) == ["unknown"]


def test_negative_acknowledgement_is_no_acceptance(server):
    # generic_nack with the number of our submit_sm, which follows that of the bind.
    server.rules(every={"garbage": "00000010800000000000000000000002"})
    (outcome,) = send(server, text())
    assert (outcome.state, outcome.detail[:4]) == ("failed", "0xFF")


def test_goodbye_instead_of_a_response_is_unknown(server):
    server.rules(n33612345678={"goodbye": True})
    assert states(send(server, text())) == ["unknown"]


def test_link_that_the_centre_ended_meanwhile_is_bound_again(server):
    server.rules(n33612345678={"hang_up": True, "times": 1})
    config = PLUGIN.configure(server.url)
    with PLUGIN.session(config) as session:
        assert session.send(text("one")).state == "sent"
        from select import select

        select([session.link.connection], [], [], 5)
        assert session.send(text("two")).state == "sent"
    assert len(server.taken(2)) == 2


def test_what_the_centre_asks_meanwhile_is_answered(server):
    server.rules(every={"enquire": True})
    assert states(send(server, text(), text())) == ["sent", "sent"]


def test_part_that_is_put_off_is_submitted_again(server):
    long = text("x" * 400)
    server.rules(n33612345678={"status": 0x58, "times": 1})
    assert states(send(server, long)) == ["retry"]  # the first part: nothing has left
    server.rules()
    with centre(server.folder / "other") as other:
        # The second part is slowed down once: only that part comes again.
        other.rules(n33612345678={"after": 1, "status": 0x58, "times": 1})
        assert states(send(other, long)) == ["sent"]
        assert [bytes.fromhex(each["octets"])[5] for each in other.taken(3)] == [1, 2, 3]


def test_message_taken_in_part_is_unknown(server):
    server.rules(n33612345678={"after": 1, "status": 0x45})
    (outcome,) = send(server, text("x" * 400))
    assert outcome.state == "unknown"
    assert outcome.detail.startswith("1 of 3 parts taken, then 0x45")


def test_unreachable_centre_is_asked_once():
    config = PLUGIN.configure(f"smpp://ana:x@127.0.0.1:{free_port()}")
    with PLUGIN.session(config) as session:
        first, second = session.send(text()), session.send(text())
    assert first.state == "retry"
    assert second is first
    with pytest.raises(OSError):
        next(PLUGIN.pending(config))


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({}, "delivered"),
        ({"stat": "UNDELIV", "err": "027"}, "failed"),
        ({"stat": "UNDELIV", "err": "001"}, "bounced"),
        ({"stat": "EXPIRED"}, "failed"),
        ({"stat": "REJECTD"}, "failed"),
        ({"stat": "ENROUTE"}, "deferred"),
        ({"stat": "UNKNOWN"}, "unknown"),
    ],
)
def test_receipt_tells_what_became_of_the_message(server, rule, kind):
    server.rules(every=rule)
    (outcome,) = send(server, text())
    (answer,) = told(server, gone=("001",))
    (event,) = answer.events
    assert (event.kind, event.provider_id) == (kind, outcome.provider_id)
    assert told(server) == []  # acknowledged: told once


def test_receipt_told_twice_is_one_event(server):
    server.rules(every={"doubled": True})
    send(server, text())
    first, second = told(server)
    assert first.events == second.events


def test_receipt_that_was_not_recorded_is_told_again(server):
    send(server, text())
    config = PLUGIN.configure(server.url)
    with closing(PLUGIN.pending(config)) as pending:
        lost = next(pending)  # the worker dies before it asks for the next one
    assert [each.events for each in told(server)] == [lost.events]


@pytest.mark.parametrize("bind", ["transmitter", "transceiver"])
def test_receipts_that_come_while_sending_are_kept_for_later(server, bind):
    config = {**PLUGIN.configure(server.url), "bind": bind}
    with PLUGIN.session(config) as session:
        sent = []
        for number in range(5):
            sent.append(session.send(text(f"n{number}")).provider_id)
            from select import select

            select([session.link.connection], [], [], 0.2)
    found = [event.provider_id for each in told(server, bind=bind) for event in each.events]
    assert sorted(found) == sorted(sent)


def test_ids_that_differ_in_base_meet(server):
    server.rules(every={"decimal": True})
    outcomes = send(server, *(text(str(i)) for i in range(12)), ids=(16, 10))
    answers = told(server, ids=(16, 10))
    assert [o.provider_id for o in outcomes] == [str(n) for n in range(1, 13)]
    assert [a.events[0].provider_id for a in answers] == [str(n) for n in range(1, 13)]


def test_answer_of_a_customer_is_whole_and_says_from_whom(server):
    words = "Déjà payé hier"
    server.customers_write(
        {"from": "33612345678", "to": "38000", "coding": 0, "text": sms.encoded(words, "gsm7").hex()},
        {"from": "33612345678", "to": "38000", "coding": 8, "text": "👍 ê".encode("utf-16-be").hex()},
        {"from": "33612345678", "to": "38000", "coding": 3, "text": "été".encode("latin-1").hex()},
        {"from": "33612345678", "to": "38000", "coding": 0, "esm_class": 0x40,
         "text": (b"\x05\x00\x03\x2a\x02\x01" + b"part").hex()},
        {"from": "PROMO", "to": "38000", "coding": 0, "text": b"win".hex()},
    )  # fmt: skip
    replies = [reply for each in told(server) for reply in each.replies]
    assert {reply.sender for reply in replies} == {"+33612345678"}
    assert [reply.content.decode() for reply in replies] == [words, "👍 ê", "été", "part"]
    assert [reply.part for reply in replies] == [None, None, None, Part(0x2A, 2, 1)]


@pytest.mark.parametrize(
    "url",
    ["smpp://", "http://x", "smpp://h?bind=outbind", "smpp://h?long=maybe", "smpp://h?ids=oct",
     "smpp://u:ninechars@h", "smpp://sixteencharacter:p@h", "smpp://é:p@h", "smpp://h:99999",
     "smpp://h?x=1", "smpp://h?timeout=x"],
)  # fmt: skip
def test_address_that_cannot_be_used_is_refused(url):
    with pytest.raises(ValueError, match=r".+"):
        PLUGIN.configure(url)


def test_address_becomes_plain_configuration():
    config = PLUGIN.configure(
        "smpps://a%40b:p%3A@smsc.example?bind=transceiver&ids=hex-dec&gone=1,2"
    )
    assert (config["host"], config["port"], config["secure"]) == ("smsc.example", 3550, True)
    assert (config["user"], config["password"], config["bind"]) == ("a@b", "p:", "transceiver")
    assert (config["ids"], config["gone"], config["long"]) == ((16, 10), ("1", "2"), "udh")
