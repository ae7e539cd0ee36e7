"""A mandate signed on the payment page: what is read is what is kept, and nothing without a tap."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.messaging.models import Message
from amiable.apps.payments.debits.mandates import evidence_digest
from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.apps.tenants.models import Organization
from tests import factories
from tests.apps.portal_codes import typed
from tests.apps.portal_pages import owing, path_of, send, shown, ticket_of
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db
FIELDS = ("name", "iban", "span", "scheme", "seen", "proof")
ACCOUNT = "FR76 3000 6000 0112 3456 7890 189"


def case_of(**fields):
    return owing(ics="FR72ZZZ123456", **fields)


def filled(**more) -> dict[str, str]:
    return {"name": "Jean Duval", "iban": ACCOUNT, "span": "on", "scheme": "CORE", **more}


def proven(client, path: str) -> str:
    """The form to fill in, after the code."""
    page = typed(client, f"{path}mandate/", shown(client, f"{path}mandate/?again=1"))
    assert page.status_code == 200, page.content.decode()
    return page.content.decode()


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text, re.DOTALL)
    return unescape(found[1])


def sign(client, path: str, **more):
    """Confirm with a code, fill in, read, agree; the answer to the last tap."""
    form = proven(client, path)
    proof = {"ticket": hidden(form, "ticket"), "proof": hidden(form, "proof")}
    page = send(client, f"{path}mandate/", step="read", **proof, **filled(**more))
    assert page.status_code == 200, page.content.decode()
    text = page.content.decode()
    again = {name: hidden(text, name) for name in FIELDS}
    return send(client, f"{path}mandate/", ticket=hidden(text, "ticket"), step="sign", **again)


def test_a_mandate_is_read_signed_kept_and_confirmed(client):
    case = case_of()
    path = path_of(case)
    assert f"{path}mandate/" in shown(client, path)
    answer = sign(client, path)
    assert answer.status_code == 303
    row = Mandate.objects.get()
    assert (row.customer_id, row.holder_iban) == (case.customer_id, ACCOUNT.replace(" ", ""))
    assert row.signed_how == "portal"
    assert row.digest == evidence_digest(row.evidence)
    assert "FR72ZZZ123456" in row.evidence["text"]
    assert "Jean Duval" in row.evidence["text"]
    assert {"signed_at", "network", "browser", "page_version", "language"} <= row.evidence.keys()
    mail = Message.objects.get(key=f"portal/mandate/{row.pk}")
    assert row.rum in mail.text
    assert ACCOUNT.replace(" ", "") not in mail.text.replace(" ", "")
    page = shown(client, f"{path}mandate/")
    assert row.rum in page
    assert ACCOUNT[-3:] not in page.partition(row.rum)[0].partition("mandate-title")[2]
    told = row.evidence["code"]
    assert (told["medium"], told["address"]) == ("email", "a•••@c•••.example")
    assert told["sent_at"] <= told["confirmed_at"] <= row.evidence["signed_at"]
    assert debits_tick(case.organization_id, now=mail.frozen_at)["announced"] >= 1
    assert Debit.objects.filter(mandate=row).exists()


def test_nothing_is_signed_by_reading(client):
    path = path_of(case_of())
    proof = hidden(proven(client, path), "proof")
    page = send(client, f"{path}mandate/", step="read", proof=proof, **filled())
    assert 'name="seen"' in page.content.decode()
    assert not Mandate.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"iban": "FR7630006000011234567890188"}, {"iban": "BR1800360305000010009795493C1"},
        {"name": ""}, {"span": "ever"}, {"seen": "something else"}, {"ticket": "forged"},
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_signed(client, wrong):
    path = path_of(case_of())
    form = proven(client, path)
    sent = {**filled(), "ticket": hidden(form, "ticket"), "step": "sign", "seen": "", **wrong}
    answer = send(client, f"{path}mandate/", proof=hidden(form, "proof"), **sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Mandate.objects.exists()


def test_a_consumer_is_offered_no_b2b_and_cannot_force_it(client):
    path = path_of(case_of(kind="consumer"))
    assert 'value="B2B"' not in proven(client, path)
    sign(client, path, scheme="B2B")
    assert Mandate.objects.get().scheme == "CORE"


def test_a_company_may_choose(client):
    path = path_of(case_of())
    sign(client, path, scheme="B2B", span="once")
    row = Mandate.objects.get()
    assert (row.scheme, row.is_one_off) == ("B2B", True)


def test_the_same_tap_twice_is_one_mandate_and_it_can_be_revoked(client):
    path = path_of(case_of())
    proof = hidden(proven(client, path), "proof")
    page = send(client, f"{path}mandate/", step="read", proof=proof, **filled()).content.decode()
    again = {name: hidden(page, name) for name in FIELDS}
    for _ in range(2):
        ticket = hidden(page, "ticket")
        assert (
            send(client, f"{path}mandate/", ticket=ticket, step="sign", **again).status_code == 303
        )
    assert Mandate.objects.count() == 1
    ticket = ticket_of(client, f"{path}mandate/")
    assert send(client, f"{path}mandate/", ticket=ticket, step="revoke").status_code == 303
    assert Mandate.objects.get().revoked_by == "portal"
    assert 'data-code="send"' in shown(client, f"{path}mandate/")


def test_it_is_offered_only_where_something_is_collected(client):
    bare = owing()
    path = path_of(bare)
    assert "/mandate/" not in shown(client, path)
    assert client.get(f"{path}mandate/").status_code == 302
    Organization.objects.update(test_recipient="us@vauban.example")
    org = factories.organization("other")
    path = path_of(case_of(org=org, code="x"))
    Organization.objects.update(test_recipient="us@vauban.example")
    assert client.get(f"{path}mandate/").status_code == 302


def test_the_console_shows_what_was_signed_and_whether_it_is_whole(
    client, django_assert_max_num_queries
):
    case = case_of(language="en")
    assert sign(client, path_of(case)).status_code == 303
    row = Mandate.objects.get()
    staff = Client()
    staff.cookies["django_language"] = "en"
    staff.force_login(member(case.organization, "camille@acme.example", "manager"))
    address = f"/bank/mandates/{row.pk}/"
    assert address in staff.get("/bank/mandates/").content.decode()
    assert address in staff.get(f"/customers/{case.customer_id}/").content.decode()
    with django_assert_max_num_queries(10):
        text = unescape(staff.get(address).content.decode())
    code, kept = row.evidence["code"], row.evidence
    told = (
        *kept["text"].splitlines(), kept["signed_at"][:16], kept["network"], code["address"],
        code["confirmed_at"][:16], row.digest, "checked",
    )  # fmt: skip
    for each in told:
        assert each in text, each
    row.evidence["text"] += "!"
    row.save()
    assert "it is not that of what stands here" in staff.get(address).content.decode()
