"""Contested lines of an invoice: on the payment page, on the page of the dispute, for a colleague;
and a customer who contests no longer."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases import colleagues
from amiable.apps.cases.disputed import Contested
from amiable.apps.cases.disputes import dispute_give_up
from amiable.apps.cases.line_models import DisputeLine
from amiable.apps.cases.models import Dispute
from amiable.apps.cases.services import CaseError, dispute_open
from amiable.apps.messaging.models import Reply
from amiable.apps.receivables.lines import lines_keep
from amiable.apps.receivables.models import Installment, InvoiceLine
from amiable.core.invoice_lines import LineRow
from tests.apps.portal_pages import (
    owing,
    path_of,
    plain,
    send,
    shown,
    ticket_of,
    today,
)
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    case = owing(language="en")
    item = Installment.objects.get(invoice__number="FA-1")
    rows = (
        LineRow("1", "Oak boards", 50_000, "20", "10", "C62", "50", "OAK"),
        LineRow("2", "Delivery", 53_333, "20", "1", "C62", "533.33"),
        LineRow("3", "Discount", -3_333, "20", "-1", "C62", "33.33"),
    )
    lines_keep(case.organization_id, {item.invoice_id: rows})
    return case


@pytest.fixture
def staff(case) -> Client:
    client = Client()
    client.force_login(member(case.organization, "claire", "manager"))
    return client


@pytest.fixture
def item(case) -> Installment:
    return Installment.objects.get(invoice__number="FA-1")


def line(name: str) -> InvoiceLine:
    return InvoiceLine.objects.get(name=name)


def contest(client, path, item, **fields):
    return send(client, path + "disagree/", item=item.pk, reason="quantity", **fields)


def test_the_form_offers_the_lines_of_one_invoice(client, path, item):
    page = shown(client, path + "disagree/")
    assert "Oak boards" not in page
    assert f"item={item.pk}#lines" in page
    page = shown(client, f"{path}disagree/?item={item.pk}")
    assert "Oak boards" in page
    assert "600.00" in page
    assert "Discount" not in page  # nothing that one contests
    assert "Oak boards" not in shown(client, f"{path}disagree/?item=999999")


def test_ticked_lines_are_contested_with_vat_and_the_rest_stays_due(client, path, item):
    oak = line("Oak boards")
    done = contest(client, path, item, line=oak.pk, **{f"quantity-{oak.pk}": "2,5"})
    assert done.status_code == 303
    page = shown(client, done["Location"])
    assert "You contest €150.00 of it." in page
    dispute = Dispute.objects.get()
    assert dispute.amount_minor == 15_000
    (kept,) = DisputeLine.objects.all()
    assert (kept.line, kept.quantity, kept.amount_minor) == (oak, "2.5", 15_000)
    page = shown(client, f"{path}disputes/{dispute.pk}/")
    assert "2.5 of 10" in page
    assert "Pay the rest" in page
    opened = Event.objects.get(kind="dispute.opened").payload
    assert opened["lines"] == [oak.pk]


def test_what_lines_come_to_is_never_above_what_is_open(client, case, path, item):
    lines = [line("Oak boards").pk, line("Delivery").pk]
    contest(client, path, item, line=lines[0])
    assert Dispute.objects.get().amount_minor == 60_000
    other = Installment.objects.get(invoice__number="FA-2")
    rows = (LineRow("1", "Nails", 90_000, "20", "3"),)
    lines_keep(case.organization_id, {other.invoice_id: rows})  # more than the invoice
    dispute_open(
        case.organization_id, other.pk, reason="price", on=today(), actor="claire",
        lines=[Contested(line("Nails").pk)],
    )  # fmt: skip
    assert Dispute.objects.get(installment=other).amount_minor is None  # the whole invoice


def test_ticked_lines_and_another_amount_are_asked_about_never_guessed(client, path, item):
    oak = line("Oak boards")
    fields = {"line": oak.pk, f"quantity-{oak.pk}": "2,5"}
    done = contest(client, path, item, **fields, amount="200")
    assert done.status_code == 422
    page = plain(done.content.decode())
    assert "The lines you ticked come to €150.00, and you wrote another amount" in page
    assert not Dispute.objects.exists()
    assert contest(client, path, item, **fields, amount="150").status_code == 303  # the same
    assert Dispute.objects.get().amount_minor == 15_000


@pytest.mark.parametrize(
    ("part", "worth", "said"),
    [
        ("11", "", "10 at most"),
        ("0", "", "10 at most"),
        ("-1", "", "10 at most"),
        ("", "600.01", "600.00 at most"),
        ("x", "", "with figures"),
        ("", "12 USD", "with figures"),
    ],
)
def test_more_than_the_line_is_refused_in_words(client, path, item, part, worth, said):
    oak = line("Oak boards")
    fields = {"line": oak.pk, f"quantity-{oak.pk}": part, f"worth-{oak.pk}": worth}
    done = contest(client, path, item, **fields)
    assert done.status_code == 422
    page = plain(done.content.decode())
    assert said in page
    assert re.search(rf'name="line" value="{oak.pk}"[^>]* checked', page)
    assert not Dispute.objects.exists()


def test_lines_of_another_invoice_or_a_discount_are_refused(client, path, item):
    other = Installment.objects.get(invoice__number="FA-2")
    done = contest(client, path, other, line=line("Oak boards").pk)
    assert (done.status_code, "of another invoice" in done.content.decode()) == (422, True)
    done = contest(client, path, item, line=line("Discount").pk)
    assert done.status_code == 422
    done = contest(client, path, item, line="1' OR 1=1")
    assert done.status_code == 422
    assert not Dispute.objects.exists()


def test_a_colleague_and_the_console_see_the_lines(client, staff, case, path, item):
    oak = line("Oak boards")
    contest(client, path, item, line=oak.pk, **{f"quantity-{oak.pk}": "2"})
    dispute = Dispute.objects.get()
    page = plain(staff.get(f"/disputes/{dispute.pk}/").content.decode())
    assert "Oak boards" in page
    assert "120,00 €" in page
    question = colleagues.question_ask(
        case.organization_id, dispute.pk, name="Zoe", email="", question="Were there 10?",
        now=timezone.now(), actor="claire",
    )  # fmt: skip
    url = colleagues.question_url(case.organization_id, question)
    page = shown(client, "/ask/" + url.rstrip("/").rpartition("/")[2] + "/")
    assert "Oak boards" in page


def test_a_collector_names_the_lines_of_an_open_dispute_once(staff, case, item):
    dispute = dispute_open(
        case.organization_id, item.pk, reason="price", on=today(), actor="claire"
    )
    page = staff.get(f"/disputes/{dispute}/").content.decode()
    assert f'name="line" value="{line("Delivery").pk}"' in page
    sent = {"line": [line("Delivery").pk], f"worth-{line('Delivery').pk}": "100"}
    staff.post(f"/disputes/{dispute}/lines/", sent)
    assert Dispute.objects.get().amount_minor == 10_000
    staff.post(f"/disputes/{dispute}/lines/", {"line": [line("Oak boards").pk]})
    assert DisputeLine.objects.count() == 1
    assert 'name="line"' not in staff.get(f"/disputes/{dispute}/").content.decode()


def test_a_customer_who_contests_no_longer_says_so_and_a_person_can_undo_it(
    client, staff, case, path, item
):
    contest(client, path, item)
    dispute = Dispute.objects.get()
    over = f"{path}disputes/{dispute.pk}/"
    assert "Yes, I no longer contest it" in shown(client, over)
    question = colleagues.question_ask(
        case.organization_id, dispute.pk, name="Zoe", email="", question="?",
        now=timezone.now(), actor="claire",
    )  # fmt: skip
    ticket = ticket_of(client, over)
    for _ in range(2):  # sent twice: once
        done = send(client, over + "over/", ticket=ticket)
        assert done.status_code == 303
    dispute.refresh_from_db()
    assert (dispute.settled_as, dispute.closed_on, dispute.is_mistake) == (
        "withdrawn", today(), False
    )  # fmt: skip
    assert "No longer contested since" in shown(client, over)
    task = Reply.objects.get(task="dispute_withdrawn")
    assert (task.state, task.task_on) == ("done", today())
    assert Reply.objects.get(task="answer_dispute").task_done_on == today()
    assert colleagues.question_url(case.organization_id, question)
    assert dispute.questions.get().revoked_on == today()
    staff.post(f"/disputes/{dispute.pk}/reopen/")
    dispute.refresh_from_db()
    assert dispute.closed_on is None
    assert dispute.questions.get().revoked_on is None


def test_what_has_an_outcome_is_not_withdrawn(client, staff, path, item):
    contest(client, path, item)
    dispute = Dispute.objects.get()
    over = f"{path}disputes/{dispute.pk}/"
    ticket = ticket_of(client, over)
    staff.post(
        f"/disputes/{dispute.pk}/settle/", {"outcome": "rejected", "sentence": "It is right."}
    )
    assert send(client, over + "over/", ticket=ticket).status_code == 303
    dispute.refresh_from_db()
    assert dispute.settled_as == "rejected"
    assert not Reply.objects.filter(task="dispute_withdrawn").exists()
    assert "no longer contest it" not in shown(client, over)
    assert send(client, over + "over/", ticket="forged").status_code == 303
    other = path_of(Dispute.objects.get().case, invoice_id=Installment.objects.get(
        invoice__number="FA-2").invoice_id)  # fmt: skip
    assert send(client, f"{other}disputes/{dispute.pk}/over/", ticket=ticket).status_code == 404


def test_of_two_who_end_a_dispute_only_one_does(case, item):
    dispute = dispute_open(
        case.organization_id, item.pk, reason="price", on=today(), actor="claire"
    )
    dispute_give_up(case.organization_id, dispute, words="x", on=today(), actor="portal")
    with pytest.raises(CaseError, match="closed"):
        dispute_give_up(case.organization_id, dispute, words="x", on=today(), actor="portal")
