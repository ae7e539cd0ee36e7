"""The payment page: what it shows, what it never shows, and that every answer is a fact at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.cases.services import dispute_close
from amiable.apps.dunning.portal import SAID
from amiable.apps.insights import inbox
from amiable.apps.messaging.models import Reply
from amiable.apps.receivables.models import Entry, Installment, Invoice, InvoiceDocument
from amiable.apps.receivables.services import credits_settle
from amiable.apps.tenants.models import Creditor, Organization
from amiable.core.references import customer_reference, rf_reference
from amiable.interfaces.portal import showing
from tests import factories
from tests.apps.portal_pages import no_limits, owing, path_of, plain, send, shown, ticket_of, today
from tests.plugins.pictures import png

pytestmark = pytest.mark.django_db


def items(case) -> dict[str, int]:
    rows = Installment.objects.filter(customer=case.customer)
    return dict(rows.values_list("invoice__number", "id"))


def week() -> str:
    return (today() + timedelta(days=7)).isoformat()


def test_it_shows_what_is_due_and_how_to_pay_it(client, path):
    text = shown(client, path)
    assert "1 500,00 €" in text
    assert all(number in text for number in ("FA-1", "FA-2", "FA-3"))
    assert 'data-copy="FR1420041010050500013M02606"' in text
    assert 'data-copy="1500,00"' in text
    assert '<svg viewBox="0 0 ' in text


def test_ticking_another_invoice_changes_amount_and_reference(client, case, path):
    only = items(case)["FA-2"]
    text = shown(client, f"{path}?chosen=1&i={only}")
    assert 'data-copy="300,00"' in text
    assert f'data-copy="{rf_reference("FA-2")}"' in text
    assert "Cochez au moins une facture" in shown(client, f"{path}?chosen=1")


def test_two_invoices_are_paid_with_the_reference_of_the_customer(client, case, path):
    assert f'data-copy="{customer_reference(case.customer_id)}"' in shown(client, path)


def test_a_choice_counts_only_what_stands_on_the_page(client, path):
    stranger = factories.customer(factories.creditor(factories.organization("other"), "x"), "C9")
    foreign = factories.invoice(stranger, "SECRET-9").id
    text = shown(client, f"{path}?chosen=1&i={foreign}&i=99999999999&i=%27&i=-1&i=²")
    assert "SECRET-9" not in text
    assert "Cochez au moins une facture" in text


def test_another_currency_of_the_same_customer_is_not_shown(client, case, path):
    factories.invoice(case.customer, "USD-1", currency="USD", due=today() - timedelta(days=3))
    assert "USD-1" not in shown(client, path)


def test_a_link_of_one_invoice_shows_nothing_else(client, case):
    only = Installment.objects.get(id=items(case)["FA-2"])
    path = path_of(case, invoice_id=only.invoice_id)
    text = shown(client, path)
    assert "FA-2" in text
    assert "FA-1" not in text
    assert "1 500,00" not in text
    assert client.get(f"{path}statement.pdf").status_code == 404
    assert client.get(f"{path}statement.xlsx").status_code == 404
    answer = send(client, f"{path}disagree/", item=items(case)["FA-1"], reason="price")
    assert answer.status_code == 422
    assert not Dispute.objects.exists()


def test_a_link_of_one_invoice_tells_no_amount_of_others(client, case, path):
    only = Installment.objects.get(id=items(case)["FA-2"])
    narrow = path_of(case, invoice_id=only.invoice_id)
    assert 'value="300,00"' in shown(client, f"{narrow}later/")
    answer = send(client, f"{narrow}later/", kind="promise", day=week(), amount="301")
    assert answer.status_code == 422
    send(client, f"{path}later/", kind="promise", day=week(), amount="1 234,56")
    assert "1 234,56" in shown(client, path)
    assert "1 234,56" not in shown(client, narrow)


def test_money_of_the_customer_is_deducted(client, case, path):
    credit = Entry.objects.create(
        organization=case.organization, customer=case.customer, kind="payment",
        amount_minor=-10_000, currency="EUR", on_date=today(), source="test",
    )  # fmt: skip
    credits_settle(case.organization_id, [credit.pk])
    text = shown(client, path)
    assert 'data-copy="1400,00"' in text
    assert "100,00 €" in text


def test_invoices_gone_from_the_accounts_are_not_asked_for(client, case, path):
    Invoice.objects.filter(number="FA-1").update(missing_since=today())
    text = shown(client, path)
    assert "FA-1" not in text
    assert 'data-copy="300,00"' in text


def test_when_all_is_paid_it_says_thank_you(client, case, path):
    Installment.objects.update(settled_on=today())
    text = shown(client, path)
    assert "Tout est réglé" in text
    assert "FR1420041010050500013M02606" not in text
    answer = client.get(f"{path}later/")
    assert (answer.status_code, answer.headers["Location"]) == (302, path)


@pytest.mark.parametrize("fact", ["insolvent_since", "deceased_since"])
def test_nothing_is_asked_of_who_may_not_be_asked(client, case, path, fact):
    type(case.customer).objects.update(**{fact: today()})
    text = shown(client, path)
    assert "Merci de ne rien payer ici" in text
    assert "FR1420041010050500013M02606" not in text
    assert "1 500" not in text


def test_it_speaks_the_language_of_the_customer_and_the_other_on_demand(client):
    path = path_of(owing(language="en"))
    response = client.get(path)
    assert response.headers["Content-Language"] == "en"
    assert "€1,500.00" in response.content.decode()
    response = client.get(f"{path}?lang=fr")
    assert response.headers["Content-Language"] == "fr"
    assert "?lang=fr" in response.content.decode()
    assert client.get(f"{path}?lang=xx").headers["Content-Language"] == "en"


def test_a_creditor_without_an_account_is_asked_how_to_pay(client):
    text = shown(client, path_of(owing(iban="")))
    assert "contactez-nous" in text


def test_a_consumer_reads_of_the_mediator_and_a_company_does_not(client):
    assert "médiateur" in shown(client, path_of(owing(kind="consumer")))
    other = owing(org=factories.organization("other"))
    assert "médiateur" not in shown(client, path_of(other))


def test_an_agency_says_what_the_law_has_it_say(client):
    org = factories.organization()
    case = owing(org=org)
    Organization.objects.update(
        name="Cabinet Mercure", is_agency=True, address=["5 place du Marché", "31000 Toulouse"],
        email="dossiers@mercure.example",
    )  # fmt: skip
    text = shown(client, path_of(case))
    for words in ("Cabinet Mercure", "Atelier Vauban", "L124-1", "L111-8", "Principal", "Intérêts"):
        assert words in text


def test_the_creditor_shows_its_color_and_never_as_inline_style(client, path):
    Creditor.objects.update(brand_color="#00aa66")
    text = shown(client, path)
    assert 'href="/p/color/00aa66.css"' in text
    assert "style=" not in text
    sheet = client.get("/p/color/00aa66.css")
    assert "--brand:#00aa66;--on-brand:#000000" in sheet.content.decode()
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert client.get("/p/color/red;}.css").status_code == 404


def test_names_written_by_strangers_are_escaped(client, case, path):
    evil = "<script>alert(1)</script>\"'&{{ 7|add:7 }}"
    type(case.customer).objects.update(name=evil)
    Creditor.objects.update(name=evil, email="a@b.example")
    text = shown(client, path)
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_the_first_page_is_light(client, case, path):
    for number in range(20):
        due = today() - timedelta(days=number + 1)
        factories.invoice(case.customer, f"LONG-NUMBER-{number:05d}", due=due)
    files = [finders.find(f"portal/{name}") for name in ("portal.css", "portal.js", "mark.svg")]
    weight = sum(Path(file).stat().st_size for file in files)
    for address in (path, "/p/color/1f4e79.css"):
        weight += len(client.get(address).content)
    assert weight + showing.LARGEST_LOGO < 60_000


def test_a_heavy_logo_gives_way_to_the_name(client, path, monkeypatch):
    Creditor.objects.update(logo=png(40, 20))
    assert 'alt="Atelier Vauban"' in shown(client, path)
    assert client.get(f"{path}logo/").headers["Content-Type"] == "image/png"
    monkeypatch.setattr(showing, "LARGEST_LOGO", 20)
    assert 'alt="Atelier Vauban"' not in shown(client, path)
    assert client.get(f"{path}logo/").status_code == 404


def test_the_page_costs_few_queries_whatever_it_lists(
    client, case, path, django_assert_max_num_queries
):
    for number in range(40):
        factories.invoice(case.customer, f"MORE-{number}", due=today() - timedelta(days=3))
    with django_assert_max_num_queries(40):
        shown(client, path)


def test_invoices_and_the_statement_can_be_downloaded(client, case, path):
    invoice_id = Installment.objects.get(id=items(case)["FA-1"]).invoice_id
    InvoiceDocument.objects.create(
        organization=case.organization, invoice_id=invoice_id, filename="FA-1 é.pdf",
        content=b"%PDF-1.7 x", sha256="0",
    )  # fmt: skip
    assert f"{path}invoices/{invoice_id}/" in shown(client, path)
    file = client.get(f"{path}invoices/{invoice_id}/")
    assert file.content == b"%PDF-1.7 x"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"{path}statement.pdf").content.startswith(b"%PDF")
    assert client.get(f"{path}statement.xlsx").content.startswith(b"PK")
    other = factories.invoice(
        factories.customer(factories.creditor(factories.organization("o"), "x"), "C9"), "X-1"
    )
    InvoiceDocument.objects.create(
        organization=other.organization, invoice_id=other.invoice_id, filename="x.pdf",
        content=b"%PDF", sha256="0",
    )  # fmt: skip
    assert client.get(f"{path}invoices/{other.invoice_id}/").status_code == 404
    assert client.get(f"{path}invoices/999999999999/").status_code == 404


def test_a_promise_is_a_fact_at_once(client, case, path):
    answer = send(client, f"{path}later/", kind="promise", day=week(), amount="1 200,00")
    assert answer.status_code == 303
    promise = Promise.objects.get()
    assert (promise.amount_minor, promise.due_on.isoformat()) == (120_000, week())
    told = shown(client, answer.headers["Location"])
    assert "1 200,00 €" in told
    assert "Vous avez annoncé 1 200,00 €" in shown(client, path)
    reply = Reply.objects.get()
    assert (reply.medium, reply.label, reply.decided_by) == ("portal", "promise", "portal")


def test_beside_a_promise_only_what_else_is_due_can_be_promised_and_a_person_is_told(
    client, case, path
):
    send(client, f"{path}later/", kind="promise", day=week(), amount="1 200,00")
    page = shown(client, f"{path}later/")
    assert 'value="300,00"' in page
    assert "Vous avez annoncé 1 200,00 € pour le" in page
    send(client, f"{path}later/", kind="promise", day=week(), amount="300,00")
    page = shown(client, f"{path}later/")
    assert "Je paierai ce jour-là" not in page
    assert "Si cela ne convient plus, dites-nous ici ce qui serait possible." in page


def test_before_anything_is_due_a_day_is_asked_for_what_falls_due_first(client, case, path):
    for number, days in (("FA-1", 12), ("FA-2", 5), ("FA-3", 5)):
        day = today() + timedelta(days=days)
        Installment.objects.filter(invoice__number=number).update(due_date=day)
    assert 'value="350,00"' in shown(client, f"{path}later/")


def test_a_promise_whose_day_has_passed_is_thanked_for_no_longer(client):
    case = owing(language="en")
    path = path_of(case)
    promise = Promise.objects.create(
        organization=case.organization, case=case, amount_minor=10_000, grace_days=5,
        made_on=today() - timedelta(days=9), due_on=today(),
    )  # fmt: skip
    assert "Thank you" in shown(client, path)
    Promise.objects.filter(pk=promise.pk).update(due_on=today() - timedelta(days=1))
    page = shown(client, path)
    assert "not all of it has reached us yet" in page
    assert "Thank you" not in page


def test_a_day_of_ones_own_can_be_promised_within_the_policy(client, case, path):
    Organization.objects.update(portal_promise_days=10)
    for days, status in ((11, 422), (-1, 422), (10, 303)):
        day = (today() + timedelta(days=days)).isoformat()
        answer = send(client, f"{path}later/", kind="promise", day="other", other=day, amount="50")
        assert answer.status_code == status, days
    assert Promise.objects.count() == 1


def test_without_a_policy_a_person_agrees_the_day(client, case, path):
    Organization.objects.update(portal_promise_days=0)
    assert "Je paierai ce jour-là" not in shown(client, f"{path}later/")
    answer = send(client, f"{path}later/", kind="promise", day=week(), amount="50")
    assert answer.status_code == 422
    assert not Promise.objects.exists()


def test_who_broke_a_promise_talks_to_a_person(client, case, path):
    Promise.objects.create(
        organization=case.organization, case=case, amount_minor=1_000,
        made_on=today() - timedelta(days=40), due_on=today() - timedelta(days=30),
    )  # fmt: skip
    assert "Je paierai ce jour-là" not in shown(client, f"{path}later/")
    send(client, f"{path}later/", kind="promise", day=week(), amount="50")
    assert Promise.objects.count() == 1


def test_asking_for_longer_pauses_and_becomes_a_task(client, case, path):
    answer = send(client, f"{path}later/", kind="hardship", note="Trois fois ?")
    assert answer.status_code == 303
    assert Hold.objects.get().ends_on == today() + timedelta(days=7)
    assert Reply.objects.get().task == "agree_plan"
    assert "L’un de nous le lit" in shown(client, answer.headers["Location"])


def test_a_dispute_sets_the_invoice_aside_and_somebody_has_to_answer(client, case, path):
    answer = send(
        client, f"{path}disagree/", item=items(case)["FA-1"], reason="quality", amount="200",
        note="Deux portes rayées",
    )  # fmt: skip
    assert answer.status_code == 303
    dispute = Dispute.objects.get()
    assert (dispute.reason, dispute.amount_minor) == ("quality", 20_000)
    assert dispute.note == "Deux portes rayées"
    listed = inbox.inbox(case.organization_id, "tasks", on=today(), with_unmatched=False).rows
    assert [row.task for row in listed] == ["answer_dispute"]
    assert "Contestée en partie" in shown(client, path)
    assert 'data-copy="1300,00"' in shown(client, path)


def test_the_whole_invoice_is_contested_when_no_amount_is_written(client, case, path):
    for amount in ("", "1 200,00"):
        Reply.objects.update(dispute=None)
        Dispute.objects.all().delete()
        no_limits()
        send(client, f"{path}disagree/", item=items(case)["FA-1"], reason="price", amount=amount)
        assert Dispute.objects.get().amount_minor is None


def test_something_else_is_told_in_words(client, case, path):
    answer = send(client, f"{path}disagree/", item=items(case)["FA-1"], reason="other")
    assert answer.status_code == 422
    assert not Dispute.objects.exists()


def test_a_payment_that_was_made_is_watched_for_and_then_looked_after(client, case, path):
    day = (today() - timedelta(days=2)).isoformat()
    answer = send(client, f"{path}paid/", paid_on=day, amount="1500", method="transfer")
    assert answer.status_code == 303
    hold = Hold.objects.get()
    assert hold.ends_on == today() + timedelta(days=7)
    assert "1 500,00 €" in plain(hold.reason)
    reply = Reply.objects.get()
    assert (reply.task, reply.task_on) == ("check_payment", today() + timedelta(days=8))
    assert "vous nous avez dit avoir payé" in shown(client, path)


@pytest.mark.parametrize("days", [1, -400])
def test_a_payment_is_of_a_day_that_has_come(client, path, days):
    day = (today() + timedelta(days=days)).isoformat()
    answer = send(client, f"{path}paid/", paid_on=day, amount="10", method="card")
    assert answer.status_code == 422
    assert not Reply.objects.exists()


def test_what_is_said_again_waits_for_a_person(client, case, path):
    day = today().isoformat()
    for _ in range(2):
        answer = send(client, f"{path}paid/", paid_on=day, amount="1500", method="transfer")
    assert Hold.objects.count() == 1
    assert list(Reply.objects.order_by("id").values_list("state", flat=True)) == ["done", "unread"]
    assert "le lit d’abord" in shown(client, answer.headers["Location"])
    first = inbox.inbox(case.organization_id, "unread", on=today(), with_unmatched=False).rows[0]
    assert first.proposal["label"] == "already_paid"


def test_an_invoice_contested_again_keeps_its_dispute(client, case, path):
    for reason in ("price", "quality"):
        send(client, f"{path}disagree/", item=items(case)["FA-1"], reason=reason)
    assert Dispute.objects.get().reason == "price"
    assert Reply.objects.filter(state="unread").count() == 1


def test_a_form_sent_twice_does_nothing_twice(client, case, path):
    ticket = ticket_of(client, f"{path}later/")
    places = {
        send(
            client, f"{path}later/", ticket=ticket, kind="promise", day=week(), amount="50"
        ).headers["Location"]
        for _ in range(3)
    }
    assert len(places) == 1
    assert (Promise.objects.count(), Reply.objects.count()) == (1, 1)


def test_two_windows_cannot_promise_more_than_is_owed(client, case, path):
    tickets = [ticket_of(client, f"{path}later/") for _ in range(2)]
    answers = [
        send(client, f"{path}later/", ticket=ticket, kind="promise", day=week(), amount="1 550")
        for ticket in tickets
    ]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert (Promise.objects.count(), Reply.objects.count()) == (1, 1)


def test_a_payment_that_comes_while_the_page_is_open_ends_it_kindly(client, case, path):
    ticket = ticket_of(client, f"{path}disagree/")
    Installment.objects.filter(id=items(case)["FA-1"]).update(settled_on=today())
    answer = send(
        client, f"{path}disagree/", ticket=ticket, item=items(case)["FA-1"], reason="price"
    )
    assert answer.status_code == 422
    Installment.objects.update(settled_on=today())
    answer = send(client, f"{path}paid/", ticket=ticket, paid_on=today(), amount="5", method="card")
    assert answer.headers["Location"] == path
    assert not Reply.objects.exists()


def test_every_way_out_has_its_page_afterwards(client, case, path):
    day = today().isoformat()
    forms = {
        "promise": ("later/", {"kind": "promise", "day": week(), "amount": "10"}),
        "hardship": ("later/", {"kind": "hardship"}),
        "dispute": ("disagree/", {"item": items(case)["FA-1"], "reason": "price"}),
        "already_paid": ("paid/", {"paid_on": day, "amount": "10", "method": "cheque"}),
    }
    assert set(forms) == set(SAID)
    for language in ("fr", "en"):
        for end, fields in forms.values():
            Reply.objects.all().delete()
            Dispute.objects.all().delete()
            answer = send(client, f"{path}{end}?lang={language}", **fields)
            place = answer.headers["Location"]
            assert place.endswith(f"?lang={language}")
            assert client.get(place).headers["Content-Language"] == language


def test_what_is_settled_here_is_not_repeated_there(client, case, path):
    send(client, f"{path}disagree/", item=items(case)["FA-1"], reason="price")
    assert "vous nous avez dit ne pas être d’accord avec FA-1" in shown(client, path)
    dispute = Dispute.objects.get()
    dispute_close(case.organization_id, dispute.id, outcome="", on=today(), actor="camille")
    assert "vous nous avez dit ne pas être d’accord" not in shown(client, path)


def test_what_was_said_by_another_link_shows_only_what_this_one_is_about(client, case, path):
    only = Installment.objects.get(id=items(case)["FA-2"])
    narrow = path_of(case, invoice_id=only.invoice_id)
    send(client, f"{path}disagree/", item=items(case)["FA-1"], reason="price")
    assert "FA-1" not in shown(client, narrow)
    send(client, f"{path}disagree/", item=items(case)["FA-2"], reason="price")
    assert "vous nous avez dit ne pas être d’accord avec FA-2" in shown(client, narrow)


def test_a_page_of_the_test_mode_says_so_and_so_does_what_is_said_there(client, case, path):
    assert "Mode test" not in shown(client, path)
    Organization.objects.update(test_recipient="tests@vauban.example")
    assert "Mode test" in shown(client, path)
    send(client, f"{path}later/", kind="hardship")
    assert Reply.objects.get().subject.startswith("[TEST] ")
