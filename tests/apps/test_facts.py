"""What the planner is told of a case: events, deliveries, promises, lost addresses, shared people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from amiable.apps.cases.models import Dispute, PaymentPlan, Promise
from amiable.apps.cases.services import dispute_open, dispute_withdraw, promise_record
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import default_scenario, plan_tick
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.payments.services import PaymentIn, payment_record, payment_return
from amiable.core.promises import commitments
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


@pytest.fixture
def debtor(creditor):
    return factories.customer(creditor)


def facts_of(debtor, on=TODAY):
    case = factories.case(debtor)
    return case_facts(debtor.organization_id, [case.id], on=on)[case.id]


def done(debtor, installment, step="reminder_1", *, days_ago=3, **fields):
    """A step carried out, with its message."""
    case = factories.case(debtor)
    number = Action.objects.count() + 1
    message = Message.objects.create(
        organization=debtor.organization, case=case, key=f"k{number}", medium="email",
        channel="memory", recipient="ap@client.example", content=b"x", content_type="text/plain",
        sha256="0" * 64, on_date=TODAY - timedelta(days=days_ago), frozen_at=NOON, state="sent",
    )  # fmt: skip
    action = Action.objects.create(
        organization=debtor.organization, case=case, key=f"{case.id}/{step}/{number}",
        scenario=default_scenario(debtor.organization_id), step=step, occurrence=number,
        medium="email", due_on=TODAY, planned_on=TODAY, message=message,
        closed_on=TODAY - timedelta(days=days_ago),
        **{"stage": "friendly", "state": "done", **fields},
    )  # fmt: skip
    ActionItem.objects.create(
        organization=debtor.organization, action=action, installment=installment, step=step,
        open_minor=120_000,
    )  # fmt: skip
    return action


def event(action, kind, at=NOON):
    DeliveryEvent.objects.create(
        organization=action.organization, message=action.message, kind=kind, at=at
    )


def test_a_returned_payment_is_an_event_of_what_it_had_paid(debtor):
    paid = factories.invoice(debtor, "A1")
    factories.invoice(debtor, "A2")
    payment = payment_record(
        debtor.organization_id,
        PaymentIn(customer_id=debtor.id, amount_minor=120_000, currency="EUR",
                  received_on=TODAY - timedelta(days=5), external_id="p1", method="direct_debit",
                  parts=((paid.id, 120_000),)),
        on=TODAY, actor="a", cases={},
    )  # fmt: skip
    payment_return(debtor.organization_id, payment.id, on=TODAY - timedelta(days=1),
                   reason_code="AM04", external_id="r1", actor="bank", cases={})  # fmt: skip
    items = {item.number: item for item in facts_of(debtor).items}
    assert items["A1"].events == {"payment_returned": TODAY - timedelta(days=1)}
    assert items["A1"].return_reason == "AM04"
    assert items["A2"].events == {}


def test_a_closed_dispute_is_an_event_and_an_open_one_an_amount(debtor):
    installment = factories.invoice(debtor)
    fields = {"organization": debtor.organization, "case": factories.case(debtor),
              "installment": installment, "reason": "price", "opened_on": TODAY}  # fmt: skip
    Dispute.objects.create(**fields, closed_on=TODAY - timedelta(days=2))
    Dispute.objects.create(**fields, amount_minor=20_000)
    (item,) = facts_of(debtor).items
    assert item.events == {"dispute_closed": TODAY - timedelta(days=2)}
    assert (item.disputed_minor, item.chased_minor) == (20_000, 100_000)


def test_a_dispute_opened_by_mistake_is_no_event(debtor):
    installment = factories.invoice(debtor)
    who = {"on": TODAY, "actor": "a"}
    factories.case(debtor)
    dispute_id = dispute_open(debtor.organization_id, installment.id, reason="price", **who)
    assert dispute_withdraw(debtor.organization_id, dispute_id, outcome="oops", **who)
    (item,) = facts_of(debtor).items
    assert (item.events, item.disputed_minor) == ({}, 0)


def test_the_receipt_of_a_formal_notice_is_the_day_it_was_delivered(debtor):
    installment = factories.invoice(debtor)
    action = done(debtor, installment, "formal_notice", stage="formal")
    assert facts_of(debtor).items[0].events == {}
    event(action, "delivered")
    (item,) = facts_of(debtor).items
    assert item.events == {"formal_notice_received": TODAY}
    assert item.delivered == {"formal_notice": TODAY}


def test_a_message_that_came_back_is_no_contact(debtor):
    action = done(debtor, factories.invoice(debtor))
    assert facts_of(debtor).last_contact_on == TODAY - timedelta(days=3)
    event(action, "bounced")
    facts = facts_of(debtor)
    assert facts.last_contact_on is None
    # The step is not taken: it comes again, another way, under a key of its own.
    assert facts.items[0].steps_done == {}
    assert facts.closed_counts == {"reminder_1": 1}


def test_what_was_sent_in_test_mode_counts_in_test_mode_only(debtor):
    organization = debtor.organization
    organization.test_recipient = "us@vauban.example"
    organization.save()
    done(debtor, factories.invoice(debtor), is_test=True)
    inside = facts_of(debtor)
    assert inside.items[0].steps_done
    assert inside.last_contact_on
    organization.test_recipient = ""
    organization.save()
    outside = facts_of(debtor)
    assert outside.items[0].steps_done == {}
    assert outside.last_contact_on is None
    assert outside.closed_counts == {"reminder_1": 1}  # its key is taken all the same


def test_a_promise_is_judged_by_what_came_since(debtor):
    installment = factories.invoice(debtor, due=TODAY - timedelta(days=40))
    case = factories.case(debtor)
    promise_record(debtor.organization_id, case.id, amount_minor=120_000, actor="a",
                   on=TODAY - timedelta(days=10), due_on=TODAY - timedelta(days=5))  # fmt: skip
    given = commitments(facts_of(debtor), TODAY)
    assert [s.state for s in given.standings] == ["broken"]
    payment_record(
        debtor.organization_id,
        PaymentIn(customer_id=debtor.id, amount_minor=50_000, currency="EUR",
                  received_on=TODAY - timedelta(days=4), external_id="p1", method="transfer",
                  parts=((installment.id, 50_000),)),
        on=TODAY, actor="a", cases={},
    )  # fmt: skip
    given = commitments(facts_of(debtor), TODAY)
    assert [(s.state, s.received_minor) for s in given.standings] == [("partly_kept", 50_000)]
    assert given.events(facts_of(debtor).items[0]) == {"promise_broken": TODAY - timedelta(days=1)}


def test_a_cancelled_plan_says_nothing_any_more(debtor):
    factories.invoice(debtor)
    case = factories.case(debtor)
    plan = PaymentPlan.objects.create(
        organization=debtor.organization, case=case, agreed_on=TODAY, agreed_by="a"
    )
    Promise.objects.create(organization=debtor.organization, case=case, amount_minor=60_000,
                           made_on=TODAY, due_on=TODAY + timedelta(days=9), plan=plan)  # fmt: skip
    assert [p.plan_id for p in facts_of(debtor).promises] == [plan.id]
    plan.cancelled_on = TODAY
    plan.save()
    assert facts_of(debtor).promises == ()


@pytest.mark.parametrize(
    ("fields", "why"), [({"opted_out_at": NOON}, "opted_out"), ({"invalid_since": NOON}, "bounced")]
)
def test_a_lost_address_keeps_the_reason_unless_another_works(debtor, fields, why):
    factories.invoice(debtor)
    debtor.points.update(**fields)
    facts = facts_of(debtor)
    assert facts.lost == {"email": why}
    assert "email" not in facts.media
    debtor.points.create(organization=debtor.organization, kind="email", value="b@client.example")
    facts = facts_of(debtor)
    assert facts.lost == {}
    assert "email" in facts.media


def test_contacts_with_a_shared_person_count_for_both_customers(creditor, debtor):
    sister = factories.customer(creditor, "C2")  # the same email address
    stranger = factories.customer(creditor, "C3", email="other@client.example")
    done(debtor, factories.invoice(debtor))
    assert facts_of(sister).contacts == {"email": (TODAY - timedelta(days=3),)}
    assert facts_of(sister).linked == {debtor.id, sister.id}
    assert facts_of(stranger).contacts == {}


def test_a_thousand_cases_are_loaded_in_as_many_queries_as_one(creditor, django_assert_num_queries):
    cases = []
    for number in range(30):
        debtor = factories.customer(creditor, f"C{number:03}", email=f"c{number}@client.example")
        installment = factories.invoice(debtor, f"N{number}")
        cases.append(factories.case(debtor))
        promise_record(creditor.organization_id, cases[-1].id, amount_minor=1000, on=TODAY,
                       due_on=TODAY, actor="a")  # fmt: skip
        done(debtor, installment)
    with django_assert_num_queries(22):
        assert len(case_facts(creditor.organization_id, [c.id for c in cases], on=TODAY)) == 30
    with django_assert_num_queries(22):
        case_facts(creditor.organization_id, [cases[0].id], on=TODAY)


def test_a_returned_payment_brings_its_own_step_once_more_after_a_second_return(debtor):
    """The same step for the same invoice is taken again, for another event."""
    from amiable.apps.dunning.library.scenarios import scenario_import
    from amiable.core.shipped import RISKY

    scenario_import(debtor.organization_id, RISKY, make_default=True)
    installment = factories.invoice(debtor, due=TODAY - timedelta(days=20))
    factories.case(debtor)
    for number, on in enumerate((TODAY - timedelta(days=1), TODAY), 1):
        payment = payment_record(
            debtor.organization_id,
            PaymentIn(customer_id=debtor.id, amount_minor=120_000, currency="EUR",
                      received_on=on - timedelta(days=1), external_id=f"p{number}",
                      method="direct_debit", parts=((installment.id, 120_000),)),
            on=on, actor="a", cases={},
        )  # fmt: skip
        payment_return(debtor.organization_id, payment.id, on=on, reason_code="AM04",
                       external_id=f"r{number}", actor="bank", cases={})  # fmt: skip
    debtor.points.create(organization=debtor.organization, kind="phone", value="+33399000001")
    plan_tick(debtor.organization_id, on=TODAY)
    action = Action.objects.get()
    assert action.step == "returned_call"
    assert action.items.get().event_on == TODAY
    assert action.reasons[0]["params"]["reason"] == "AM04"
