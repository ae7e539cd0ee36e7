"""Electronic registered letters through a server that behaves as AR24 documents: single, agreed to,
in doubt only when they are, told and proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.plugins.base import Addressee, Outgoing
from amiable.plugins.channels import _ar24_client
from amiable.plugins.channels._ar24_api import (
    name_parts,
    one_time_password,
    opened,
    reference_of,
    seed_octets,
    signature,
)
from amiable.plugins.channels._ar24_states import PAPERS
from amiable.plugins.channels.ar24 import PLUGIN
from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.papers import Asked
from tests.plugins.channels.registered_house import RegisteredHouse
from tests.plugins.channels.test_print import ONE as PDF
from tests.plugins.smtp_servers import free_port

PARIS = ZoneInfo("Europe/Paris")
COMPANY = Addressee("Menuiserie Duval", is_professional=True)
CONSUMER = Addressee("Mme DUPONT Anne-Marie", False, consented_on=date(2026, 1, 5))
HOOK = {"hook_url": "https://amiable.example/hooks/channels/ar24/", "hook_secret": "not known"}


def letter(key="1:case-9:formal:7", to="ap@client.example", addressee=COMPANY):
    return Outgoing(
        key, "registered_email", to, "Mise en demeure", PDF, "application/pdf", addressee=addressee
    )


def send(house, *letters, **config):
    with PLUGIN.session({**PLUGIN.configure(house.url), **HOOK, **config}) as session:
        return [session.send(each) for each in letters]


@pytest.fixture
def house():
    with RegisteredHouse().running() as running:
        yield running


# -- the published form ----------------------------------------------------------------------------


def test_requests_and_answers_are_enciphered_as_the_documentation_shows():
    """The vector of https://developers.ar24.fr/doc/."""
    key, at = "7X9gx9E3Qx4EiUdB63nc", "2021-05-26 14:00:00"
    assert signature(at, key) == "bDop0cbjKpkySlpvnNGvBMg7PuYFFgPPqTTS2RAHoY0="
    clear = opened(b"WwBOU6s8DaMWmYdctBJwfuoujFgVygBUjhsbdf8eWqQ=", at, key)
    assert clear == b'{status: "SUCCESS"}'
    with pytest.raises(ValueError, match=r".+"):
        opened(b"WwBOU6s8DaMWmYdctBJwfuoujFgVygBUjhsbdf8eWqQ=", at, "another")


@pytest.mark.parametrize(
    ("seconds", "password"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]
)
def test_one_time_passwords_are_those_of_rfc_6238(seconds, password):
    """Appendix B, of which AR24 takes the last six figures."""
    seed = "GEZDGNBVGY3TQOJQ GEZDGNBVGY3TQOJQ"
    assert one_time_password(seed, datetime.fromtimestamp(seconds, UTC)) == password


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jean Dupont", ("Jean", "Dupont")), ("M. DUPONT Jean", ("Jean", "DUPONT")),
        ("Mme Anne-Marie DE LA TOUR", ("Anne-Marie", "DE LA TOUR")), ("DUPONT", ("", "DUPONT")),
        ("JEAN DUPONT", ("JEAN", "DUPONT")), ("Jean van der Berg", ("Jean", "van der Berg")),
        ("Monsieur", ("", "")),
    ],
)  # fmt: skip
def test_names_are_taken_apart(name, parts):
    assert name_parts(name) == parts


@given(st.text(max_size=60))
def test_any_seed_is_read_or_is_none(text):
    assert isinstance(seed_octets(text), bytes)


@pytest.mark.parametrize(
    "url",
    [
        "ar24://", "ar24://token@app.ar24.fr?user=1&otp=JBSWY3DP", "ar24://t:k@app.ar24.fr?user=1",
        "ar24://t:k@app.ar24.fr?user=abc&otp=JBSWY3DP", "ar24://t:k@app.ar24.fr?user=1&otp=0189",
        "ar24+http://t:k@app.ar24.fr?user=1&otp=JBSWY3DP", "ar24://t:k@h?user=1&otp=JBSWY3DP&x=1",
    ],
)  # fmt: skip
def test_address_that_cannot_be_used_is_refused(url):
    with pytest.raises(ValueError, match="ar24://TOKEN"):
        PLUGIN.configure(url)


