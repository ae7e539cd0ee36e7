"""The sending tick: guards at the last second, frozen before it leaves, never twice, never lost."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case, Hold
from amiable.apps.cases.services import dispute_open
from amiable.apps.customers.models import Customer
from amiable.apps.dunning import services
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.dunning.sending import send_tick
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.services import installments_settle
from tests import factories
from tests.apps.test_money_paths import matched
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)
ROUTES = {
    medium: ("memory", {"box": {}}) for medium in ("email", "letter", "registered_letter", "sms")
}
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def installment(debtor):
    return factories.invoice(debtor, due=TODAY - timedelta(days=1))


def plan(organization_id: int):
    Case.objects.update(next_plan_on=TODAY)
    plan_tick(organization_id, on=TODAY)


def send(organization_id: int, now=NOW, routes=ROUTES):
    return send_tick(organization_id, now=now, routes=routes)


def books(installment, amount_minor: int):
    Entry.objects.create(
        organization=installment.organization,
        customer=installment.customer,
        installment=installment,
        kind=Entry.Kind.BOOKS,
        amount_minor=amount_minor,
        on_date=TODAY,
        source="test",
    )
    installments_settle(installment.organization_id, [installment.id], on=TODAY)


def test_a_due_reminder_leaves_once_and_the_file_tells_it(installment):
    organization_id = installment.organization_id
    plan(organization_id)
    assert send(organization_id).sent == 1
    assert send(organization_id).claimed == 0
    action, message = Action.objects.get(), Message.objects.get()
    assert (action.state, action.closed_on) == ("done", TODAY)
    assert (message.state, message.key) == ("sent", action.key)
    assert "FA2026-0001" in message.text
    assert Event.objects.filter(kind="message.sent", case_id=action.case_id).count() == 1


def test_the_next_day_the_same_step_is_not_planned_again(installment):
    organization_id = installment.organization_id
    plan(organization_id)
    send(organization_id)
    Case.objects.update(next_plan_on=TODAY)
    plan_tick(organization_id, on=TODAY)
    plan_tick(organization_id, on=TODAY + timedelta(days=3))
    assert Action.objects.filter(step="reminder_1").count() == 1


def test_a_number_too_long_for_a_payment_reference_still_leaves(debtor):
    factories.invoice(debtor, "FA-2026-SECTEUR-NORD-000000123456", due=TODAY - timedelta(days=1))
    plan(debtor.organization_id)
    assert send(debtor.organization_id).sent == 1
    assert "RF" in Message.objects.get().text


def test_paid_between_plan_and_send_is_not_chased(installment):
    plan(installment.organization_id)
    books(installment, -120_000)
    counts = send(installment.organization_id)
    assert (counts.sent, counts.cancelled) == (0, 1)
    assert Message.objects.count() == 0
    assert Action.objects.get().outcome[0]["code"] == "stop.settled"


def test_partly_paid_between_plan_and_send_asks_for_the_rest(installment):
    plan(installment.organization_id)
    books(installment, -20_000)
    assert send(installment.organization_id).sent == 1
    assert Action.objects.get().items.get().open_minor == 100_000


def test_a_hold_placed_after_planning_stops_the_message(installment):
    plan(installment.organization_id)
    Hold.objects.create(
        organization=installment.organization,
        case=Case.objects.get(),
        reason="talks",
        starts_on=TODAY,
        placed_by="x",
    )
    assert send(installment.organization_id).cancelled == 1
    assert Message.objects.count() == 0


def test_a_message_written_at_a_failed_try_is_not_sent_with_old_amounts(installment):
    organization_id = installment.organization_id
    plan(organization_id)
    nowhere = {**ROUTES, "email": ("smtp", {"host": "127.0.0.1", "port": 1, "tls": "none"})}
    assert send(organization_id, routes=nowhere).retry == 1
    books(installment, -20_000)
    later = NOW + timedelta(hours=2)
    counts = send(organization_id, now=later)
    assert (counts.sent, counts.cancelled) == (0, 1)
    assert Action.objects.get().outcome[0]["code"] == "send.outdated"
    Case.objects.update(next_plan_on=TODAY)
    plan_tick(organization_id, on=TODAY)
    assert send(organization_id, now=later).sent == 1
    assert "1 000,00" in Message.objects.get(state="sent").text.replace("\u202f", " ")


def test_a_message_written_at_a_failed_try_does_not_ask_for_what_was_disputed_since(debtor):
    organization_id = debtor.organization_id
    factories.invoice(debtor, "FA1", due=TODAY - timedelta(days=1))
    second = factories.invoice(debtor, "FA2", due=TODAY - timedelta(days=1))
    plan(organization_id)
    nowhere = {**ROUTES, "email": ("smtp", {"host": "127.0.0.1", "port": 1, "tls": "none"})}
    assert send(organization_id, routes=nowhere).retry == 1
    dispute_open(organization_id, second.id, reason="other", on=TODAY, actor="claire")
    counts = send(organization_id, now=NOW + timedelta(hours=2))
    assert (counts.sent, counts.cancelled) == (0, 1)
    plan(organization_id)
    assert send(organization_id, now=NOW + timedelta(hours=3)).sent == 1
    sent = Message.objects.get(state="sent")
    assert "1 200,00" in sent.text.replace("\u202f", " ").partition("contestées")[0]


def test_a_message_written_at_a_failed_try_does_not_ask_for_what_was_paid_and_planned_since(debtor):
    organization_id = debtor.organization_id
    paid = factories.invoice(debtor, "FA1", due=TODAY - timedelta(days=1))
    factories.invoice(debtor, "FA2", due=TODAY - timedelta(days=1))
    plan(organization_id)
    nowhere = {**ROUTES, "email": ("smtp", {"host": "127.0.0.1", "port": 1, "tls": "none"})}
    assert send(organization_id, routes=nowhere).retry == 1
    books(paid, -120_000)
    plan(organization_id)  # before the next try: the plan must not hide the change
    later = NOW + timedelta(hours=2)
    assert send(organization_id, now=later).sent == 0
    plan(organization_id)
    assert send(organization_id, now=later).sent == 1
    assert "FA1" not in Message.objects.get(state="sent").text


def test_what_is_disputed_in_part_is_neither_asked_for_nor_called_paid(debtor):
    organization_id = debtor.organization_id
    item = factories.invoice(debtor, due=TODAY - timedelta(days=8))
    plan(organization_id)
    dispute_open(
        organization_id, item.id, reason="other", amount_minor=20_000, on=TODAY, actor="claire"
    )
    Action.objects.update(step="firm_letter", medium="letter", state="approved")
    assert send(organization_id).sent == 1
    said = re.sub(r"\s+", " ", Message.objects.get().text)
    assert "1 200,00 € 0,00 € 1 000,00 €" in said  # billed, paid, asked for
    assert "1 200,00 € 0,00 € 200,00 €" in said.partition("contestées")[2]


def test_an_invoice_not_yet_due_is_announced_beside_an_overdue_one_and_not_claimed(debtor):
    organization_id = debtor.organization_id
    factories.invoice(debtor, "LATE", due=TODAY - timedelta(days=1), total_minor=5_000)
    factories.invoice(debtor, "SOON", due=TODAY + timedelta(days=15), total_minor=100_000)
    plan(organization_id)
    action = Action.objects.get()
    assert sorted(action.items.values_list("step", "open_minor")) == [
        ("preventive", 0), ("reminder_1", 5_000)
    ]  # fmt: skip
    assert send(organization_id).sent == 1
    claimed, _, announced = Message.objects.get().text.partition("à échoir prochainement")
    assert "SOON" not in claimed
    assert "1 050,00" not in claimed.replace("\u202f", " ")
    assert "SOON" in announced


def test_when_the_overdue_part_is_paid_the_announced_rest_is_not_claimed(debtor):
    organization_id = debtor.organization_id
    late = factories.invoice(debtor, "LATE", due=TODAY - timedelta(days=1))
    factories.invoice(debtor, "SOON", due=TODAY + timedelta(days=15))
    plan(organization_id)
    books(late, -120_000)
    counts = send(organization_id)
    assert (counts.sent, counts.cancelled, counts.failed) == (0, 1, 0)
    plan(organization_id)
    assert send(organization_id).sent == 1
    assert Action.objects.get(state="done").step == "preventive"


def test_a_server_that_is_away_is_tried_again_later_and_the_message_leaves_once(installment):
    organization_id = installment.organization_id
    plan(organization_id)
    nowhere = {**ROUTES, "email": ("smtp", {"host": "127.0.0.1", "port": 1, "tls": "none"})}
    assert send(organization_id, routes=nowhere).retry == 1
    assert send(organization_id).claimed == 0
    assert send(organization_id, now=NOW + timedelta(hours=2)).sent == 1
    assert Message.objects.get().attempts == 2


def test_a_worker_that_died_before_sending_loses_nothing(installment):
    organization_id = installment.organization_id
    plan(organization_id)
    Action.objects.update(
        state="claimed", leased_by="dead", leased_until=timezone.now() - timedelta(minutes=1)
    )
    assert send(organization_id).sent == 1
    assert Message.objects.count() == 1


def test_a_worker_that_died_while_sending_leaves_it_to_a_person(installment):
    organization_id = installment.organization_id
    plan(organization_id)
    nowhere = {**ROUTES, "email": ("smtp", {"host": "127.0.0.1", "port": 1, "tls": "none"})}
    send(organization_id, routes=nowhere)
    Message.objects.update(state="sending")
    Action.objects.update(
        state="claimed", leased_by="dead", leased_until=timezone.now() - timedelta(minutes=1)
    )
    assert send(organization_id, routes=nowhere).unknown == 1
    action = Action.objects.get()
    assert action.state == "unknown"
    plan(organization_id)
    assert Action.objects.count() == 1
    who = {"on": TODAY, "actor": "claire@vauban.example"}
    assert services.unknown_resolve(organization_id, action.id, left=False, **who)
    plan(organization_id)
    assert Action.objects.filter(state="approved", occurrence=2).count() == 1


def test_a_lease_that_still_runs_is_respected(installment):
    plan(installment.organization_id)
    Action.objects.update(
        state="claimed", leased_by="alive", leased_until=timezone.now() + timedelta(minutes=5)
    )
    assert send(installment.organization_id).claimed == 0


def test_a_formal_notice_leaves_only_once_approved_and_a_refusal_is_final(debtor):
    organization_id = debtor.organization_id
    item = factories.invoice(debtor, "OLD", due=TODAY - timedelta(days=90))
    plan(organization_id)
    send(organization_id)
    action = Action.objects.get()
    action.items.update(step="last_email")
    Action.objects.update(step="last_email", stage="firm", closed_on=TODAY - timedelta(days=40))
    plan(organization_id)
    waiting = Action.objects.get(state="to_approve")
    assert send(organization_id).claimed == 0
    who = {"on": TODAY, "actor": "claire@vauban.example"}
    assert services.action_approve(organization_id, [waiting.id], **who) == 1
    assert services.action_reopen(organization_id, [waiting.id], **who) == 1
    assert services.action_approve(organization_id, [waiting.id], **who) == 1
    assert send(organization_id).sent == 1
    assert Message.objects.filter(medium="registered_letter", state="sent").count() == 1
    assert item.id


def test_a_formal_notice_that_could_not_be_printed_comes_again_before_any_handover(debtor):
    organization_id = debtor.organization_id
    factories.invoice(debtor, "OLD", due=TODAY - timedelta(days=90))
    plan(organization_id)
    Action.objects.update(
        state="done", step="firm_letter", stage="firm", closed_on=TODAY - timedelta(days=70)
    )
    ActionItem.objects.update(step="firm_letter")
    Action.objects.update(key="earlier")
    plan(organization_id)
    notice = Action.objects.get(state="to_approve")
    Customer.objects.update(city="Nantes " * 8)
    services.action_approve(organization_id, [notice.id], on=TODAY, actor="claire@vauban.example")
    assert send(organization_id).failed == 1
    later = TODAY + timedelta(days=3)  # the Monday after
    plan_tick(organization_id, on=later)
    assert list(Action.objects.filter(planned_on=later).values_list("step", "state")) == [
        ("formal_notice", "to_approve")
    ]


def test_texts_wait_for_decent_hours(debtor):
    debtor.points.create(organization=debtor.organization, kind="phone", value="+33639980001")
    item = factories.invoice(debtor, due=TODAY - timedelta(days=15))
    plan(debtor.organization_id)
    action = Action.objects.get()
    Action.objects.update(step="sms", medium="sms", stage="firm")
    action.items.update(step="sms")
    night = NOW.replace(hour=21)
    assert send(debtor.organization_id, now=night).postponed == 1
    assert send(debtor.organization_id, now=NOW + timedelta(days=3)).sent == 1
    assert item.id


def test_sending_costs_a_bounded_number_of_queries(django_assert_max_num_queries):
    owner = factories.creditor(factories.organization())
    for number in range(50):
        debtor = factories.customer(owner, f"C{number}", email=f"c{number}@client.example")
        factories.invoice(debtor, f"F{number}", due=TODAY - timedelta(days=1))
    plan(owner.organization_id)
    with django_assert_max_num_queries(82):
        assert send(owner.organization_id).sent == 50


def test_a_conversation_goes_on_about_its_invoices_and_others_begin_their_own(debtor):
    first = factories.invoice(debtor, "FA1", due=TODAY - timedelta(days=1))
    plan(debtor.organization_id)
    send(debtor.organization_id)
    later = TODAY + timedelta(days=6)  # D+7, a Thursday
    Case.objects.update(next_plan_on=later)
    plan_tick(debtor.organization_id, on=later)
    send(debtor.organization_id, now=NOW + timedelta(days=6))
    books(first, -120_000)
    last = TODAY + timedelta(days=10)  # a Monday
    factories.invoice(debtor, "FA2", due=last - timedelta(days=1))
    Case.objects.update(next_plan_on=last)
    plan_tick(debtor.organization_id, on=last)
    send(debtor.organization_id, now=NOW + timedelta(days=10))
    opening, follow_up, other = Message.objects.filter(medium="email").order_by("id")
    assert follow_up.thread_id == opening.thread_id
    assert follow_up.subject.startswith("Re")
    assert other.thread_id != opening.thread_id
    assert not other.subject.startswith("Re")


def test_next_tick_finishes_the_run_of_letters_that_a_dead_worker_left(
    debtor, installment, tmp_path, monkeypatch
):
    """All its letters are recorded as sent: nothing is due any more, and the printer got nothing."""
    import os

    from amiable.apps.messaging.services import messages_freeze, messages_send
    from amiable.plugins.channels import _print_run
    from amiable.plugins.registry import plugins
    from tests.apps.messaging_drafts import draft

    case = factories.case(debtor)
    routes = {
        **ROUTES,
        "letter": ("print", plugins("channels")["print"].configure(f"print://{tmp_path}")),
    }
    drafts = [draft("reminder_firm", case=case, key=f"letter-{n}") for n in range(3)]
    ids = messages_freeze(case.organization_id, drafts, now=NOW)

    def dies(run):
        os.close(run.lock)
        raise SystemExit

    with monkeypatch.context() as mortal:
        mortal.setattr(_print_run.Run, "close", dies)
        with pytest.raises(SystemExit):
            messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    visible = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert visible == []
    send(case.organization_id, routes=routes)
    (run,) = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert sorted(path.name for path in run.iterdir()) == ["letters.pdf", "manifest.csv"]
    assert (run / "manifest.csv").read_text("utf-8-sig").count("\n") == 1 + 3


def test_a_planned_reminder_does_not_leave_once_the_bank_shows_money_that_seems_theirs(
    installment, debtor
):
    organization_id = installment.organization_id
    plan(organization_id)
    line = matched(debtor, 125_000, "FACT FA2026-0001")
    assert line.state == "proposed"
    assert send(organization_id).sent == 0
    assert [said["code"] for said in Action.objects.get().outcome] == ["stop.proposed"]
    assert not Message.objects.exists()
