"""A customer pays online from the page: the money is on the account at once, once, whatever the
gateway tells, how often and in which order; nobody is reminded of what is paid."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection, connections
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.links import case_links
from amiable.apps.cases.models import Case, Hold, PaymentLink
from amiable.apps.dunning.paying import account_of, checkouts_look
from amiable.apps.payments.models import Checkout, Payment
from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.project.checks import check_configuration
from tests import factories
from tests.apps.portal_pages import no_limits, owing, path_of, plain, shown, ticket_of, today
from tests.plugins.mollie_server import mollie_server
from tests.plugins.stripe_server import DECLINED, KEY, LATE, Stripe, stripe_server
from tests.plugins.test_gateways import event

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    with stripe_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _paying_online(settings, stripe):
    settings.GATEWAY_URLS = [stripe.url()]
    settings.BASE_URL = "https://relance.vauban.example"
    no_limits()


@pytest.fixture
def case() -> Case:
    return owing()


def items(case: Case) -> list[Installment]:
    return list(Installment.objects.filter(customer=case.customer).order_by("id"))


def begin(path: str, ids, amount: str, *, ticket: str = "", client: Client | None = None):
    client = client or Client()
    fields = {"ticket": ticket or ticket_of(client, path), "i": ids, "amount": amount}
    return client.post(f"{path}pay/", urlencode(fields, doseq=True), content_type=FORM)


def begun(case: Case, amount: str = "1500,00", count: int = 2) -> Checkout:
    """A payment of the first invoices, begun on a page of its own."""
    answer = begin(path_of(case), [item.id for item in items(case)[:count]], amount)
    assert answer.status_code == 303, plain(answer.content.decode())
    row = Checkout.objects.latest("id")
    assert answer.headers["Location"] == row.url
    return row


def told(row: Checkout, kind: str = "checkout.session.completed", **about):
    """The gateway calls us."""
    call = event(kind, **{"id": row.provider_id, **about})
    return Client().post(
        "/hooks/gateways/stripe/", call.body, content_type="application/json",
        headers={"Stripe-Signature": call.headers["stripe-signature"]},
    )  # fmt: skip


def returned(row: Checkout) -> str:
    """What the customer reads on coming back from the gateway's page."""
    link = PaymentLink.objects.get(id=row.link_id)
    (kept,) = case_links(row.organization_id, [link.case_id], most=1)
    token = kept.url.rstrip("/").rpartition("/")[2]
    return shown(Client(), f"/p/{token}/pay/{row.key.removeprefix('portal:')}/")


def owed(case: Case) -> int:
    rows = Entry.objects.filter(customer=case.customer, currency="EUR")
    return rows.aggregate(total=Sum("amount_minor"))["total"]


def test_what_is_paid_by_card_is_on_the_account_when_the_customer_comes_back(case, stripe):
    row = begun(case)
    stripe.pay(row.provider_id)
    assert "paiement est reçu" in returned(row) or "payment is received" in returned(row)
    payment = Payment.objects.get()
    assert (payment.amount_minor, payment.method, payment.customer) == (
        150_000,
        "card",
        case.customer,
    )
    opened = installment_balances(case.organization_id, [item.id for item in items(case)])
    assert [opened[item.id] for item in items(case)] == [0, 0, 5_000]
    assert broken_invariants() == []


def test_the_gateway_may_tell_it_before_after_and_many_times(case, stripe):
    row = begun(case)
    assert (
        told(row, "checkout.session.expired").status_code == 200
    )  # about another state: looked at
    assert Checkout.objects.get().state == "open"
    stripe.pay(row.provider_id)
    for kind in ("completed", "async_payment_failed", "completed", "expired", "completed"):
        assert told(row, f"checkout.session.{kind}").status_code == 200
    returned(row)
    checkouts_look(now=timezone.now() + timedelta(days=1))
    assert Payment.objects.count() == 1
    assert Checkout.objects.get().state == "paid"


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one connection only")
def test_a_storm_of_calls_at_once_enters_the_money_once(case, stripe):
    assert connection.vendor == "postgresql"
    row = begun(case)
    stripe.pay(row.provider_id)
    answers = []

    def call():
        answers.append(told(row).status_code)
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {200}
    assert Payment.objects.count() == 1