def test_address_becomes_plain_configuration():
    config = PLUGIN.configure("ar24://to%2Fken:k%40y@?user=12&otp=jbsw%20y3dp")
    assert (config["host"], config["port"], config["path"]) == ("app.ar24.fr", 443, "/api")
    assert (config["token"], config["private_key"], config["secure"]) == ("to/ken", "k@y", True)


# -- out -------------------------------------------------------------------------------------------


def test_letter_is_handed_over_qualified_with_its_pdf_and_who_it_is_for(house):
    person = replace(COMPANY, person="Anne Petit")
    first, second = send(house, letter(), letter("k2", addressee=person))
    assert [(each.state, each.provider_id) for each in (first, second)] == [
        ("sent", "901"), ("sent", "902"),
    ]  # fmt: skip
    form, named = house.forms
    assert house.files[form["attachment[0]"]] == PDF
    assert (form["eidas"], form["dest_statut"], form["to_email"]) == (
        "1", "professionnel", "ap@client.example",
    )  # fmt: skip
    assert (form["to_company"], form["to_lastname"]) == ("Menuiserie Duval", "Menuiserie Duval")
    assert (named["to_firstname"], named["to_lastname"]) == ("Anne", "Petit")
    assert form["ref_dossier"] == reference_of("1:case-9:formal:7")
    assert form["webhook"] == f"{HOOK['hook_url']}?secret=not+known"
    assert house.asked.count("POST /api/user/auth_otp") == 1  # once for the batch


def test_consumer_gets_it_only_after_agreeing(house):
    agreed, not_agreed = (
        letter("a", addressee=CONSUMER),
        letter("b", addressee=replace(CONSUMER, consented_on=None)),
    )
    first, second, third = send(house, agreed, not_agreed, letter("c", addressee=None))
    assert (first.state, second.state, third.state) == ("sent", "failed", "failed")
    assert "CPCE L100" in second.detail
    (form,) = house.forms
    assert (form["dest_statut"], form["to_firstname"], form["to_lastname"]) == (
        "particulier", "Anne-Marie", "DUPONT",
    )  # fmt: skip
    assert "to_company" not in form


def test_letter_handed_over_again_is_not_a_second_one(house):
    send(house, letter())
    (again,) = send(house, letter())
    assert (again.state, again.provider_id) == ("sent", "901")
    assert len(house.letters) == 1
    assert "POST /api/attachment" in house.asked
    assert house.asked.count("POST /api/mail") == 1


@pytest.mark.parametrize("order", [1, -1])
def test_letter_is_found_among_many_whichever_come_first(house, order, monkeypatch):
    monkeypatch.setattr(_ar24_client, "PAGE", 10)
    send(house, *(letter(f"k{n}") for n in range(35)))
    house.letters = dict(list(house.letters.items())[::order])
    outcomes = send(house, *(letter(f"k{n}") for n in (0, 17, 34)))
    assert {each.detail for each in outcomes} == {"it had been taken before"}
    assert len(house.letters) == 35


@pytest.mark.parametrize(
    ("fault", "state", "letters"),
    [
        ("drop-after", "sent", 1), ("garbage-after", "sent", 1),  # taken: it is found there
        ("drop", "unknown", 0), ("garbage", "unknown", 0), ("slow", "unknown", 0),
        ("maintenance", "retry", 0), ("user_no_payment", "retry", 0),
        ("authentication_otp_hash_invalid", "retry", 0),
        ("invalid_email", "failed", 0), ("attachment_too_big", "failed", 0),
    ],
)  # fmt: skip
def test_each_fault_is_told_apart(fault, state, letters):
    with RegisteredHouse(fault).running() as house:
        (outcome,) = send(house, letter(), timeout=0.5)
        assert (outcome.state, len(house.letters)) == (state, letters)
        assert (list(outcome.refused) == ["ap@client.example"]) == (fault == "invalid_email")
        # Whatever was answered, the letter is there once after the next try.
        if state == "retry":
            assert send(house, letter())[0].state == "sent"
            assert len(house.letters) == 1


def test_letter_in_doubt_stops_the_batch(house):
    house.faults = ["drop"]
    first, second = send(house, letter("a"), letter("b"))
    assert (first.state, second.state) == ("unknown", "retry")


