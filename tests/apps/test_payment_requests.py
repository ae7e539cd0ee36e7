"""Requests for payment: a file becomes one request per payer, it leaves once, and is followed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.links import link_find, link_used
from amiable.apps.cases.models import Case, Hold
from amiable.apps.cases.services import dispute_open, promise_record
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import PaymentRequest, RequestCampaign
from amiable.apps.dunning.requesting.campaigns import (
    RequestError,
    campaign_cancel,
    campaign_confirm,
    campaign_resume,
)
from amiable.apps.dunning.requesting.drawing import Wish, campaign_draw, campaign_look
from amiable.apps.dunning.requesting.following import campaign, requests
from amiable.apps.dunning.requesting.previews import request_preview
from amiable.apps.dunning.requesting.sending import requests_tick
from amiable.apps.dunning.requesting.sums import payers, totals
from amiable.apps.dunning.sending import send_tick
from amiable.apps.insights.intake import file_import
from amiable.apps.messaging.models import Message
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment, Invoice
from amiable.apps.tenants.models import Organization
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)
ROUTES = {
    medium: ("memory", {"box": {}}) for medium in ("email", "letter", "registered_letter", "sms")
}
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))  # a Friday
WHO = {"now": NOW, "actor": "camille"}
FILE = """customer_code;customer_name;email;number;issue_date;due_date;total
C001;Menuiserie Duval;ap@duval.example;F-1;2026-11-02;2026-12-02;1200,00
C001;Menuiserie Duval;ap@duval.example;F-2;2026-11-03;2026-12-03;300,00
C002;Garage Morel;compta@morel.example;F-3;2026-11-02;2026-12-02;80,50
C003;Sans adresse;;F-4;2026-11-02;2026-12-02;50,00
"""


@pytest.fixture(autouse=True)
def _https(settings):
    settings.BASE_URL = "https://relance.example"


@pytest.fixture
def owner():
    return factories.creditor(factories.organization())


@pytest.fixture
def org(owner) -> int:
    return owner.organization_id


def handed_in(org: int, content: str = FILE, **options):
    return file_import(
        Organization.objects.get(id=org), "invoices", source=content.encode(),
        filename="november.csv", ask_by=("email", "sms"), **WHO, **options,
    )  # fmt: skip


def drawn(org: int, *customers, **fields) -> int:
    """A campaign over everything these customers owe."""
    ids = Installment.objects.filter(customer__in=customers).values_list("id", flat=True)
    return campaign_draw(org, Wish("By hand", **fields), set(ids), **WHO)


def confirmed(org: int, *customers, **fields) -> int:
    campaign_id = drawn(org, *customers, **fields)
    campaign_confirm(org, campaign_id, **WHO)
    return campaign_id


def tick(org: int, now=NOW):
    return requests_tick(org, now=now, routes=ROUTES)


def rows(org: int, campaign_id: int, on=TODAY) -> dict[str, object]:
    return {row.customer: row for row in requests(org, campaign_id, on=on)}


def states(org: int) -> list[str]:
    return list(PaymentRequest.objects.order_by("id").values_list("state", flat=True))


def debtor(owner, code: str = "C001", name: str = "Menuiserie Duval", **fields) -> Customer:
    made = factories.customer(owner, code, name=name, **fields)
    factories.invoice(made, f"F-{code}", due=TODAY + timedelta(days=30), issued=TODAY)
    return made


def pay(row: Customer, amount_minor: int) -> None:
    item = Installment.objects.filter(customer=row).first()
    paid = PaymentIn(
        row.pk, amount_minor, "EUR", TODAY, f"p{amount_minor}", parts=((item.id, amount_minor),)
    )
    payment_record(row.organization_id, paid, cases={}, on=TODAY, actor="bank")


def test_a_file_becomes_one_request_for_each_payer_and_nothing_leaves_before_it_is_confirmed(org):
    handed_in(org)
    (found,) = RequestCampaign.objects.all()
    seen = rows(org, found.pk)
    assert {name: row.standing for name, row in seen.items()} == {
        "Menuiserie Duval": "draft", "Garage Morel": "draft", "Sans adresse": "stopped",
    }  # fmt: skip
    assert seen["Menuiserie Duval"].asked.amount_minor == 150_000
    assert seen["Menuiserie Duval"].invoices == 2
    assert seen["Sans adresse"].family == "unreachable"
    assert not tick(org)
    assert Message.objects.count() == 0


def test_confirmed_each_payer_gets_one_message_with_all_its_invoices_and_one_link(org):
    handed_in(org)
    found = RequestCampaign.objects.get()
    assert campaign_confirm(org, found.pk, **WHO) == 2
    assert tick(org) == {"sent": 2}
    message = Message.objects.get(recipient="ap@duval.example")
    assert "F-1" in message.text
    assert "F-2" in message.text
    assert message.text.count("https://relance.example/p/") == 1
    assert Event.objects.filter(kind="message.sent").count() == 2
    assert broken_invariants() == []


def test_the_same_file_is_the_same_campaign_and_confirming_twice_sends_once(org):
    handed_in(org)
    handed_in(org)
    found = RequestCampaign.objects.get()
    assert campaign_confirm(org, found.pk, **WHO) == 2
    assert campaign_confirm(org, found.pk, **WHO) == 0
    tick(org)
    tick(org)
    handed_in(org)
    tick(org)
    assert Message.objects.count() == 2
    assert RequestCampaign.objects.count() == 1


def test_a_bad_file_imports_nothing_and_draws_nothing_up(org):
    result = handed_in(org, FILE + "C004;X;x@x.example;F-5;2026-11-02;2026-12-02;much\n")
    assert result.state == "refused"
    assert result.errors
    assert not Invoice.objects.exists()
    assert not RequestCampaign.objects.exists()
    handed_in(org, FILE + "C004;X;x@x.example;F-5;2026-11-02;2026-12-02;much\n", partial=True)
    assert PaymentRequest.objects.count() == 3


def test_two_creditors_are_two_requests_even_of_one_person(owner, org):
    other = factories.creditor(owner.organization, "second", name="Vauban Services")
    campaign_id = confirmed(
        org, debtor(owner, email="ap@duval.example"), debtor(other, email="ap@duval.example")
    )
    assert campaign(org, campaign_id).total == 2
    tick(org)
    assert Message.objects.values("case").distinct().count() == 2


def stop_paid(row):
    pay(row, 120_000)


def stop_disputed(row):
    item = Installment.objects.get(customer=row)
    dispute_open(row.organization_id, item.id, reason="price", on=TODAY, actor="camille")


def stop_held(row):
    Hold.objects.create(
        organization=row.organization, case=factories.case(row), reason="talks",
        starts_on=TODAY, placed_by="x",
    )  # fmt: skip


def stop_insolvent(row):
    Customer.objects.filter(id=row.pk).update(insolvent_since=TODAY)


def stop_opted_out(row):
    ContactPoint.objects.filter(customer=row).update(opted_out_at=NOW)


def stop_promised(row):
    promise_record(
        row.organization_id, factories.case(row).pk, amount_minor=120_000,
        due_on=TODAY + timedelta(days=5), on=TODAY, actor="camille",
    )  # fmt: skip


STOPS = {
    "paid": stop_paid, "disputed": stop_disputed, "held": stop_held,
    "insolvent": stop_insolvent, "unreachable": stop_opted_out, "promised": stop_promised,
}  # fmt: skip


@pytest.mark.parametrize("why", STOPS)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nobody_is_asked_against_a_fact_before_the_preview_or_after_it(owner, org, why, when):
    row, bystander = debtor(owner), debtor(owner, "C002", "Garage Morel", email="c@morel.example")
    if when == "before":
        STOPS[why](row)
    campaign_id = drawn(org, row, bystander)
    campaign_confirm(org, campaign_id, **WHO)
    if when == "meanwhile":
        STOPS[why](row)
    tick(org)
    seen = rows(org, campaign_id)
    assert (seen["Menuiserie Duval"].standing, seen["Menuiserie Duval"].family) == ("stopped", why)
    assert seen["Garage Morel"].standing == "sent"
    assert Message.objects.count() == 1


def test_two_workers_send_each_request_once(owner, org):
    """A claim is a lease: what one worker holds, the other leaves alone."""
    campaign_id = confirmed(org, debtor(owner))
    PaymentRequest.objects.update(state="sending", retry_at=NOW + timedelta(minutes=10))
    assert not tick(org)
    assert tick(org, NOW + timedelta(minutes=11)) == {"sent": 1}
    assert not tick(org, NOW + timedelta(minutes=12))
    assert rows(org, campaign_id)["Menuiserie Duval"].standing == "sent"
    assert Message.objects.count() == 1


@pytest.mark.parametrize("written", ["sending", "sent"])
def test_a_worker_killed_after_it_wrote_the_message_leaves_no_second_one(owner, org, written):
    confirmed(org, row := debtor(owner))
    tick(org)
    Message.objects.update(state=written, sent_at=None)
    PaymentRequest.objects.update(state="sending", retry_at=NOW, closed_on=None)
    pay(row, 120_000)
    tick(org, NOW + timedelta(minutes=11))
    assert Message.objects.count() == 1
    assert states(org) == ["sent"]


def test_what_was_paid_in_part_meanwhile_is_asked_for_the_rest(owner, org):
    campaign_id = confirmed(org, row := debtor(owner))
    pay(row, 20_000)
    tick(org)
    assert rows(org, campaign_id)["Menuiserie Duval"].asked.amount_minor == 100_000
    assert "1 000,00" in Message.objects.get().text.replace("\u202f", " ")


def test_by_text_message_where_there_is_no_email_and_never_at_night(owner, org):
    row = debtor(owner, email="")
    ContactPoint.objects.create(
        organization=row.organization, customer=row, kind="phone", value="+33612345678"
    )
    campaign_id = confirmed(org, row)
    assert request_preview(org, campaign_id, "sms", now=NOW).parts in {1, 2}
    night = NOW.replace(hour=21)
    assert tick(org, night) == {"waiting": 1}
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=NOW.tzinfo)
    assert tick(org, monday) == {"sent": 1}
    message = Message.objects.get()
    assert (message.medium, message.recipient) == ("sms", "+33612345678")
    assert "https://relance.example/p/" in message.text


def test_a_request_is_a_contact_and_waits_for_the_gap_like_one(owner, org):
    first = confirmed(org, row := debtor(owner))
    tick(org)
    case = Case.objects.get()
    assert case_facts(org, [case.pk], on=TODAY)[case.pk].last_contact_on == TODAY
    second = confirmed(org, row)
    assert tick(org) == {"waiting": 1}
    seen = rows(org, second)["Menuiserie Duval"]
    assert (seen.standing, seen.family) == ("waiting", "gap")
    assert rows(org, first)["Menuiserie Duval"].standing == "sent"


def test_two_campaigns_of_one_night_write_to_a_payer_once(owner, org):
    confirmed(org, row := debtor(owner))
    confirmed(org, row)
    assert tick(org) == {"sent": 1, "waiting": 1}
    assert Message.objects.count() == 1


def test_a_cancelled_campaign_keeps_what_has_not_left_and_can_be_taken_up_again(owner, org):
    campaign_id = confirmed(
        org, debtor(owner), debtor(owner, "C002", "Garage", email="g@g.example")
    )
    assert campaign_cancel(org, campaign_id, **WHO) == 2
    assert campaign_cancel(org, campaign_id, **WHO) == 0
    assert not tick(org)
    assert campaign_resume(org, campaign_id, **WHO) == 2
    assert tick(org) == {"sent": 2}
    assert campaign_cancel(org, campaign_id, **WHO) == 0
    assert states(org) == ["sent", "sent"]
    campaign_resume(org, campaign_id, **WHO)
    assert not tick(org)


def test_what_fails_for_a_while_does_not_leave_once_the_campaign_is_cancelled(owner, org):
    campaign_id = confirmed(org, debtor(owner))
    refusing = {**ROUTES, "email": ("memory", {"box": {}, "outcome": "retry"})}
    requests_tick(org, now=NOW, routes=refusing)
    PaymentRequest.objects.update(state="waiting", retry_at=NOW + timedelta(hours=1))
    campaign_cancel(org, campaign_id, **WHO)
    assert not tick(org, NOW + timedelta(hours=2))


def test_a_cancelled_file_can_be_drawn_up_anew_and_then_not_be_resumed(org):
    handed_in(org)
    first = RequestCampaign.objects.get().pk
    campaign_cancel(org, first, **WHO)
    handed_in(org)
    assert RequestCampaign.objects.count() == 2
    with pytest.raises(RequestError):
        campaign_resume(org, first, **WHO)


def test_a_campaign_of_the_test_mode_stays_in_the_house_for_ever(owner, org):
    Organization.objects.update(test_recipient="me@house.example")
    row = debtor(owner)
    confirmed(org, row)
    waits = confirmed(org, debtor(owner, "C002", "Garage", email="g@g.example"))
    PaymentRequest.objects.filter(campaign=waits).update(retry_at=NOW + timedelta(hours=1))
    tick(org)
    assert Message.objects.get().recipient == "me@house.example"
    Organization.objects.update(test_recipient="")
    tick(org, NOW + timedelta(hours=2))
    assert states(org) == ["sent", "stopped"]
    assert Message.objects.filter(is_test=False).count() == 0
    case = factories.case(row).pk
    assert case_facts(org, [case], on=TODAY)[case].last_contact_on is None


def test_without_https_nothing_can_be_confirmed(owner, org, settings):
    settings.BASE_URL = "http://relance.example"
    campaign_id = drawn(org, debtor(owner))
    with pytest.raises(RequestError):
        campaign_confirm(org, campaign_id, **WHO)
    assert states(org) == ["draft"]


def test_looking_again_sees_what_changed_until_it_is_confirmed(owner, org):
    row = debtor(owner, email="")
    campaign_id = drawn(org, row)
    assert states(org) == ["stopped"]
    ContactPoint.objects.create(
        organization=row.organization, customer=row, kind="email", value="ap@duval.example"
    )
    campaign_look(org, campaign_id, now=NOW)
    assert states(org) == ["draft"]
    campaign_confirm(org, campaign_id, **WHO)
    campaign_look(org, campaign_id, now=NOW)
    assert states(org) == ["waiting"]


def test_where_each_request_stands_equals_the_facts(owner, org):
    people = {
        name: debtor(owner, f"C{n}", name, email=f"{name}@client.example")
        for n, name in enumerate(("silent", "opened", "part", "paid", "promised", "disputed"))
    }
    campaign_id = confirmed(org, *people.values())
    tick(org)
    for message in Message.objects.select_related("case__customer"):
        if message.case.customer.name != "silent":
            token = message.text.partition("https://relance.example/p/")[2][:22]
            link_used(link_find(token, on=TODAY), on=TODAY)
    pay(people["part"], 20_000)
    pay(people["paid"], 120_000)
    stop_promised(people["promised"])
    stop_disputed(people["disputed"])
    seen = rows(org, campaign_id)
    assert {name: row.standing for name, row in seen.items()} == {
        "silent": "sent", "opened": "opened", "part": "partly_paid", "paid": "paid",
        "promised": "promised", "disputed": "disputed",
    }  # fmt: skip
    assert seen["silent"].opened_on is None
    assert seen["part"].opened_on == TODAY
    sums = totals(payers(org, campaign_id, on=TODAY), "standing")
    assert sums["partly_paid"].paid[0].amount_minor == 20_000
    assert sums["paid"].paid[0].amount_minor == 120_000
    send_tick(org, now=NOW, routes=ROUTES)
    assert broken_invariants() == []


def test_what_was_promised_before_the_request_is_no_answer_to_it(owner, org):
    row = debtor(owner)
    promise_record(
        org, factories.case(row).pk, amount_minor=20_000, due_on=TODAY + timedelta(days=9),
        on=TODAY - timedelta(days=1), actor="camille",
    )  # fmt: skip
    campaign_id = confirmed(org, row)
    tick(org)
    assert rows(org, campaign_id)["Menuiserie Duval"].standing == "sent"


def test_another_organization_sees_and_changes_nothing(owner, org):
    other = factories.creditor(factories.organization("other")).organization_id
    campaign_id = drawn(org, debtor(owner))
    with pytest.raises(LookupError):
        campaign(other, campaign_id)
    assert requests(other, campaign_id, on=TODAY) == []
    for gesture in (campaign_confirm, campaign_cancel, campaign_resume):
        with pytest.raises(RequestCampaign.DoesNotExist):
            gesture(other, campaign_id, **WHO)
    with pytest.raises(RequestError):
        campaign_draw(
            other, Wish("x"), set(Installment.objects.values_list("id", flat=True)), **WHO
        )


def test_a_campaign_of_any_size_costs_the_same_queries_for_each_chunk(
    owner, org, django_assert_max_num_queries
):
    people = [
        debtor(owner, f"C{n:03}", f"Client {n:03}", email=f"c{n}@client.example")
        for n in range(120)
    ]
    with django_assert_max_num_queries(60):
        campaign_id = drawn(org, *people)
    campaign_confirm(org, campaign_id, **WHO)
    with django_assert_max_num_queries(120):
        assert tick(org) == {"sent": 120}
    with django_assert_max_num_queries(8):
        assert len(requests(org, campaign_id, on=timezone.localtime(NOW).date())) == 120


def test_the_command_asks_confirms_and_follows(org, tmp_path):
    path = tmp_path / "november.csv"
    path.write_text(FILE, "utf-8")

    def request(*more: str) -> dict:
        arguments = ["request", str(path), "--on", TODAY.isoformat(), "--json", *more]
        done = CliRunner().invoke(amiable, arguments, standalone_mode=False)
        return json.loads(done.stdout)

    first = request()
    assert first["campaign"]["states"] == {"draft": 2, "stopped": 1}
    assert request("--confirm")["campaign"]["states"] == {"waiting": 2, "stopped": 1}
    PaymentRequest.objects.filter(state="waiting").update(retry_at=NOW)
    tick(org)
    told = {row["customer_code"]: row for row in request()["requests"]}
    assert (told["C001"]["standing"], told["C001"]["asked"]) == ("sent", "1500.00")
    assert told["C003"]["outcome"][0]["code"] == "stop.no_email"
    assert request("--cancel")["campaign"]["cancelled_at"]