def test_a_call_that_never_comes_loses_nothing(case, stripe):
    row = begun(case)
    stripe.pay(row.provider_id)
    assert checkouts_look(now=timezone.now()) == {"looked": 0, "unanswered": 0}
    now = timezone.now() + timedelta(minutes=3)
    assert checkouts_look(now=now) == {"looked": 1, "unanswered": 0}
    assert Payment.objects.count() == 1
    assert checkouts_look(now=now + timedelta(days=1)) == {"looked": 0, "unanswered": 0}


def test_one_debt_over_several_cards(case, stripe):
    ids = [item.id for item in items(case)[:2]]
    path = path_of(case)
    for amount in ("500", "700,00", "300.00"):
        answer = begin(path, ids, amount)
        stripe.pay(answer.headers["Location"].rpartition("/")[2])
        told(Checkout.objects.latest("id"))
    assert Payment.objects.count() == 3
    assert owed(case) == 5_000
    assert begin(path, ids, "1").status_code == 422  # nothing of these is left


def test_two_who_pay_the_same_at_once_leave_a_credit(case, stripe):
    rows = [begun(case), begun(case)]
    for row in rows:
        stripe.pay(row.provider_id)
        told(row)
    assert Payment.objects.count() == 2
    assert owed(case) == 5_000 - 150_000
    assert broken_invariants() == []


