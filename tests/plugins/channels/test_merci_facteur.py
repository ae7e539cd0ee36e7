"""Letters handed to a mail house over HTTP, on a local one that behaves and misbehaves like it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.registry import plugins
from tests.plugins.channels.letter_house import House
from tests.plugins.channels.test_print import ONE, letter
from tests.plugins.smtp_servers import free_port

CHANNEL = plugins("channels")["merci_facteur"]


def address(port, options="", who="svc-1:k3y"):
    return f"mercifacteur+http://{who}@127.0.0.1:{port}/?user=17460&from=4711&webhook=w{options}"


def send(house, *letters, options="", who="svc-1:k3y"):
    with ExitStack() as stack:
        port = stack.enter_context(house.running())
        config = CHANNEL.configure(address(port, options, who))
        session = stack.enter_context(CHANNEL.session(config))
        return [session.send(each) for each in letters]


def test_letter_is_taken_with_its_address_its_options_and_its_price():
    house = House()
    (outcome,) = send(house, letter(1), options="&duplex=1&npai=1")
    assert outcome.state == "sent"
    assert "1.45 EUR" in outcome.detail
    (found,) = house.letters.values()
    assert found["pdf"] == ONE
    assert found["modeEnvoi"] == "normal"
    assert found["gestionNpai"] == "1"
    assert found["letter"]["print_sides"] == "rectoverso"
    assert json.loads(found["adress"])["exp"] == 4711
    to = found["to"]
    assert (to["societe"], to["adresse1"], to["adresse2"], to["cp"], to["ville"], to["pays"]) == (
        "Menuiserie Duval", "À l’attention de Zoé", "8 AVENUE DE L OCEAN", "44000", "NANTES",
        "FRANCE")  # fmt: skip
    assert to["reference"] == outcome.provider_id
    assert len(to["reference"]) <= 30


def test_registered_letter_comes_back_with_its_slip():
    house = House()
    send(house, letter(1, medium="registered_letter"), letter(2), options="&registered=lrar")
    assert [each["modeEnvoi"] for each in house.letters.values()] == ["lrar", "normal"]


def test_long_address_keeps_every_line():
    lines = "A\nB\nC\nD\nE\n75001 PARIS"
    house = House()
    send(house, letter(1, recipient=lines))
    (found,) = house.letters.values()
    assert [found["to"][f"adresse{i}"] for i in (1, 2, 3)] == ["B, C", "D", "E"]


def test_one_token_serves_a_batch():
    house = House()
    send(house, *map(letter, range(4)))
    assert sum(path.endswith("/getToken") for path in house.asked) == 1
    assert len(house.letters) == 4


def test_same_key_is_posted_once_and_known_as_taken():
    house = House()
    first, second = send(house, letter(1), letter(1))
    assert (first.state, second.state) == ("sent", "sent")
    assert first.provider_id == second.provider_id
    assert len(house.letters) == 1


def test_wrong_key_of_ours_waits_and_is_asked_once():
    house = House()
    outcomes = send(house, letter(1), letter(2), who="svc-1:wrong")
    assert [outcome.state for outcome in outcomes] == ["retry", "retry"]
    assert "BAD_SIGNATURE" in outcomes[0].detail
    assert len(house.asked) == 1


def test_token_that_is_known_no_more_costs_no_letter():
    house = House(token_for=1)
    outcomes = send(house, letter(1), letter(2))
    assert [outcome.state for outcome in outcomes] == ["sent", "retry"]
    assert send(house, letter(2))[0].state == "sent"


@pytest.mark.parametrize("recipient", ["Menuiserie Duval", "A\n1 RUE B\n123 VILLE\nATLANTIDE"])
def test_address_that_is_refused_fails_and_the_rest_goes_on(recipient):
    house = House()
    outcomes = send(house, letter(1, recipient=recipient), letter(2))
    assert [outcome.state for outcome in outcomes] == ["failed", "sent"]
    assert "400" in outcomes[0].detail


@pytest.mark.parametrize(("fault", "least", "most"), [("429", 120, 120), ("429-date", 590, 601),
                                                      ("500", 900, 900)])  # fmt: skip
def test_busy_house_is_left_alone_as_long_as_it_asks(fault, least, most):
    house = House(fault)
    outcomes = send(house, letter(1), letter(2))
    assert [outcome.state for outcome in outcomes] == ["retry", "retry"]
    assert least <= outcomes[0].retry_after_seconds <= most
    assert house.letters == {}
    assert send(house, letter(1))[0].state == "sent"


@pytest.mark.parametrize(("fault", "taken"), [("drop", 0), ("drop-after", 1), ("slow", 0),
                                              ("garbage", 1), ("cut", 1)])  # fmt: skip
def test_house_that_does_not_answer_may_have_taken_the_letter(fault, taken):
    house = House(fault)
    outcomes = send(house, letter(1), letter(2), options="&timeout=1")
    assert [outcome.state for outcome in outcomes] == ["unknown", "retry"]
    assert len(house.letters) == taken
    # A person sends it again: the house posts it once.
    assert send(house, letter(1))[0].state == "sent"
    assert len(house.letters) == 1


def test_unreachable_house_is_a_retry():
    config = CHANNEL.configure(address(free_port()))
    with CHANNEL.session(config) as session:
        assert [session.send(letter(i)).state for i in (1, 2)] == ["retry", "retry"]


@pytest.mark.parametrize(
    "url",
    ["mercifacteur://a:b@/", "mercifacteur://a:b@/?user=1", "mercifacteur://a@/?user=1&from=2",
     "mercifacteur://a:b@/?user=1&from=x", "mercifacteur://a:b@/?user=1&from=2&mode=pigeon",
     "mercifacteur+http://a:b@house.example/?user=1&from=2"],
)  # fmt: skip
def test_address_that_cannot_be_is_refused(url):
    with pytest.raises(ValueError, match="mercifacteur"):
        CHANNEL.configure(url)


def test_only_the_account_stands_in_the_address():
    config = CHANNEL.configure("mercifacteur://svc:key@/?user=1&from=2")
    assert (config["secure"], config["host"], config["port"]) == (
        True,
        "www.merci-facteur.com",
        443,
    )


# What the house tells


CONFIG = CHANNEL.configure(address(1))
AT = 1_795_600_000


def told(status, description="", *, mode="lrare", key="w", as_json=False, **changes):
    detail = {"statut_courrier": status, "statut_description": description, "mode_envoi": mode,
              "ref_courrier": "123-456", "ref_interne": "am-1", "id_envoi": "9",
              "tracking_number": "2C123456789", **changes}  # fmt: skip
    event = {"name_event": "new-state", "id_user": 1, "date_event": AT}
    parts = {"event": event, "detail": [detail, {**detail, "statut_courrier": "traitement"}]}
    form = urlencode({name: json.dumps(value) for name, value in parts.items()})
    headers = {
        "content-type": "application/json" if as_json else "application/x-www-form-urlencoded"
    }
    headers |= {"x-mf-webhook-secret-key": key} if key else {}
    body = json.dumps(parts) if as_json else form
    return HookRequest("POST", "/hooks/channels/merci_facteur/", headers, {}, body.encode())


@pytest.mark.parametrize("status", ["retour_expediteur", "distribue_expediteur", "imprime"])
def test_a_letter_that_comes_back_without_a_reason_blames_no_address(status):
    assert CHANNEL.hook(told(status, "", mode="lrare", as_json=True), CONFIG).events == ()


@pytest.mark.parametrize(
    ("status", "description", "mode", "kind"),
    [
        ("pris_en_charge", "", "lrare", "deposited"),
        ("attente_au_guichet", "", "lrare", "presented"),
        ("distribue", "", "lrare", "accepted"),
        ("distribue", "", "normal", "delivered"),
        ("retour_are", "", "lrare", "accepted"),
        ("retour_expediteur", "Pli refusé par le destinataire", "lrare", "refused"),
        ("retour_expediteur", "Pli non réclamé", "lrar", "unclaimed"),
        ("retour_expediteur", "adresse incomplète", "lrar", "returned"),
        ("envoye", "", "ere_otp_mail", "deposited"),
        ("accept_wait", "", "ere_otp_mail", "presented"),
        ("accepted", "", "ere_otp_mail", "accepted"),
        ("refused", "", "ere_otp_mail", "refused"),
        ("expired", "", "ere_otp_mail", "unclaimed"),
        ("accept_notification_error", "", "ere_otp_sms", "bounced"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_house_tells_is_read_in_our_words(status, description, mode, kind, as_json):
    call = told(status, description, mode=mode, as_json=as_json)
    (event,) = CHANNEL.hook(call, CONFIG).events
    assert event.kind == kind
    assert event.at == datetime.fromtimestamp(AT, UTC)
    assert (event.provider_id, event.number) == ("am-1", "2C123456789")
    assert CHANNEL.hook(call, CONFIG).events == (event,)


@pytest.mark.parametrize("key", ["", "wrong", "é"])
def test_call_without_our_key_is_refused(key):
    with pytest.raises(HookRefusedError) as refused:
        CHANNEL.hook(told("distribue", key=key), CONFIG)
    assert refused.value.status == 403


def test_account_without_a_key_for_calls_believes_nobody():
    with pytest.raises(HookRefusedError):
        CHANNEL.hook(told("distribue", key=""), {**CONFIG, "webhook": ""})


@pytest.mark.parametrize(
    "body",
    [b"", b"event=1", b"event={}&detail=[]x", b"\xff", b"event=[]&detail=[]", b"event={}&detail=[1]",
     b"event=" + b"[" * 5000 + b"&detail=[]", b'event={"date_event":1e400}&detail=[{"statut_courrier":"distribue"}]'],
)  # fmt: skip
def test_call_that_cannot_be_read_is_said_to_be_so(body):
    call = told("distribue")
    request = HookRequest(call.method, call.path, call.headers, {}, body)
    with pytest.raises(HookRefusedError) as refused:
        CHANNEL.hook(request, CONFIG)
    assert refused.value.status == 400
