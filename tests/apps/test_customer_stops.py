"""What is known of a customer stops or steers its reminders, and is told in its file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases import services
from amiable.apps.cases.models import Case, Dispute, Hold, Promise
from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.planning import plan_preview
from amiable.apps.imports.services import import_run
from amiable.core.scenario import CONTACT_MEDIA
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "claire@vauban.example"}
NEXT = TODAY + timedelta(days=7)


@pytest.fixture
def case():
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor)
    ContactPoint.objects.create(
        organization=debtor.organization, customer=debtor, kind="phone", value="+33102030405"
    )
    Case.objects.update(next_plan_on=None)
    return Case.objects.get()


def codes(case: Case) -> set[str]:
    (preview,) = plan_preview(case.organization_id, on=TODAY, case_ids=[case.id])
    if any(action.step.medium in CONTACT_MEDIA for action in preview.plan.actions):
        return {"contact"}
    return {skip.sentence.code for skip in preview.plan.skips}


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("insolvent_since", TODAY, "stop.insolvent"),
        ("deceased_since", TODAY - timedelta(days=3), "stop.deceased"),
    ],
)
def test_a_fact_of_the_customer_stops_its_case_until_it_is_taken_back(case, fact, value, code):
    assert codes(case) == {"contact"}
    set_fact = services.customer_fact_set
    assert set_fact(case.organization_id, case.customer_id, fact, value=value, **WHO) is None
    case.refresh_from_db()
    assert case.next_plan_on == TODAY
    assert code in codes(case)
    assert set_fact(case.organization_id, case.customer_id, fact, value=None, **WHO) == value
    assert codes(case) == {"contact"}
    kinds = Event.objects.filter(case_id=case.id).values_list("kind", flat=True)
    assert list(kinds) == [f"customer.{fact}"] * 2
    assert broken_invariants() == []


@pytest.mark.parametrize(
    ("fact", "value"), [("insolvent_since", NEXT), ("score", 101), ("score", -1)]
)
def test_a_fact_without_sense_is_refused_with_a_sentence(case, fact, value):
    with pytest.raises(services.CaseError) as refusal:
        services.customer_fact_set(case.organization_id, case.customer_id, fact, value=value, **WHO)
    assert str(refusal.value)


def test_noting_what_is_known_already_tells_nothing(case):
    for _ in range(2):
        services.customer_fact_set(case.organization_id, case.customer_id, "score", value=0, **WHO)
    assert Event.objects.filter(kind="customer.score").count() == 1
    case.customer.refresh_from_db()
    assert case.customer.score == 0


@pytest.mark.parametrize(
    ("mark", "code"), [("invalid", "stop.bounced"), ("opted_out", "stop.opted_out")]
)
def test_an_address_known_as_wrong_or_refused_is_not_written_to(case, mark, code):
    case.customer.address_lines = []
    case.customer.save()
    ContactPoint.objects.filter(kind="phone").delete()
    email = ContactPoint.objects.get(kind="email")
    before = services.point_mark(case.organization_id, email.id, mark, reason="came back", **WHO)
    assert before == "valid"
    assert code in codes(case)
    email.refresh_from_db()
    assert bool(email.invalid_since) is (mark == "invalid")
    assert services.point_mark(case.organization_id, email.id, "valid", **WHO) == mark
    assert codes(case) == {"contact"}


def test_a_contact_has_a_role_and_its_own_addresses(case):
    contact_id, points = services.contact_add(
        case.organization_id, case.customer_id, name="Ann Lee", role="director",
        email="ann@client.example", phone="+33102030405", **WHO,
    )  # fmt: skip
    assert len(points) == 1  # the phone was known already
    assert ContactPoint.objects.filter(contact_id=contact_id).count() == 2
    assert services.contact_role_set(case.organization_id, contact_id, "legal", **WHO) == "director"
    assert services.contact_remove(case.organization_id, contact_id, point_ids=points, **WHO)
    assert not services.contact_remove(case.organization_id, contact_id, **WHO)
    assert set(ContactPoint.objects.values_list("kind", "contact")) == {
        ("email", None), ("phone", None),
    }  # fmt: skip


def outcome(case: Case, result: str, **facts) -> None:
    said = services.CallOutcome(result, **facts)
    services.call_outcome_apply(case.organization_id, case.id, said, **WHO)


def test_a_call_brings_a_promise(case):
    outcome(case, "promise", amount_minor=50_000, due_on=NEXT, note="after the holidays")
    assert Promise.objects.get().note == "after the holidays"


def test_a_call_brings_a_dispute_of_a_part(case):
    item = case.customer.invoices.first().installments.first()
    outcome(case, "dispute", installment_id=item.id, reason="price", disputed_minor=20_000)
    assert Dispute.objects.get().amount_minor == 20_000


def test_a_wrong_number_is_not_called_again(case):
    outcome(case, "wrong_number", phone_reason="Mauvais numéro")
    phone = ContactPoint.objects.get(kind="phone")
    assert phone.invalid_since
    assert phone.invalid_reason == "Mauvais numéro"
    outcome(case, "wrong_number")  # no other number: nothing to mark


def test_nothing_is_sent_until_the_day_to_call_again_is_over(case):
    outcome(case, "callback", callback_on=NEXT)
    hold = Hold.objects.get()
    assert (hold.starts_on, hold.ends_on) == (TODAY, NEXT)


def test_a_refusal_is_told_in_the_file(case):
    outcome(case, "refused", note="will not pay")
    assert Event.objects.get(kind="payment.refused").payload == {"note": "will not pay"}


@pytest.mark.parametrize("result", ["no_answer", "already_paid", "done"])
def test_other_results_change_nothing(case, result):
    outcome(case, result)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("result", "facts"),
    [
        ("promise", {}),
        ("promise", {"amount_minor": 100}),
        ("promise", {"amount_minor": 10**9, "due_on": NEXT}),
        ("dispute", {"reason": "price"}),
        ("callback", {}),
        ("callback", {"callback_on": TODAY}),
    ],
)
def test_an_incomplete_result_is_refused_and_nothing_is_written(case, result, facts):
    with pytest.raises(services.CaseError):
        outcome(case, result, **facts)
    assert not Event.objects.exists()


def test_a_dispute_is_not_about_more_than_is_open(case):
    item = case.customer.invoices.first().installments.first()
    with pytest.raises(services.CaseError) as refusal:
        services.dispute_open(
            case.organization_id, item.id, reason="price", amount_minor=120_001, **WHO
        )
    assert refusal.value.sentence.code == "case.dispute_too_much"


def test_another_organization_changes_nothing(case):
    stranger = factories.organization("stranger")
    email = ContactPoint.objects.get(kind="email")
    contact_id, _ = services.contact_add(case.organization_id, case.customer_id, name="Ann", **WHO)
    for attempt in (
        lambda: services.customer_fact_set(stranger.id, case.customer_id, "score", value=1, **WHO),
        lambda: services.point_mark(stranger.id, email.id, "invalid", **WHO),
        lambda: services.contact_add(stranger.id, case.customer_id, name="Ann", **WHO),
        lambda: services.contact_role_set(stranger.id, contact_id, "buyer", **WHO),
        lambda: services.call_outcome_apply(
            stranger.id, case.id, services.CallOutcome("refused"), **WHO
        ),
    ):
        with pytest.raises(services.CaseError):
            attempt()
    assert not services.contact_remove(stranger.id, contact_id, **WHO)
    assert Contact.objects.count() == 1


def test_an_import_brings_scores_payer_groups_and_contacts_and_wakes_the_case(case, tmp_path: Path):
    path = tmp_path / "clients.csv"
    head = "code client;raison sociale;courriel;contact;fonction du contact;score;groupe payeur\n"
    path.write_text(
        head + "C001;Menuiserie Duval;ap@client.example;Anne Morel;Comptable;0;Holding\n"
    )

    def run():
        return import_run(
            case.organization, "customers", source=path, filename=path.name, on=TODAY, actor="test"
        )

    run()
    case.refresh_from_db()
    assert (case.customer.score, case.customer.payer_group) == (0, "Holding")
    assert case.next_plan_on == TODAY
    contact = Contact.objects.get()
    assert (contact.name, contact.role) == ("Anne Morel", "accounts_payable")
    assert ContactPoint.objects.get(kind="email").contact == contact
    Case.objects.update(next_plan_on=None)
    run()
    assert Contact.objects.count() == 1
    case.refresh_from_db()
    assert case.next_plan_on is None
    path.write_text(head + "C001;Menuiserie Duval;;Anne Morel;Directrice;;\n")
    run()
    contact.refresh_from_db()
    case.refresh_from_db()
    assert contact.role == "director"
    assert (case.customer.score, case.next_plan_on) == (0, TODAY)
    assert broken_invariants() == []
