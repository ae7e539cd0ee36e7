"""The call mode in the console: the list, one call, its outcome in one press, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Dispute, Promise
from amiable.apps.cases.services import dispute_open
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.services import plan_tick
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.services import user_create
from amiable.core.scenario import Scenario, Step
from amiable.interfaces.console import clock
from tests import factories

pytestmark = pytest.mark.django_db

SCENARIO = Scenario("calls", 1, "Calls", (
    Step("call", 1, "phone", "friendly"), Step("mail", 60, "email", "friendly", "reminder_1"),
))  # fmt: skip


@pytest.fixture
def org():
    found = factories.organization()
    scenario_import(found.pk, SCENARIO, make_default=True)
    return found


@pytest.fixture
def calls(org) -> list[Action]:
    """Two calls due, the larger first."""
    owner = factories.creditor(org)
    for number, euros in ((1, 9000), (2, 500)):
        row = factories.customer(
            owner, f"C{number}", name=f"Client {number}", email=f"c{number}@x.example"
        )
        ContactPoint.objects.create(
            organization=org, customer=row, kind="phone", value=f"+3324000000{number}"
        )
        due = timezone.localdate() - timedelta(days=12)
        factories.invoice(row, f"FA-{number}", total_minor=euros * 100, due=due)
    plan_tick(org.pk, on=clock.workday())
    return list(Action.objects.filter(medium="phone").order_by("case__customer__code"))


def signed_in(client, org, role: str = "manager"):
    user = user_create(org.pk, email=f"{role}@acme.example", password="correct-horse", role=role)
    client.force_login(user)
    return client


def text_of(answer) -> str:
    return answer.content.decode().replace("\u202f", " ").replace("\xa0", " ")


def test_without_a_call_the_list_says_when_there_is_one(client, org):
    text = text_of(signed_in(client, org).get("/calls/"))
    assert 'class="blank' in text
    assert 'data-key="s"' not in text


def test_the_list_leads_with_the_largest_and_says_why(client, org, calls):
    text = text_of(signed_in(client, org).get("/calls/"))
    assert text.index("Client 1") < text.index("Client 2")
    assert "9 000,00" in text
    assert f"/calls/{calls[0].pk}/" in text


def test_the_call_has_the_script_the_facts_and_every_key(client, org, calls):
    text = text_of(signed_in(client, org).get(f"/calls/{calls[0].pk}/"))
    for key in "pcdanvwro":
        assert f'data-key="{key}"' in text
    assert "Ouverture" in text
    assert "FA-1" in text
    assert f"/calls/{calls[1].pk}/" in text


def test_what_is_not_to_be_asked_for_stands_there_with_the_reason(client, org, calls):
    item = Installment.objects.get(invoice__number="FA-1")
    dispute_open(
        org.pk, item.pk, reason="price", amount_minor=None, on=timezone.localdate(), actor="c"
    )
    text = text_of(signed_in(client, org).get(f"/calls/{calls[0].pk}/"))
    assert "FA-1" in text
    assert "tel:" not in text


def test_outside_decent_hours_the_number_is_not_offered_until_somebody_says_why(
    client, org, calls, monkeypatch
):
    signed_in(client, org)
    night = timezone.localtime().replace(hour=23)
    monkeypatch.setattr(timezone, "now", lambda: night)
    address = f"/calls/{calls[0].pk}/"
    assert "tel:" not in text_of(client.get(address))
    client.post(f"{address}anyway/", {"reason": ""})
    assert "tel:" not in text_of(client.get(address))
    client.post(f"{address}anyway/", {"reason": "He asked me to"})
    text = text_of(client.get(address))
    assert 'href="tel:+33240000001"' in text
    assert "He asked me to" in text
    assert Event.objects.get(kind="call.started_anyway").payload["reason"] == "He asked me to"


def test_one_press_notes_it_opens_the_next_call_and_says_what_follows(client, org, calls):
    signed_in(client, org)
    answer = client.post(f"/calls/{calls[0].pk}/close/", {"result": "no_answer"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/calls/{calls[1].pk}/"
    assert f"/calls/{calls[0].pk}/reopen/" in text_of(answer)
    calls[0].refresh_from_db()
    assert (calls[0].state, calls[0].result) == ("done", "no_answer")
    assert Action.objects.filter(state="todo", case=calls[0].case).count() == 1


def test_a_promise_is_confirmed_and_the_undo_brings_the_call_back(client, org, calls):
    signed_in(client, org)
    due = timezone.localdate() + timedelta(days=5)
    fields = {"result": "promise", "amount": "9000,00", "due_on": due.isoformat(), "confirm": "on"}
    answer = client.post(f"/calls/{calls[0].pk}/close/", fields, follow=True)
    assert "c1@x.example" in text_of(answer)
    assert Message.objects.get().state == "frozen"
    back = client.post(f"/calls/{calls[0].pk}/reopen/", follow=True)
    assert back.redirect_chain[-1][0] == f"/calls/{calls[0].pk}/"
    assert Message.objects.get().state == "withdrawn"
    assert Promise.objects.get().cancelled_on == timezone.localdate()


def test_unticked_nothing_is_written(client, org, calls):
    signed_in(client, org)
    due = timezone.localdate() + timedelta(days=5)
    fields = {"result": "promise", "amount": "9000", "due_on": due.isoformat()}
    client.post(f"/calls/{calls[0].pk}/close/", fields)
    assert Promise.objects.count() == 1
    assert not Message.objects.exists()


def test_a_dispute_names_its_invoice(client, org, calls):
    signed_in(client, org)
    fields = {"result": "dispute", "invoice": "FA-1", "reason": "quality", "disputed": "100"}
    client.post(f"/calls/{calls[0].pk}/close/", fields)
    assert Dispute.objects.get().amount_minor == 10_000


@pytest.mark.parametrize(
    "fields",
    [
        {"result": "promise"},
        {"result": "promise", "amount": "x", "due_on": "2030-01-01"},
        {"result": "callback"},
        {"result": "dispute", "invoice": "NOBODY", "reason": "price"},
        {"result": "nonsense"},
    ],
)
def test_what_is_missing_is_said_and_the_call_stays_open(client, org, calls, fields):
    signed_in(client, org)
    answer = client.post(f"/calls/{calls[0].pk}/close/", fields, follow=True)
    assert answer.redirect_chain[-1][0] == f"/calls/{calls[0].pk}/"
    assert "is-error" in text_of(answer)
    calls[0].refresh_from_db()
    assert calls[0].state == "todo"


def test_the_confirmation_is_shown_before_it_is_written(client, org, calls):
    signed_in(client, org)
    address = f"/calls/{calls[0].pk}/confirmation/"
    due = (timezone.localdate() + timedelta(days=5)).isoformat()
    fields = {"result": "promise", "amount": "9000", "due_on": due}
    assert "c1@x.example" in text_of(client.get(address, fields))
    missing = client.get(address, {"result": "dispute", "invoice": "NOBODY", "reason": "price"})
    assert "c1@x.example" not in text_of(missing)
    assert missing.status_code == 200
    assert not Message.objects.exists()
    assert not Promise.objects.exists()


def test_a_reader_sees_and_changes_nothing(client, org, calls):
    signed_in(client, org, "reader")
    address = f"/calls/{calls[0].pk}/"
    assert "data-opens" not in text_of(client.get(address))
    for name in ("close", "reopen", "anyway"):
        assert client.post(f"{address}{name}/", {"result": "refused"}).status_code == 403
    calls[0].refresh_from_db()
    assert calls[0].state == "todo"


def test_calls_of_others_are_not_there(client, org, calls):
    signed_in(client, factories.organization("other"))
    address = f"/calls/{calls[0].pk}/"
    assert client.get(address).status_code == 404
    client.post(f"{address}close/", {"result": "refused"})
    client.post(f"{address}reopen/")
    assert client.get(f"{address}confirmation/?result=already_paid").status_code == 404
    calls[0].refresh_from_db()
    assert calls[0].state == "todo"


def test_what_is_done_twice_is_said(client, org, calls):
    signed_in(client, org)
    for _ in range(2):
        answer = client.post(f"/calls/{calls[0].pk}/close/", {"result": "refused"}, follow=True)
    assert "is-error" in text_of(answer)
    assert Event.objects.filter(kind="call.recorded").count() == 1


def test_the_settings_of_calls_are_checked(client, org):
    signed_in(client, org)
    fields = {"call_tries": 5, "call_retry_days": 2, "dial_address": "javascript:alert({number})"}
    assert client.post("/settings/calls/", fields).status_code == 422
    client.post("/settings/calls/", {**fields, "dial_address": "sip:{number}@pbx.example"})
    org.refresh_from_db()
    assert (org.call_tries, org.call_retry_days) == (5, 2)
    assert org.dial_address == "sip:{number}@pbx.example"
