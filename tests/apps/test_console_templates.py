"""Texts in the console without a browser: who may see and write them, and what it costs."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from amiable.apps.messaging.models import Template
from amiable.interfaces.console.template_forms import Written, differences, page_html, page_key
from tests import factories
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db

PAGE = "/templates/reminder_1/email/fr/"
BODY = "{{ hello }}\n\nMerci.\n\n{{ invoices }}\n\n{{ payment }}\n\n{{ signature }}"


@pytest.fixture
def organization():
    row = factories.organization("vauban")
    factories.invoice(factories.customer(factories.creditor(row)), total_minor=70_000)
    return row


def client(organization, role: str) -> Client:
    found = Client()
    found.force_login(member(organization, f"{role}@{organization.slug}.example", role))
    found.cookies["django_language"] = "en"
    return found


@pytest.fixture
def manager(organization) -> Client:
    return client(organization, "manager")


def save(user: Client, body: str = BODY, **fields):
    values = {"subject": "Objet", "body": body, "newest": "0", "creditor": "", "scenario": ""}
    return user.post(f"{PAGE}save/", {**values, **fields})


def test_only_a_manager_writes_and_everybody_reads(organization):
    for role in ("collector", "accountant", "reader"):
        user = client(organization, role)
        assert user.get(PAGE).status_code == 200
        assert b"data-save" not in user.get(PAGE).content
        assert b"readonly" in user.get(PAGE).content
        for act in ("save", "withdraw", "restore"):
            assert user.post(f"{PAGE}{act}/", {"subject": "a", "body": BODY}).status_code == 403
        assert user.post(f"{PAGE}preview/", {"subject": "a", "body": BODY}).status_code == 200
    assert not Template.objects.exists()
    assert Client().get(PAGE).status_code == 302


def test_text_is_saved_withdrawn_and_restored(manager):
    assert save(manager).status_code == 302
    assert save(manager, f"{BODY}\n\nEncore.", newest="1").status_code == 302
    page = manager.get(f"{PAGE}?with=1").content.decode()
    assert "Your text, version 2" in page
    assert "<ins>Encore.</ins>" in page
    manager.post(f"{PAGE}restore/", {"version": "1"})
    assert Template.objects.order_by("-version").first().text.count("Encore") == 0
    manager.post(f"{PAGE}withdraw/")
    assert "Shipped text" in manager.get(PAGE).content.decode()
    assert Template.objects.count() == 3


def test_refused_text_comes_back_as_it_was_written(manager):
    answer = save(manager, "{{ montant }} & <b>")
    assert answer.status_code == 422
    assert "{{ montant }} &amp; &lt;b&gt;" in answer.content.decode()
    assert not Template.objects.exists()


def test_text_saved_meanwhile_is_not_overwritten_unseen(manager):
    save(manager)
    answer = save(manager, f"{BODY}\n\nAutre.", newest="0")
    assert answer.status_code == 409
    assert "Version 1 was saved meanwhile" in answer.content.decode()
    assert Template.objects.count() == 1


def test_preview_shows_problems_at_lines_and_the_message(manager, organization):
    case = factories.case(organization_customer(organization))
    post = {"subject": "Objet", "body": f"{{{{ montant }}}}\n\n{BODY}", "case": str(case.pk)}
    told = manager.post(f"{PAGE}preview/", post).content.decode()
    assert 'data-line="1"' in told
    assert "did you mean total" in told
    shown = manager.post(f"{PAGE}preview/", {**post, "body": BODY}).content.decode()
    assert "It can be saved." in shown
    assert "does not exist" not in shown
    assert "700,00" in shown
    made_up = manager.post(f"{PAGE}preview/", {**post, "body": BODY, "case": "consumer"})
    assert "The customer shown does not exist." in made_up.content.decode()


def organization_customer(organization):
    from amiable.apps.customers.models import Customer

    return Customer.objects.get(organization=organization)


def test_email_of_the_preview_is_served_alone_and_only_to_who_asked(manager, organization):
    shown = manager.post(f"{PAGE}preview/", {"subject": "Objet", "body": BODY}).content.decode()
    key = re.search(r'name="page" value="([^"]+)"', shown)[1]
    page = manager.post("/templates/page/", {"page": key})
    assert page.status_code == 200
    assert "script" not in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"<html" in page.content
    other = client(organization, "reader")
    assert other.post("/templates/page/", {"page": key}).status_code == 404
    assert manager.post("/templates/page/", {"page": f"{key}x"}).status_code == 404
    assert manager.post("/templates/page/", {"page": "<script>"}).status_code == 404


def test_case_of_another_organization_is_never_shown(manager):
    stranger = factories.organization("stranger")
    debtor = factories.customer(factories.creditor(stranger), name="Secret SA")
    factories.invoice(debtor)
    case = factories.case(debtor)
    post = {"subject": "Objet", "body": f"{{{{ customer }}}}\n\n{BODY}", "case": str(case.pk)}
    assert "Secret SA" not in manager.post(f"{PAGE}preview/", post).content.decode()
    found = manager.get("/templates/cases/?q=Secret").content.decode()
    assert "Secret SA" not in found
    assert "No case is found" in found
    own = factories.creditor(stranger, "own").pk
    assert manager.get(f"{PAGE}?creditor={own}").status_code == 404


def test_cases_are_found_by_name_and_code(manager, organization):
    factories.case(organization_customer(organization))
    for search in ("duval", "C001", "menuiserie C001"):
        assert "Menuiserie Duval" in manager.get(f"/templates/cases/?q={search}").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/templates/unknown/email/fr/", "/templates/reminder_1/phone/fr/",
        "/templates/reminder_1/email/de/", "/templates/reminder_1/sms/fr/",
        f"{PAGE}?creditor=999999",
    ],
)  # fmt: skip
def test_text_that_cannot_be_is_not_found(manager, address):
    assert manager.get(address).status_code == 404


def test_list_shows_what_is_own_shipped_and_for_whom(manager, organization):
    owner = factories.creditor(organization, "second", name="Second mandant")
    save(manager)
    save(manager, creditor=str(owner.pk))
    page = manager.get("/templates/").content.decode()
    assert re.search(r"First reminder, Email, </span>.*?French</span> .*?Yours", page)
    assert "Second mandant" in page
    only = manager.get("/templates/?medium=sms").content.decode()
    assert "reminder_sms" in only
    assert ">reminder_1<" not in only


def test_pages_cost_the_same_for_any_number(manager, organization, django_assert_max_num_queries):
    for number in range(6):
        factories.creditor(organization, f"c{number}")
    save(manager)
    with django_assert_max_num_queries(16):
        manager.get("/templates/")
    with django_assert_max_num_queries(24):
        manager.get(PAGE)


def test_languages_that_go_apart_are_warned_of(manager):
    save(manager)
    assert "In English it is still another text" in manager.get(PAGE).content.decode()
    english = "/templates/reminder_1/email/en/"
    assert "a text of your own in French" in manager.get(english).content.decode()
    values = {"subject": "Subject", "newest": "0", "creditor": "", "scenario": ""}
    body = BODY.replace("Merci.", "By {{ today }}, please.")
    manager.post(f"{english}save/", {**values, "body": body})
    page = manager.get(PAGE).content.decode()
    assert "Only the text in English speaks of: The date of the message." in page


def test_form_keeps_the_text_in_both_directions():
    text = "Objet\nUn\n\nDeux\n"
    assert Written.of(text) == Written("Objet", "Un\n\nDeux")
    assert Written.of(text).text == text
    assert Written.of("\nSMS\n").text == "\nSMS\n"
    assert differences("a\nb", "a\nc") == [("same", "a"), ("gone", "b"), ("new", "c")]


def test_key_of_a_page_is_no_ones_to_make():
    from amiable.apps.messaging.library.viewing import View

    key = page_key(View("email", "company", html="<p>x</p>"), 7)
    assert page_html(key, 7) == "<p>x</p>"
    assert page_html(key, 8) is None
    assert page_html("7:<p>forged</p>", 7) is None


def test_step_of_a_scenario_leads_to_its_text(manager):
    page = manager.get("/scenarios/shipped/risky/").content.decode()
    assert 'href="/templates/reminder_sms/sms/en/"' in page


def test_the_preview_of_a_text_message_says_what_it_costs(manager, organization):
    from amiable.apps.tenants.models import Organization

    Organization.objects.update(sms_part_minor=6)
    page = "/templates/reminder_sms/sms/fr/preview/"

    def told(words: str) -> str:
        return manager.post(page, {"body": words}).content.decode().replace("\xa0", " ")

    short = "{{ creditor }} : votre dossier {{ customer_code }} vous attend."
    assert "€0.06 a message" in told(short)
    assert "€0.12 a message, €0.06 a part" in told(short + " Merci de nous rappeler." * 6)
    Organization.objects.update(sms_part_minor=0)
    assert "a message" not in told(short)
