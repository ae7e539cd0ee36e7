"""One question once all is settled: who is asked and who is not, once a quarter; an answer is kept,
changed, and made a task where it has to be."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client

from amiable.apps.audit.models import Event
from amiable.apps.cases import services as cases
from amiable.apps.cases.handovers import Collector, item_hand_over
from amiable.apps.cases.links import Link
from amiable.apps.cases.models import Case, PaymentLink
from amiable.apps.cases.services import CaseError
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.models import Action, Survey
from amiable.apps.dunning.sending import send_tick
from amiable.apps.dunning.surveying.answering import (
    Opinion,
    survey_answer,
    survey_erase,
    survey_offer,
    survey_refuse,
    survey_task_close,
)
from amiable.apps.dunning.surveying.asking import cases_settled, survey_ask
from amiable.apps.dunning.surveying.mailing import surveys_freeze
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.write_offs import installment_write_off
from amiable.apps.tenants.models import Organization
from tests import factories
from tests.apps.portal_pages import no_limits, path_of, send, shown, today
from tests.apps.settled_cases import chased, paid, settled
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
WHO = {"on": TODAY, "actor": "camille"}


@pytest.fixture
def case() -> Case:
    return settled(factories.creditor(factories.organization()), on=TODAY)


def may_ask(case: Case, on: date = TODAY) -> bool:
    return case.id in cases_settled(case.organization_id, on=on)


def link_of(case: Case, **fields) -> Link:
    row = PaymentLink.objects.create(
        organization=case.organization, case=case, key=f"l{PaymentLink.objects.count()}",
        digest=f"{PaymentLink.objects.count():064}", made_on=TODAY, expires_on=date(2027, 12, 31),
    )  # fmt: skip
    return Link(row.pk, case.organization_id, case.id, None, is_test=False)


def answer(case: Case, score: int, *, on: date = TODAY, note: str = "", **fields) -> Survey:
    survey_answer(link_of(case), Opinion(score, note, **fields), on=on, now=NOW)
    return Survey.objects.get(case=case)


def _open_item(case: Case) -> None:
    factories.invoice(case.customer, "FA-NEW", due=TODAY + timedelta(days=30))


def _disputed(case: Case) -> None:
    item = Installment.objects.get(customer=case.customer)
    cases.dispute_open(case.organization_id, item.pk, reason="price", **WHO)


def _handed_over(case: Case) -> None:
    item = factories.invoice(case.customer, "FA-OLD", due=TODAY - timedelta(days=90))
    item_hand_over(case.organization_id, item.pk, Collector("agency", "Recouvro", "old"), **WHO)
    paid(item, on=TODAY)


def _test_mode(case: Case) -> None:
    Organization.objects.update(test_recipient="test@house.example")


def _stop(case: Case) -> None:
    ContactPoint.objects.update(opted_out_at=NOW)


def _insolvent(case: Case) -> None:
    Customer.objects.update(insolvent_since=TODAY)


def _dead(case: Case) -> None:
    Customer.objects.update(deceased_since=TODAY)


def _written_off(case: Case) -> None:
    item = factories.invoice(case.customer, "FA-OFF", due=TODAY - timedelta(days=90))
    chased(item, on=TODAY - timedelta(days=9))
    installment_write_off(case.organization_id, item.pk, on=TODAY)


def _only_service(case: Case) -> None:
    Action.objects.update(stage="preventive")


def _only_tested(case: Case) -> None:
    Action.objects.update(is_test=True)


@pytest.mark.parametrize(
    "against",
    [_open_item, _disputed, _handed_over, _test_mode, _stop, _insolvent, _dead, _written_off,
     _only_service, _only_tested],
)  # fmt: skip
def test_nobody_is_asked_where_something_stands_against_it(case, against):
    assert may_ask(case)
    against(case)
    assert not may_ask(case)
    assert survey_offer(link_of(case), on=TODAY) is None


def test_who_was_never_chased_or_paid_long_ago_is_not_asked(case):
    quiet = factories.customer(case.customer.creditor, "C2", email="quiet@x.example")
    paid(factories.invoice(quiet, "FA-Q"), on=TODAY)
    assert set(cases_settled(case.organization_id, on=TODAY)) == {case.id}
    assert cases_settled(case.organization_id, on=TODAY + timedelta(days=31)) == {}


def test_one_person_is_asked_once_a_quarter_whatever_is_settled_meanwhile(case):
    same = settled(case.customer.creditor, "C2", on=TODAY)
    other = settled(case.customer.creditor, "C3", on=TODAY, email="other@x.example")
    assert survey_ask(case.organization_id, case.id, on=TODAY)
    assert survey_ask(case.organization_id, case.id, on=TODAY) is None
    assert not may_ask(same), "the same address"
    assert may_ask(other)
    for days, asked in ((89, False), (90, True)):
        on = TODAY + timedelta(days=days)
        item = factories.invoice(case.customer, f"FA-{days}", due=on - timedelta(days=9))
        chased(item, on=on - timedelta(days=3))
        paid(item, on=on)
        assert may_ask(case, on) is asked, days


def test_of_two_workers_who_ask_the_same_person_at_once_one_does(case):
    settled(case.customer.creditor, "C2", on=TODAY)
    begin, found = threading.Barrier(2), []

    def ask(case_id: int) -> None:
        begin.wait()
        found.append(survey_ask(case.organization_id, case_id, on=TODAY) is not None)
        connections.close_all()

    ids = Case.objects.values_list("id", flat=True)
    threads = [threading.Thread(target=ask, args=(each,)) for each in ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [False, True]
    assert Survey.objects.count() == 1


def test_a_low_mark_or_a_wish_to_be_called_is_one_task_closed_with_words(case):
    row = answer(case, 2, note="Trop de courriers")
    assert row.task_on == TODAY
    row = answer(case, 1, note="Vraiment trop", wants_call=True)
    assert (Survey.objects.count(), row.score, row.task_on) == (1, 1, TODAY)
    organization = case.organization_id
    with pytest.raises(CaseError):
        survey_task_close(organization, row.pk, note="  ", **WHO)
    survey_task_close(organization, row.pk, note="Rappelé, excuses", **WHO)
    with pytest.raises(CaseError):
        survey_task_close(organization, row.pk, note="Encore", **WHO)
    row = answer(case, 1)
    assert (row.task_note, row.task_done_on) == ("Rappelé, excuses", TODAY)
    wished = settled(case.customer.creditor, "C2", on=TODAY, email="two@x.example")
    assert answer(wished, 5, wants_call=True).task_on == TODAY
    happy = settled(case.customer.creditor, "C3", on=TODAY, email="three@x.example")
    assert answer(happy, 3).task_on is None


def test_an_answer_may_be_changed_for_thirty_days_and_no_longer(case):
    answer(case, 4)
    assert answer(case, 5, on=TODAY + timedelta(days=30)).score == 5
    with pytest.raises(CaseError):
        answer(case, 1, on=TODAY + timedelta(days=31))
    assert Survey.objects.get().score == 5


def test_who_wants_no_question_is_never_asked_again_nor_who_shares_the_address(case):
    same = settled(case.customer.creditor, "C2", on=TODAY)
    survey_refuse(link_of(case), on=TODAY, now=NOW)
    assert survey_offer(link_of(case), on=TODAY) is None
    later = TODAY + timedelta(days=400)
    item = factories.invoice(same.customer, "FA-9", due=later - timedelta(days=9))
    chased(item, on=later - timedelta(days=3))
    paid(item, on=later)
    assert not may_ask(same, later)


def test_words_are_erased_and_were_never_in_the_trail(case):
    row = answer(case, 1, note="Je suis malade")
    assert survey_erase(case.organization_id, row.pk, **WHO)
    assert not survey_erase(case.organization_id, row.pk, **WHO)
    row.refresh_from_db()
    assert (row.note, row.score, row.erased_on) == ("", 1, TODAY)
    assert "malade" not in str(list(Event.objects.values_list("payload", flat=True)))


def test_the_page_of_a_settled_case_asks_and_a_get_writes_nothing():
    no_limits()
    case = settled(factories.creditor(factories.organization()), on=today())
    client, path = Client(), path_of(case)
    assert shown(client, path).count('type="radio" name="score"') == 5
    assert "checked" not in shown(client, f"{path}opinion/?score=4")
    assert not Survey.objects.exists()
    assert send(client, f"{path}opinion/", score="7").status_code == 422
    assert send(client, f"{path}opinion/").status_code == 422
    assert send(client, f"{path}opinion/", score="2", note="x" * 1001).status_code == 422
    assert not Survey.objects.exists()
    assert send(client, f"{path}opinion/", score="2", note="<script>x</script>").status_code == 303
    assert Survey.objects.get().note == "<script>x</script>"
    assert "<script>x" not in shown(client, f"{path}opinion/")
    assert "opinion/" in shown(client, path), "it may be changed"
    assert send(client, f"{path}opinion/", never="1").status_code == 303
    assert 'opinion/"' not in shown(client, path)
    assert client.get(f"{path}opinion/").status_code == 302


def test_touching_the_page_is_being_asked_and_fetching_it_is_not():
    no_limits()
    case = settled(factories.creditor(factories.organization()), on=today())
    client, path = Client(), path_of(case)
    shown(client, path)
    assert not Survey.objects.exists()
    for _ in range(2):
        assert send(client, f"{path}opinion/seen/", ticket=_ticket(client, path)).status_code == 204
    assert Survey.objects.get().score is None
    assert client.post(f"{path}opinion/seen/", "ticket=x", content_type=FORM).status_code == 400


def test_a_switched_off_question_is_not_asked():
    no_limits()
    case = settled(factories.creditor(factories.organization()), on=today())
    Organization.objects.update(survey_on_portal=False)
    assert 'name="score"' not in shown(Client(), path_of(case))


FORM = "application/x-www-form-urlencoded"


def _ticket(client: Client, path: str) -> str:
    return shown(client, path).split('data-ticket="')[1].split('"')[0]


ROUTES = {
    medium: ("memory", {"box": {}}) for medium in ("email", "letter", "registered_letter", "sms")
}


@pytest.fixture
def mailed(case, settings) -> Case:
    settings.BASE_URL = "https://relance.vauban.example"
    Organization.objects.update(survey_by_email=True, survey_days=3)
    return case


def tick(case: Case, days: int) -> list[str]:
    """The state of what asks, after the sending of a day."""
    send_tick(case.organization_id, now=NOW + timedelta(days=days), routes=ROUTES)
    rows = Message.objects.filter(key__startswith="survey/").order_by("id")
    return list(rows.values_list("state", flat=True))


def test_an_email_asks_once_some_days_later_on_a_working_day(mailed):
    settled(mailed.customer.creditor, "C2", on=TODAY)
    assert tick(mailed, 1) == tick(mailed, 2) == []
    assert tick(mailed, 3) == tick(mailed, 4) == ["sent"]
    message = Message.objects.get(key__startswith="survey/")
    assert (message.recipient, message.is_test) == ("ap@client.example", False)
    assert "/opinion/" in message.text
    assert "FA-C001" in message.text
    assert "IBAN" not in message.text
    assert Survey.objects.get().message == message
    Organization.objects.update(survey_on_portal=False)
    assert survey_offer(link_of(mailed), on=TODAY + timedelta(days=4)), "it was asked"


def test_an_email_waits_for_monday_and_asks_nobody_late(mailed):
    Organization.objects.update(survey_days=1)
    assert tick(mailed, 1) == tick(mailed, 2) == []  # a Saturday, a Sunday
    assert tick(mailed, 9) == []
    assert tick(mailed, 3) == ["sent"]


@pytest.mark.parametrize("against", [_open_item, _stop, _test_mode, _insolvent])
def test_no_email_asks_where_something_stands_against_it(mailed, against):
    against(mailed)
    assert tick(mailed, 3) == []


@pytest.mark.parametrize("against", [_open_item, _disputed, _stop, _insolvent])
def test_what_comes_up_after_the_email_was_written_withdraws_it(mailed, against):
    assert surveys_freeze(mailed.organization_id, now=NOW + timedelta(days=3)) == 1
    against(mailed)
    assert tick(mailed, 3) == ["withdrawn"]


def test_no_email_asks_unless_the_organization_wants_it_and_is_reached_over_https(mailed, settings):
    Organization.objects.update(survey_by_email=False)
    assert tick(mailed, 3) == []
    Organization.objects.update(survey_by_email=True)
    settings.BASE_URL = "http://relance.vauban.example"
    assert tick(mailed, 4) == []
    assert not Survey.objects.exists()


def test_asking_many_costs_the_same_queries(mailed, django_assert_max_num_queries):
    for number in range(12):
        settled(mailed.customer.creditor, f"M{number}", on=TODAY, email=f"m{number}@x.example")
    with django_assert_max_num_queries(80):
        assert surveys_freeze(mailed.organization_id, now=NOW + timedelta(days=3)) == 13
    assert surveys_freeze(mailed.organization_id, now=NOW + timedelta(days=3)) == 0
