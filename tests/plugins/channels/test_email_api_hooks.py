"""What email providers tell: proved in each one's way, read into one vocabulary, the same again."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from amiable.plugins.channels import _email_api_sns
from amiable.plugins.inbound import HookAnswer, HookRefusedError
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.mail_calls import (
    ADDRESSES,
    CASES,
    ID,
    INBOUND,
    KEY,
    REPLIES,
    REPORTS,
    SECRET,
    SIGNING,
    TOPIC,
    amazon,
    call,
    config,
    hook,
    mailgun_reply,
    sns,
)

PROVIDERS = sorted(ADDRESSES)
CONFIRM = {"Type": "SubscriptionConfirmation", "Token": "t0k&en", "Message": "confirm",
           "SubscribeURL": "https://evil.example/"}  # fmt: skip


@pytest.fixture(scope="module")
def sns_host():
    gateway = amazon()
    with gateway.running() as port:
        yield gateway, f"http://127.0.0.1:{port}"


@pytest.fixture
def configured(sns_host):
    def of(provider, **changed):
        return config(provider, **({"sns": sns_host[1]} if provider == "ses" else {}), **changed)

    return of


@pytest.mark.parametrize(("provider", "name"), REPORTS)
def test_a_report_says_what_its_sample_is_called(provider, name, configured):
    (event,) = hook(call(provider, name), configured(provider)).events
    assert event.kind == name.partition("-")[0]
    assert event.key == ("" if provider == "mailersend" else KEY)
    assert event.provider_id.strip("<>") == ID
    assert event.recipient == ("" if name == "failed-reject" else "ap@client.example")
    assert event.at is not None
    assert event.at.date() == datetime(2026, 11, 22, tzinfo=UTC).date()
    assert event.event_id


@pytest.mark.parametrize(("provider", "name"), [case for case in CASES if "nothing" in case[1]])
def test_openings_and_steps_on_the_way_tell_nothing(provider, name, configured):
    assert hook(call(provider, name), configured(provider)) == HookAnswer()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_tells_of_what_counts(provider):
    told = {name.partition("-")[0] for code, name in CASES if code == provider}
    assert {"delivered", "bounced", "failed", "complained", "nothing"} <= told


@pytest.mark.parametrize(("provider", "name"), [*CASES, ("mailgun", "reply-parsed")])
def test_told_again_it_is_the_same(provider, name, configured, monkeypatch):
    monkeypatch.setattr("amiable.plugins.channels._email_api_bridge.calls.Wire", NoWire)
    request = call(provider, name)
    assert hook(request, configured(provider)) == hook(request, configured(provider))


def test_every_event_of_a_message_has_an_id_of_its_own(configured):
    for provider in PROVIDERS:
        names = [name for code, name in REPORTS if code == provider]
        ids = {
            hook(call(provider, name), configured(provider)).events[0].event_id for name in names
        }
        kinds = {name.partition("-")[0] for name in names}
        assert len(ids) >= len(kinds)


class NoWire:
    """No attachment can be fetched: nobody is asked."""

    def __init__(self, *args):
        self.content, self.headers = b"%PDF-1.7\n\x00\xff", {"Content-Type": "application/pdf"}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def get(self, *args, **options):
        return self

    def raise_for_status(self):
        return None


@pytest.mark.parametrize(("provider", "name"), REPLIES)
def test_an_answer_of_a_customer_comes_whole(provider, name, configured):
    fetched = Gateway((200, "%PDF-1.7", {"Content-Type": "application/pdf"}))
    with fetched.running() as port:
        changed = {"endpoint": f"http://127.0.0.1:{port}/v3/"} if provider == "brevo" else {}
        (reply,) = hook(call(provider, name), configured(provider, **changed)).replies
    mail = message_from_bytes(reply.content, policy=policy.default)
    assert reply.medium == "email"
    assert mail["From"].addresses[0].addr_spec == "ap@client.example"
    assert "Léa" in str(mail["From"]) or provider == "brevo"
    assert mail["Subject"] == "Re: Rappel : facture n° 42"
    assert (mail["Message-ID"], mail["In-Reply-To"]) == (
        "<r1@client.example>", "<m2@vauban.example>",
    )  # fmt: skip
    text = mail.get_body(("plain",)).get_content()
    assert text.strip() == "Payé hier, voir l’avis ci-joint."
    (file,) = mail.iter_attachments() if name != "x" else ()
    assert file.get_content_type() == "application/pdf"
    assert file.get_content().startswith(b"%PDF-1.7")
    if provider == "brevo":
        (asked,) = fetched.requests
        assert asked.path == "/v3/inbound/attachments/tok%2F..%2F1"
        assert asked.headers["api-key"] == "key"


def test_an_attachment_that_cannot_be_fetched_is_asked_for_again(configured):
    for answer in ((500, ""), (302, "", {"Location": "http://127.0.0.1:9/"}), None):
        with Gateway(answer).running() as port:
            changed = {"endpoint": f"http://127.0.0.1:{port}/v3/"}
            if answer and answer[0] == 302:
                # Not followed: what it holds is what is kept.
                hook(call("brevo", "reply"), configured("brevo", **changed))
                continue
            with pytest.raises(HookRefusedError) as refused:
                hook(call("brevo", "reply"), configured("brevo", **changed))
        assert refused.value.status == 503


def test_without_a_key_of_the_api_the_answer_says_where_its_attachment_is(configured):
    relay = config("brevo")
    own = {**relay, "scheme": "brevo+smtp", "api_key": ""}
    del own["endpoint"]
    (reply,) = hook(call("brevo", "reply"), own).replies
    mail = message_from_bytes(reply.content, policy=policy.default)
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), "kept at Brevo" in file.get_content()) == ("avis.pdf.txt", True)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", ["delivered", "reply"])
def test_what_is_not_proved_is_refused(provider, name, configured):
    request = call(provider, name)
    naked = replace(request, query={}, headers={"content-type": "application/json"})
    wrong = {"hook_secret": "another", "signing": "another", "inbound": "another"}
    none = {"hook_secret": "", "signing": "", "inbound": ""}
    for attempt, changed in ((request, wrong), (request, none)):
        with pytest.raises(HookRefusedError) as refused:
            hook(attempt, configured(provider, **changed))
        assert refused.value.status in {401, 403}
        assert not any(one in str(refused.value) for one in (SECRET, SIGNING, INBOUND))
    with pytest.raises(HookRefusedError) as refused:
        hook(naked, configured(provider))
    assert refused.value.status in {401, 403}


@pytest.mark.parametrize("provider", ["mailgun", "mailersend", "ses"])
def test_a_signed_call_whose_words_were_changed_is_refused(provider, configured):
    request = call(provider, "delivered")
    if provider == "mailgun":  # which signs its moment and a token, not its words
        changed = request.body.replace(b'"timestamp": "1795334401"', b'"timestamp": "1795334499"')
    else:
        changed = request.body.replace(b"client.example", b"victim.example")
    assert changed != request.body
    with pytest.raises(HookRefusedError) as refused:
        hook(replace(request, body=changed), configured(provider))
    assert refused.value.status == 403


@pytest.mark.parametrize("provider", ["brevo", "mailjet", "postmark", "sparkpost"])
def test_our_secret_may_come_as_the_password_of_the_address(provider, configured):
    def attempt(password, scheme="Basic"):
        coded = base64.b64encode(f"amiable:{password}".encode()).decode()
        request = call(provider, "delivered")
        headers = {**request.headers, "authorization": f"{scheme} {coded}"}
        return hook(replace(request, query={}, headers=headers), configured(provider))

    assert attempt(SECRET).events
    for wrong in (("x" + SECRET,), ("",), (SECRET, "Bearer")):
        with pytest.raises(HookRefusedError):
            attempt(*wrong)


def test_scaleway_cannot_prove_its_calls():
    own = {**config("brevo"), "provider": "scaleway", "scheme": "scaleway"}
    with pytest.raises(HookRefusedError):
        hook(call("brevo", "delivered"), own)


def attempted(request, configured):
    """(answer, status) of a call, refused or not."""
    try:
        return hook(request, configured), 200
    except HookRefusedError as refused:
        return HookAnswer(), refused.status


@pytest.mark.parametrize("provider", PROVIDERS)
@given(data=st.data())
def test_a_proved_call_with_anything_in_it_is_read_or_refused(provider, data):
    """Fields of a real call replaced by any JSON, and the proof made anew."""
    name = data.draw(st.sampled_from([name for code, name in CASES if code == provider]))
    if provider in {"mailgun", "ses"} or (provider, name) == ("brevo", "reply"):
        return  # signed over what it says; changed below
    request = call(provider, name)
    whole = json.loads(request.body)
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    )  # fmt: skip
    rows = whole if isinstance(whole, list) else [whole]
    place = rows[0]
    while isinstance(place, dict) and place:
        field = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[field], dict) and data.draw(st.booleans()):
            place = place[field]
            continue
        place[field] = data.draw(anything)
        break
    body = json.dumps(whole)
    if provider == "mailersend":
        from tests.plugins.channels.mail_calls import _mailersend

        try:
            request = _mailersend(body)
        except (KeyError, TypeError):
            return
    else:
        request = replace(request, body=body.encode())
    answer, status = attempted(request, config(provider))
    assert status in {200, 400, 403}
    for event in answer.events:
        assert event.at is None or event.at.tzinfo is not None
        assert len(event.detail) <= 500


# Amazon SNS


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_signatures_of_amazon_are_read(version, configured):
    told = json.loads(call("ses", "delivered").body)
    request = sns({"Type": "Notification", "Message": told["Message"]}, version=version)
    assert hook(request, configured("ses")).events[0].kind == "delivered"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "https://sns.eu-west-3.amazonaws.com.evil.example/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "http://sns.eu-west-3.amazonaws.com/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "https://x@sns.eu-west-3.amazonaws.com/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "https://s3.eu-west-3.amazonaws.com/mine/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-../../x.pem",
        "https://sns.eu-west-3.amazonaws.com:8443/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "file:///etc/passwd", "", None, 5,
    ],
)  # fmt: skip
def test_a_certificate_is_fetched_from_amazon_and_nowhere_else(address, configured, sns_host):
    asked = len(sns_host[0].requests)
    request = sns({"Type": "Notification", "Message": "{}"}, SigningCertURL=address)
    with pytest.raises(HookRefusedError) as refused:
        hook(request, configured("ses"))
    assert refused.value.status == 403
    assert len(sns_host[0].requests) == asked


def test_another_key_or_another_topic_is_refused(configured):
    notification = {"Type": "Notification", "Message": "{}"}
    forged = sns(notification, key=rsa.generate_private_key(65537, 2048))
    elsewhere = sns({**notification, "TopicArn": TOPIC.replace("1234", "9999")})
    for request in (forged, elsewhere, sns(notification, Signature="AAAA"),
                    sns(notification, Signature="not base64!"), sns(notification, version="3"),
                    sns({**notification, "Type": "Else"}), sns(notification, TopicArn="x")):  # fmt: skip
        with pytest.raises(HookRefusedError) as refused:
            hook(request, configured("ses"))
        assert refused.value.status == 403


def test_amazon_is_asked_nothing_for_a_call_without_our_secret(configured, sns_host):
    asked = len(sns_host[0].requests)
    for request in (sns(CONFIRM, secret="no"), sns(CONFIRM, secret="")):
        with pytest.raises(HookRefusedError):
            hook(request, configured("ses"))
    assert len(sns_host[0].requests) == asked


def test_a_subscription_is_confirmed_at_amazon_and_never_where_the_call_says(configured, sns_host):
    assert hook(sns(CONFIRM), configured("ses")) == HookAnswer()
    asked = sns_host[0].requests[-1]
    assert (asked.method, asked.path) == ("GET", "/")
    assert asked.query == {
        "Action": "ConfirmSubscription", "TopicArn": TOPIC, "Token": "t0k&en",
    }  # fmt: skip
    goodbye = sns({**CONFIRM, "Type": "UnsubscribeConfirmation"})
    before = len(sns_host[0].requests)
    assert hook(goodbye, configured("ses")) == HookAnswer()
    assert len(sns_host[0].requests) == before, "a farewell is not answered by a new subscription"
    hello = {"Type": "Notification", "Message": "Successfully validated SNS topic for Amazon SES."}
    assert hook(sns(hello), configured("ses")) == HookAnswer()


def test_while_amazon_cannot_be_asked_the_call_is_to_come_again():
    _email_api_sns._key.cache_clear()
    request = call("ses", "delivered")
    for gateway in (amazon(500), Gateway(None), Gateway((200, "no certificate"))):
        with gateway.running() as port, pytest.raises(HookRefusedError) as refused:
            hook(request, config("ses", sns=f"http://127.0.0.1:{port}"))
        assert refused.value.status == 503


@given(message=st.text(max_size=200) | st.sampled_from(["{}", "[]", '{"mail": 5}', "{" * 50]))
def test_a_signed_notification_with_anything_in_it_is_read_or_refused(message):
    with pytest.MonkeyPatch.context() as patch:
        from tests.plugins.channels.mail_calls import key_of_amazon

        patch.setattr(_email_api_sns, "_key", lambda *_: key_of_amazon().public_key())
        request = sns({"Type": "Notification", "Message": message})
        answer, status = attempted(request, config("ses"))
    assert (answer, status in {200, 400}) == (HookAnswer(), True)


def test_a_form_of_mailgun_without_its_signature_is_refused():
    request = mailgun_reply(parsed=True)
    for body in (request.body.replace(b'name="signature"', b'name="s"'), b"", b"--xx--", b"\xff"):
        with pytest.raises(HookRefusedError) as refused:
            hook(replace(request, body=body), config("mailgun"))
        assert refused.value.status in {400, 403}