def test_a_form_that_is_sent_twice_is_one_payment(case):
    path, client = path_of(case), Client()
    ticket = ticket_of(client, path)
    ids = [items(case)[0].id]
    first, again = (begin(path, ids, "10", ticket=ticket, client=client) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert Checkout.objects.count() == 1


def test_a_declined_card_charges_nothing_and_another_one_pays(case, stripe):
    row = begun(case)
    stripe.pay(row.provider_id, DECLINED)
    assert 'data-standing="open"' in returned(row)
    assert Payment.objects.count() == 0
    stripe.pay(row.provider_id)
    assert 'data-standing="paid"' in returned(row)


def test_while_a_debit_is_on_its_way_nobody_is_reminded(case, stripe):
    row = begun(case)
    stripe.pay(row.provider_id, LATE)
    told(row)
    hold = Hold.objects.get()
    assert hold.ends_on > today()
    assert Payment.objects.count() == 0
    stripe.settle(row.provider_id)
    told(row, "checkout.session.async_payment_succeeded")
    assert Payment.objects.get().method == "direct_debit"
    assert Hold.objects.get().ends_on < today()


def test_a_debit_that_fails_ends_the_pause_and_says_why(case, stripe):
    row = begun(case)
    stripe.pay(row.provider_id, LATE)
    told(row)
    stripe.settle(row.provider_id, is_paid=False)
    told(row, "checkout.session.async_payment_failed")
    row.refresh_from_db()
    assert (row.state, row.detail) == ("failed", "insufficient funds")
    assert Hold.objects.get().ends_on < today()
    assert owed(case) == 155_000


def test_money_that_goes_back_is_owed_again_and_a_person_looks_first(case, stripe):
    row = begun(case)
    stripe.pay(row.provider_id)
    told(row)
    intent = Payment.objects.get().external_id.removeprefix("stripe:")
    stripe.refund(intent, 30_000)
    for _ in range(3):  # told again, the pause stays
        told(row, "charge.refunded", id="ch_1", payment_intent=intent)
    assert owed(case) == 35_000
    assert Hold.objects.get().ends_on == today() + timedelta(days=7)
    stripe.contest(intent, "needs_response")
    told(row, "charge.dispute.created", id="du_1", payment_intent=intent)
    assert owed(case) == 155_000
    stripe.contest(intent, "won")
    for _ in range(2):
        told(row, "charge.dispute.closed", id="du_1", payment_intent=intent)
    assert owed(case) == 35_000
    assert broken_invariants() == []


@pytest.mark.parametrize("amount", ["", "0", "-5", "abc", "1500,01", "1e9", "9" * 60])
def test_an_amount_that_cannot_be_paid_is_explained(case, amount):
    answer = begin(path_of(case), [item.id for item in items(case)[:2]], amount)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Checkout.objects.count() == 0


def test_nothing_but_what_the_link_shows_can_be_paid(case):
    other = items(_other(case))[0]
    path = path_of(case)
    assert begin(path, [other.id], "10").status_code == 422
    assert begin(path, [], "10").status_code == 422
    assert begin(path, ["x", "٣"], "10").status_code == 422
    assert begin(path, [items(case)[0].id], "10", ticket="forged").status_code == 422
    assert Client().get(f"{path}pay/{'0' * 24}-100/").status_code == 404
    assert Checkout.objects.count() == 0


def _other(case: Case) -> Case:
    debtor = factories.customer(case.customer.creditor, "C2")
    factories.invoice(debtor, "FB-1", due=today() - timedelta(days=9))
    return factories.case(debtor, on=today())


def test_a_gateway_that_is_down_says_so_and_begins_nothing(case, settings, monkeypatch):
    monkeypatch.setattr("amiable.plugins.gateways.stripe._TRIES", 0)
    settings.GATEWAY_URLS = [Stripe(9).url()]
    answer = begin(path_of(case), [items(case)[0].id], "10")
    assert answer.status_code == 422
    assert Checkout.objects.get().state == "asked"
    assert KEY not in answer.content.decode()


def test_without_an_account_the_page_offers_a_transfer_only(case, settings):
    settings.GATEWAY_URLS = []
    page = shown(Client(), path_of(case))
    assert "/pay/" not in page
    path, client = path_of(case), Client()
    ticket = ticket_of(client, f"{path}later/")
    assert begin(path, [items(case)[0].id], "10", ticket=ticket).status_code == 422
    assert Client().post("/hooks/gateways/stripe/", b"{}", content_type=FORM).status_code == 404


def test_each_creditor_is_paid_on_its_own_account(case, settings, stripe):
    slug, code = case.organization.slug, case.customer.creditor.code
    settings.GATEWAY_URLS = [stripe.url(options="&organization=another")]
    assert "/pay/" not in shown(Client(), path_of(case))
    own = stripe.url(key="sk_live_own", options=f"&organization={slug}&creditor={code}")
    settings.GATEWAY_URLS = [stripe.url(), own]
    assert account_of(own).creditor == code
    assert "/pay/" in shown(Client(), path_of(case))


def test_test_keys_serve_test_mode_only(case, settings, stripe):
    settings.GATEWAY_URLS = [stripe.url(key="sk_test_x")]
    assert "/pay/" not in shown(Client(), path_of(case))
    case.organization.test_recipient = "essai@vauban.example"
    case.organization.save()
    row = begun(case)
    assert row.is_test
    stripe.pay(row.provider_id)
    assert 'data-standing="paid"' in returned(row)
    assert Payment.objects.count() == 0


@pytest.mark.parametrize(
    ("setting", "code"),
    [("GATEWAY_URLS", "E012"), ("DROP_URLS", "E011"), ("MAILBOX_URLS", "E010"),
     ("VIRTUAL_IBAN_URLS", "E013")],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_named_by_its_setting(settings, setting, code):
    setattr(settings, setting, ["stripe://sk_live_secret"])
    (found,) = [each for each in check_configuration() if each.id == f"amiable.{code}"]
    assert f"AMIABLE_{setting}=" in found.hint
    assert "sk_live_secret" not in str(found.msg)


@pytest.mark.parametrize("signature", ["", "t=1,v1=0", "nonsense"])
def test_a_call_that_is_not_the_gateways_changes_nothing(case, stripe, signature):
    row = begun(case)
    stripe.pay(row.provider_id)
    answer = Client().post(
        "/hooks/gateways/stripe/", event("checkout.session.completed", id=row.provider_id).body,
        content_type="application/json", headers={"Stripe-Signature": signature},
    )  # fmt: skip
    assert answer.status_code == 403
    assert Payment.objects.count() == 0


def test_another_gateway_takes_the_same_way(case, settings):
    with mollie_server() as mollie:
        settings.GATEWAY_URLS = [mollie.url(key="live_anothers"), mollie.url()]
        settings.GATEWAY_URLS.reverse()
        row = begun(case, amount="1 200,00", count=1)
        assert (row.gateway, mollie.payments[row.provider_id]["amount"]["value"]) == (
            "mollie", "1200.00",
        )  # fmt: skip
        settings.GATEWAY_URLS.reverse()  # the first account does not know it, the second does
        mollie.set(row.provider_id, "paid", method="creditcard")
        for _ in range(3):
            body = urlencode({"id": row.provider_id})
            answer = Client().post("/hooks/gateways/mollie/", body, content_type=FORM)
            assert answer.status_code == 200
    assert Payment.objects.get().external_id == f"mollie:{row.provider_id}"
    assert owed(case) == 35_000
