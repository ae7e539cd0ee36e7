"""The console without a browser: who may see and change what, and at what cost."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import translation

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import (
    Case,
    Dispute,
    Handover,
    Hold,
    PaymentPlan,
    Promise,
)
from amiable.apps.cases.queries import claimable
from amiable.apps.customers.models import Contact, ContactPoint, Customer
from amiable.apps.dunning.models import Action, RequestCampaign
from amiable.apps.dunning.services import cases_replan
from amiable.apps.imports.models import ImportRun
from amiable.apps.insights import accounts
from amiable.apps.insights.customer_file import customer_file
from amiable.apps.insights.open_items import items_page
from amiable.apps.messaging.models import (
    DeliveryEvent,
    Message,
    Proof,
    Reply,
    Template,
)
from amiable.apps.payments.models import (
    CreditDecision,
    Debit,
    Mandate,
)
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Creditor
from amiable.core.kpi import BUCKETS
from amiable.core.money import Money, major
from amiable.core.sentences import Sentence
from amiable.core.workdays import add_workdays
from amiable.interfaces.console import formats, labels, sentences
from tests import factories
from tests.apps.console_objects import objects
from tests.browser.portfolio import member, portfolio

pytestmark = pytest.mark.django_db

# Addresses that show or change nothing of an organization.
PERSONAL = {"login", "logout", "password", "language", "theme"}
LISTS = {"requests", "satisfaction", "disputes", "disputes_figures", "disputes_reasons", "debits", "mandates", "payouts", "plan_policies", "rests", "virtual_ibans", "money", "refunds", "refunds_table", "dashboard", "figures", "items", "customers", "calls", "actions", "outbox", "bank", "imports", "jobs", "experiments", "experiments_forecast", "scenarios", "scenario_shipped", "settings", "assignment", "assignment_preview", "actions_left_out", "plan_preview", "simulation", "letter_test_page", "replies", "registered", "templates", "template_cases", "template"}  # fmt: skip
# Asked with a form, and only shown.
SHOWN = {"template_preview", "template_page", "bank_share_look"}


@pytest.fixture
def story():
    return portfolio()


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def stranger(story) -> Client:
    """A manager of another organization."""
    other = factories.organization("other")
    factories.creditor(other, "main")
    return browser(member(other, "manager@other.example", "manager"))


def addresses() -> list[tuple[str, str]]:
    """(name, address) of everything in the console, with real ids."""
    known = objects()
    found = []
    for name in get_resolver("amiable.interfaces.console.urls").reverse_dict:
        if isinstance(name, str) and name not in PERSONAL:
            possibilities = get_resolver("amiable.interfaces.console.urls").reverse_dict.getlist(
                name
            )
            pattern, parameters = possibilities[0][0][0]
            found.append((name, "/" + pattern % {p: known[p] for p in parameters}))
    return found


def test_nobody_enters_without_logging_in(story):
    for name, address in addresses():
        for answer in (Client().get(address), Client().post(address)):
            assert answer.status_code in {302, 405}, (name, answer.status_code)
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/login/"), name


def test_what_belongs_to_another_organization_is_not_found(story, stranger):
    known = addresses()
    before = _state()
    for name, address in known:
        answer = stranger.get(address)
        if answer.status_code == 405:
            answer = stranger.post(address, _form())
            if name in SHOWN:
                assert b"Transports Gaudin" not in answer.content, name
                continue
            # A change speaks of nothing it can find: it is refused, and nothing moves.
            assert answer.status_code in {302, 404, 422}, (name, answer.status_code)
        elif name in LISTS:
            assert b"Transports Gaudin" not in answer.content, name
        else:
            assert answer.status_code == 404, (name, answer.status_code)
    assert _state() == before


def test_a_reader_changes_nothing(story):
    reader = browser(member(story.organization, "reader@vauban.example", "reader"))
    known = addresses()
    before = _state()
    for name, address in known:
        if reader.get(address).status_code == 405 and name not in SHOWN:
            assert reader.post(address, _form()).status_code == 403, name
    assert _state() == before


def _form() -> dict[str, object]:
    known = objects()
    return {
        "case": Case.objects.first().pk,
        "installment": Installment.objects.filter(settled_on=None).first().pk,
        "reason": "price",
        "amount": "100",
        "due_on": (date.today() + timedelta(days=5)).isoformat(),
        "outcome": "done",
        "value": "50",
        "mark": "invalid",
        "role": "buyer",
        "name": "Anne Morel",
        "count": "2",
        "first_on": add_workdays(date.today(), 3).isoformat(),
        "every": "week",
        "result": "done",
        "left": "yes",
        "customer": known["customer_id"],
        "action": list(Action.objects.values_list("pk", flat=True)),
    }


def _state() -> list[object]:
    return [
        list(Action.objects.order_by("pk").values_list("pk", "state")),
        list(Hold.objects.order_by("pk").values_list("pk", "ends_on")),
        list(Dispute.objects.order_by("pk").values_list("pk", "closed_on")),
        list(Promise.objects.exclude(cancelled_on=None).order_by("pk").values_list("pk")),
        list(PaymentPlan.objects.exclude(cancelled_on=None).order_by("pk").values_list("pk")),
        list(Customer.objects.order_by("pk").values_list("pk", "score")),
        list(ContactPoint.objects.order_by("pk").values_list("pk", "invalid_since")),
        list(Contact.objects.exclude(role="").values_list("pk")),
        list(StatementLine.objects.order_by("pk").values_list("pk", "state")),
        list(Match.objects.order_by("pk").values_list("pk", "state")),
        list(CreditDecision.objects.order_by("pk").values_list("pk", "made_on", "undone_on")),
        list(Handover.objects.order_by("pk").values_list("pk", "returned_on")),
        list(Reply.objects.exclude(state="unread").values_list("pk", "label")),
        list(Template.objects.values_list("pk", "is_withdrawn")),
        DeliveryEvent.objects.count(),
        list(Proof.objects.exclude(sha256="0").values_list("pk")),
        list(Mandate.objects.order_by("pk").values_list("pk", "revoked_on")),
        list(Debit.objects.order_by("pk").values_list("pk", "handled_on")),
        list(RequestCampaign.objects.values_list("pk", "confirmed_at", "cancelled_at")),
        list(Creditor.objects.order_by("pk").values_list("pk", "brand_color", "claims_from")),
    ]


def test_a_user_without_membership_is_told_why(story):
    from amiable.apps.tenants.models import User

    loner = User.objects.create_user(username="l", email="loner@vauban.example", password="x")
    answer = browser(loner).get("/")
    assert answer.status_code == 403
    assert "loner@vauban.example" in answer.content.decode()


def test_pages_cost_a_bounded_number_of_queries(story, django_assert_max_num_queries):
    client = browser(story.manager)
    limits = {
        "/": 40,
        "/customers/": 14,
        f"/customers/{story.customers[1].pk}/": 90,
        f"/invoices/{Installment.objects.order_by('id')[2].invoice_id}/": 60,
        "/actions/": 14,
        "/bank/?state=all": 28,
        "/bank/money/": 30,
        "/bank/refunds/": 20,
        "/bank/payouts/": 12,
        "/bank/debits/": 14,
        "/bank/mandates/": 10,
        "/outbox/": 10,
        "/items/": 10,
        "/requests/": 12,
    }
    for address, limit in limits.items():
        client.get(address)
        with django_assert_max_num_queries(limit):
            assert client.get(address).status_code == 200


def test_addresses_never_lead_elsewhere_after_a_change(story):
    client = browser(story.manager)
    hold = Hold.objects.first()
    answer = client.post(f"/holds/{hold.pk}/lift/", {"next": "https://evil.example/"})
    assert answer.headers["Location"] == "/customers/"
    answer = client.post("/theme/", {"theme": "dark", "next": "//evil.example/"})
    assert answer.headers["Location"] == "/"


def test_message_is_served_so_that_nothing_in_it_runs(story):
    message = Message.objects.filter(medium="email").first()
    answer = browser(story.manager).get(f"/outbox/{message.pk}/html/")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_account_figures_equal_the_items(story):
    page = accounts.accounts_page(story.organization.pk, story.today, sort="name")
    assert page.rows[0].name == "Ateliers Béranger"
    for row in page.rows:
        file = customer_file(story.organization.pk, row.customer_id, story.today)
        position = file.positions[0]
        assert row.open_minor == position.open_minor
        assert row.overdue_minor == position.overdue_minor
        assert row.open_count == len(position.items)
        assert row.is_held == any(hold.installment_id is None for hold in position.holds)


def test_search_ignores_accents_and_finds_invoices(story):
    def names(text: str) -> list[str]:
        rows = accounts.accounts_page(story.organization.pk, story.today, search=text).rows
        return [row.name for row in rows]

    assert names("ELECTRICITE") == ["Électricité Moreau"]
    assert names("fa-0005") == ["Transports Gaudin"]
    assert names("c002") == ["Ateliers Béranger"]
    assert names("nobody at all") == []


def test_buckets_hold_every_open_item_once(story):
    organization = story.organization.pk
    sizes = [items_page(organization, story.today, bucket=b).total for b in BUCKETS]
    assert sum(sizes) == items_page(organization, story.today).total
    overdue = items_page(organization, story.today, bucket="overdue")
    assert overdue.total == sum(sizes[1:])
    assert all(row.days_late > 0 for row in overdue.rows)


def test_promise_is_kept_broken_or_running_by_the_payments(story):
    organization, today = story.organization.pk, story.today
    debtor = story.customers[5]
    case = factories.case(debtor)
    made = today - timedelta(days=20)
    who = {"on": made, "actor": "test"}
    due = made + timedelta(days=5)
    cases.promise_record(organization, case.pk, amount_minor=10_000, due_on=due, **who)
    [view] = customer_file(organization, debtor.pk, made).positions[0].given.promises
    assert view.state == "running"
    [view] = customer_file(organization, debtor.pk, today).positions[0].given.promises
    assert view.state == "broken"


@pytest.mark.parametrize(
    ("language", "amount", "day"),
    [("fr", "1\u202f252,23\u00a0€", "21/11/2026"), ("en", "€1,252.23", "21 Nov 2026")],
)
def test_amounts_and_dates_follow_the_language(language, amount, day):
    with translation.override(language):
        assert formats.money(125_223) == amount
        assert formats.day(date(2026, 11, 21)) == day
        assert formats.number(Decimal("0.5"), 1) == ("0,5" if language == "fr" else "0.5")


@pytest.mark.parametrize(
    ("written", "minor"),
    [("1 252,23", 125_223), ("1\u202f252,23 €", 125_223), ("1252.2", 125_220), ("100", 10_000)],
)
def test_amounts_are_read_as_people_write_them(story, written, minor):
    case = factories.case(story.customers[1])
    due = (story.today + timedelta(days=3)).isoformat()
    answer = browser(story.manager).post(
        "/promises/", {"case": case.pk, "amount": written, "due_on": due}
    )
    assert answer.status_code == 302
    assert Promise.objects.get(case=case).amount_minor == minor


@pytest.mark.parametrize("written", ["", "cent", "-5", "1e99", "12,345", "9" * 30])
def test_amounts_that_are_none_are_refused_with_a_word(story, written):
    case = factories.case(story.customers[0])
    due = (story.today + timedelta(days=3)).isoformat()
    answer = browser(story.manager).post(
        "/promises/", {"case": case.pk, "amount": written, "due_on": due}, follow=True
    )
    assert "is-error" in answer.content.decode()
    assert not Promise.objects.filter(case=case).exists()


def test_sentence_is_rendered_with_its_parameters_in_french():
    sentence = Sentence("stop.credit_covers", {"credit": Money(125_223), "amount": Money(100)})
    with translation.override("fr"):
        text = sentences.render(sentence.to_json())
    assert "1\u202f252,23\u00a0€" in text
    assert "crédit" in text


def test_a_code_nobody_declares_any_more_is_shown_as_it_is():
    assert sentences.render({"code": "gone.long_ago", "params": {"a": 1}}) == "gone.long_ago"


def test_every_state_has_words():
    from amiable.apps.dunning.services import CALL_RESULTS

    states = {
        "action": Action.State.values,
        "message": Message.State.values,
        "delivery": DeliveryEvent.Kind.values,
        "line": StatementLine.State.values,
        "import": ImportRun.State.values,
        "dispute": Dispute.Reason.values,
        "call": CALL_RESULTS,
    }
    missing = [
        (kind, value)
        for kind, values in states.items()
        for value in values
        if value not in labels.LOOKS[kind]
    ]
    assert not missing


def test_what_is_paid_leaves_the_agenda_with_the_decision_on_its_payment(story):
    """Two payments of the portfolio came after its plan: their reminders wait for approval."""
    manager = browser(story.manager)
    promised = story.customers[3]
    waiting = Action.objects.filter(state="to_approve").exclude(case__customer=promised)
    first, second = waiting.order_by("id")
    line = StatementLine.objects.get(label__contains="0099")
    manager.post(f"/bank/lines/{line.pk}/assign/", {"customer": first.case.customer_id})
    for action in (first, second):
        action.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "to_approve")
    manager.post("/bank/match/")
    second.refresh_from_db()
    assert second.state == "cancelled"


def test_pause_leaves_the_agenda_at_once_and_comes_back_when_taken_back(story):
    manager = browser(story.manager)
    due = (date.today() + timedelta(days=9)).isoformat()
    case = Action.objects.get(state="todo").case
    pending = Action.objects.filter(case=case, state__in=Action.PENDING)
    workday = add_workdays(date.today(), 1)
    everything = major(claimable(story.organization.pk, case.pk, on=date.today()).promise_minor)
    for address, form, undo in (
        ("/promises/", {"amount": everything, "due_on": due}, "/promises/{}/cancel/"),
        ("/holds/", {"reason": "Avoir"}, "/holds/{}/lift/"),
    ):
        assert pending.exists(), address
        manager.post(address, {"case": case.pk, **form})
        assert not pending.exists(), address
        noted = {"/promises/": Promise, "/holds/": Hold}[address].objects.latest("id")
        manager.post(undo.format(noted.pk))
        cases_replan(story.organization.pk, {case.customer_id}, on=workday)


@pytest.mark.parametrize("number", ["", "x", "²", "-1", "9" * 30])
def test_numbers_that_are_none_break_nothing(story, number):
    manager = browser(story.manager)
    line = StatementLine.objects.get(label__contains="0099").pk
    before = _state()
    for address, form, expected in (
        ("/actions/approve/", {"action": number}, 302),
        ("/actions/refuse/", {"action": number, "reason": "x"}, 302),
        (f"/actions/reopen/?action={number}", {}, 302),
        (f"/bank/lines/{line}/assign/", {"customer": number}, 404),
        ("/holds/", {"case": number, "reason": "x"}, 302),
    ):
        assert manager.post(address, form).status_code == expected, address
    assert manager.get(f"/bank/lines/{line}/?customer={number}").status_code == 200
    assert _state() == before


def test_file_of_another_kind_is_named_in_the_readers_language():
    sentence = Sentence("file.wrong_kind", {"format": "Invoices (CSV)"})
    with translation.override("fr"):
        assert "Factures (CSV)" in sentences.render(sentence)


def test_empty_installation_invites_and_shows_no_empty_chart():
    organization = factories.organization("fresh")
    manager = browser(member(organization, "manager@fresh.example", "manager"))
    page = manager.get("/").content.decode()
    assert "Commencez par vos factures ouvertes" in page
    assert "dso-title" not in page
