"""A reminder through an email provider: handed over once, followed by what the provider tells."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from django.test import Client

from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging.delivery.hooks import channel_called
from amiable.apps.messaging.models import DeliveryEvent, Message, Reply
from amiable.apps.messaging.sending.routes import configured_routes
from amiable.plugins.inbound import HookRefusedError
from tests.plugins.channels.mail_calls import PATH, SECRET, SIGNING, call
from tests.plugins.channels.mail_providers import MailApi, address_of
from tests.stories.portfolio.office import Office
from tests.stories.test_deliveries import DUE, at, day, days_of, mails

pytestmark = pytest.mark.django_db
OPTIONS = {"mailgun": f"&signing={SIGNING}"}
PROVIDERS = ("brevo", "mailgun", "mailjet", "postmark", "sparkpost")


@pytest.fixture
def opened(settings):
    """(the provider's API, an office that sends through it) for a provider."""
    with ExitStack() as stack:

        def of(provider, *answers):
            api = MailApi(provider)
            if answers:
                api.gateway.answers = list(answers)
            port = stack.enter_context(api.running())
            settings.HOOK_SECRET = SECRET
            url = address_of(provider, port, OPTIONS.get(provider, ""))
            settings.CHANNEL_URLS = {"email": url}
            office = Office(mails(1, 8))
            office.routes = {**office.routes, "email": configured_routes()["email"]}
            office.invoice(office.customer(), due=DUE)
            return api, office

        yield of


def reminded(office) -> Message:
    """The reminder of the first day, which the provider has taken."""
    office.live(day(1), day(1))
    return Message.objects.get()


def told(provider, message, name, offset=1):
    """The provider calls about a message."""
    key = f"{message.organization_id}:{message.key}:{message.id}"
    request = call(provider, name, key=key, provider_id=message.provider_id)
    return channel_called("email_api", request, now=at(offset))


def kinds(message):
    return list(message.events.order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reminder_that_comes_back_marks_the_address_and_a_letter_takes_over(provider, opened):
    api, office = opened(provider)
    message = reminded(office)
    (taken,) = api.taken
    assert (message.state, message.channel) == ("sent", "email_api")
    assert message.provider_id
    frozen = message_from_bytes(bytes(message.content), policy=policy.default)
    assert taken.subject == frozen["Subject"]
    assert taken.to == [message.recipient]
    for name in ("nothing-open", "deferred", "bounced", "bounced", "deferred"):
        told(provider, message, name)
    assert kinds(message) == ["sent", "deferred", "bounced"], "once each"
    point = ContactPoint.objects.get(kind="email")
    assert point.invalid_since is not None
    assert "does not exist" in point.invalid_reason
    assert days_of(office.live(day(2), day(7))) == [(2, "d1", "letter")]
    assert len(api.taken) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_who_objects_gets_no_more_email(provider, opened):
    _, office = opened(provider)
    told(provider, reminded(office), "complained")
    assert ContactPoint.objects.get(kind="email").opted_out_at is not None


@pytest.mark.parametrize("provider", ["brevo", "mailjet", "postmark", "sparkpost"])
def test_an_answer_by_webhook_finds_its_message_and_is_stored_once(provider, opened):
    api, office = opened(provider)
    message = reminded(office)
    request = call(provider, "reply")
    own = message.message_id.encode()
    body = request.body.replace(b"<m2@vauban.example>", own)
    api.gateway.answers = [(200, "%PDF-1.7", {"Content-Type": "application/pdf"})]
    for _ in range(2):
        channel_called("email_api", replace(request, body=body), now=at(2))
    reply = Reply.objects.get()
    assert (reply.message_id, reply.case_id) == (message.id, message.case_id)
    assert (reply.source, "Payé hier" in reply.text) == ("email_api", True)
    office.live(day(8), day(8))
    assert len(api.taken) == 1, "an answer nobody has read holds the case"


def test_a_report_of_another_order_or_another_message_does_no_harm(opened, caplog):
    _, office = opened("postmark")
    message = reminded(office)
    for name in ("bounced", "delivered", "bounced"):
        told("postmark", message, name)
    assert sorted(kinds(message)) == ["bounced", "delivered", "sent"]
    stranger = call("postmark", "delivered", key="9:x:999", provider_id="nobody's")
    assert channel_called("email_api", stranger, now=at(1)).status == 200
    assert "not known here" in caplog.text


def test_a_forged_report_leaves_no_trace(opened, caplog):
    _, office = opened("postmark")
    reminded(office)
    forged = replace(call("postmark", "bounced"), query={"secret": "guess"})
    with pytest.raises(HookRefusedError):
        channel_called("email_api", forged, now=at(1))
    assert DeliveryEvent.objects.count() == 1
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("answer", "state"),
    [(None, "unknown"), ((500, "{}"), "unknown"), ((429, "{}", {"Retry-After": "60"}), "frozen"),
     ((401, "{}"), "frozen"), ((400, '{"message": "wrong address"}'), "failed")],
)  # fmt: skip
def test_nothing_is_sent_twice_whatever_the_provider_does(opened, answer, state):
    api, office = opened("brevo", answer)
    assert reminded(office).state == state
    assert len(api.gateway.requests) == 1
    office.live(day(1), day(1), hour=16)
    assert len(api.gateway.requests) == (2 if state == "frozen" else 1)


def test_calls_come_over_http_and_are_answered_without_a_trace(opened):
    _, office = opened("postmark")
    message = reminded(office)
    key = f"{message.organization_id}:{message.key}:{message.id}"
    http = Client(enforce_csrf_checks=True)
    body = call("postmark", "delivered", key=key).body

    def status(content, query="", **headers):
        return http.post(PATH + query, content, content_type="application/json", **headers)

    proved = f"?secret={SECRET.replace(' ', '%20')}"
    assert status(body, proved).status_code == 200
    assert kinds(message) == ["sent", "delivered"]
    assert status(body).status_code == 403
    assert status(b"{", proved).status_code == 400
    assert status(b"x" * (17 * 1024 * 1024), proved).status_code == 413
    assert http.get(PATH + proved).status_code == 400
    assert kinds(message) == ["sent", "delivered"]