@pytest.mark.parametrize("change", [{"token": "x"}, {"private_key": "x"}, {"user": "9"}])
def test_wrong_account_lets_the_batch_wait(house, change):
    outcomes = send(house, letter("a"), letter("b"), **change)
    assert [each.state for each in outcomes] == ["retry", "retry"]
    assert len(house.asked) == 1
    assert not house.letters


def test_nobody_at_the_other_end_lets_it_wait():
    house = RegisteredHouse()
    house.port = free_port()
    assert send(house, letter())[0].state == "retry"


# -- in --------------------------------------------------------------------------------------------


def call(body="", secret="not known", kind="application/x-www-form-urlencoded"):
    query = {"secret": secret}
    return HookRequest("POST", "/", {"content-type": kind}, query, body.encode())


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("sent", ["deposited", "presented"]), ("AR", ["accepted"]), ("refused", ["refused"]),
        ("negligence", ["unclaimed"]), ("bounced", ["returned"]), ("error", ["failed"]),
        ("waiting", []), ("something new", []),
    ],
)  # fmt: skip
def test_calls_are_told_in_our_words(state, kinds):
    body = f"id_mail=901&new_state={state}&view_date=2026-11-21+09:30:00&proof_url=https://x"
    events = PLUGIN.hook(call(body), HOOK).events
    assert [each.kind for each in events] == kinds
    assert {each.provider_id for each in events} <= {"901"}
    if state == "AR":
        assert events[0].at == datetime(2026, 11, 21, 9, 30, tzinfo=PARIS)


def test_call_in_json_is_read_and_one_without_secret_or_letter_refused():
    body = '{"id_mail": 901, "new_state": "refused"}'
    assert PLUGIN.hook(call(body, kind="application/json"), HOOK).events[0].kind == "refused"
    for wrong in (call(body, secret="x"), call("id_mail=a+b&new_state=AR"), call("")):
        with pytest.raises(HookRefusedError):
            PLUGIN.hook(wrong, HOOK)


def told(house, *letters):
    return list(PLUGIN.told_of(PLUGIN.configure(house.url), letters))


def test_asking_tells_what_became_and_brings_the_papers_once(house):
    send(house, letter())
    house.becomes("901", "sent", "ts_ev_date", "ev")
    house.becomes("901", "AR", "view_date", "ar", at="2026-11-21 09:30:00")
    (answer,) = told(house, Asked("901"))
    assert [each.kind for each in answer.events] == ["deposited", "presented", "accepted"]
    assert [(each.name, each.kind) for each in answer.proofs] == [
        ("ar24-901-ev.pdf", "deposit"), ("ar24-901-ar.pdf", "receipt"),
    ]  # fmt: skip
    assert all(each.content.startswith(b"%PDF-") for each in answer.proofs)
    # Told by a call and on asking: the same event.
    (event,) = PLUGIN.hook(call("id_mail=901&new_state=AR"), HOOK).events
    assert event.event_id in {each.event_id for each in answer.events}
    (again,) = told(house, Asked("901", frozenset(each.name for each in answer.proofs)))
    assert again.proofs == ()


def test_paper_that_cannot_be_had_is_left_for_later_and_none_is_fetched_elsewhere(house):
    send(house, letter())
    house.becomes("901", "refused", "refused_date", "rf")
    house.proofs.clear()
    assert told(house, Asked("901"))[0].proofs == ()
    house.letters["901"]["proof_rf_url"] = "http://127.0.0.1:9/get/proof/rf-901"
    house.letters["901"]["proof_ev_url"] = "https://evil.example/x"
    (answer,) = told(house, Asked("901"))
    assert (answer.proofs, [each.kind for each in answer.events]) == ((), ["refused"])


def test_letter_that_is_not_known_there_keeps_no_other_waiting(house):
    send(house, letter())
    house.becomes("901", "refused", "refused_date")
    (answer,) = told(house, Asked("nothing"), Asked("901"))
    assert [each.kind for each in answer.events] == ["refused"]


def test_provider_that_cannot_be_asked_is_an_os_error(house):
    config = PLUGIN.configure(house.url)
    with pytest.raises(OSError, match="token_not_exist"):
        list(PLUGIN.told_of({**config, "token": "x"}, [Asked("901")]))
    with pytest.raises(OSError, match=r".+"):
        list(PLUGIN.told_of({**config, "port": free_port()}, [Asked("901")]))


def test_every_paper_has_a_kind():
    assert set(PAPERS.values()) <= {"deposit", "receipt", "return"}
