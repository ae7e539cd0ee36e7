"""Direct debits from the mandate to the money: nobody who may not be debited is, nothing twice."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from lxml import etree

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Batch, Match, StatementLine
from amiable.apps.banking.services import lines_match, match_undo, statement_import
from amiable.apps.cases.models import Dispute, Hold
from amiable.apps.cases.services import CaseError, dispute_open, hold_place, promise_record
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.confirming.leaving import confirmations_tick
from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.dunning.debiting.filing import debit_file_cancel, debit_file_make
from amiable.apps.dunning.debiting.results import debit_handle, debits_follow, debits_refuse
from amiable.apps.insights.alerts import alerts
from amiable.apps.insights.intake import file_import
from amiable.apps.messaging.models import Message
from amiable.apps.payments.debits.mandates import (
    MandateIn,
    live_mandates,
    mandate_revoke,
    mandate_sign,
)
from amiable.apps.payments.debits.models import Debit, DebitFile, DebitItem, Mandate
from amiable.apps.payments.debits.queries import debit_counts, debits_page, mandate_rows
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.payments.telling import PaymentError
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.apps.tenants.brand import brand_change
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.settings import SettingsError
from amiable.core.direct_debits import mandate_reference
from amiable.core.records import DebitResult, StatementEntry, StatementRecord
from tests import factories

pytestmark = pytest.mark.django_db

ICS, ACCOUNT = "FR72ZZZ123456", "FR7630006000011234567890189"
MONDAY = date(2026, 11, 2)
BOX: dict = {}
ROUTES = {"email": ("memory", {"box": BOX})}


def at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(10)))


@pytest.fixture
def owner():
    return factories.creditor(factories.organization(), ics=ICS)


@pytest.fixture
def debtor(owner):
    return factories.customer(owner)


@pytest.fixture
def item(debtor):
    """1,200.00 due on the Wednesday in a week."""
    return factories.invoice(debtor, "FA-1", due=MONDAY + timedelta(days=9), issued=MONDAY)


def signed(debtor: Customer, *, on: date = MONDAY, **fields) -> Mandate:
    given = MandateIn(debtor.pk, "Menuiserie Duval", ACCOUNT, on, "paper", **fields)
    return mandate_sign(debtor.organization_id, given, on=on, actor="test", case_id=None)


def look(owner, day: date) -> dict[str, int]:
    """The day's look; what it announces leaves."""
    done = debits_tick(owner.organization_id, now=at(day))
    leave(owner, day)
    return done


def leave(owner, day: date) -> None:
    """As the sending tick does, which needs transactions of its own."""
    rows = Message.objects.filter(organization_id=owner.organization_id, state="frozen")
    for row in rows.filter(retry_at__lte=at(day)):
        row.state, row.sent_at, row.channel, row.retry_at = "sent", at(day), "memory", None
        row.attempts, row.provider_id = 1, "1"
        row.save()
        row.events.create(organization_id=row.organization_id, kind="sent", at=at(day))


def filed(owner, day: date) -> DebitFile:
    made = debit_file_make(owner.organization_id, owner.pk, now=at(day), actor="camille")
    return made.file


def announced(owner, debtor, item) -> Debit:
    signed(debtor)
    assert look(owner, MONDAY)["announced"] == 1
    return Debit.objects.get()


def sent(owner, debtor, item) -> Debit:
    debit = announced(owner, debtor, item)
    filed(owner, debit.collect_on - timedelta(days=5))
    debit.refresh_from_db()
    return debit


def booked(owner, *entries: tuple[int, dict], day: date) -> None:
    """A statement of the creditor's account, and what follows from it."""
    lines = [
        StatementEntry(n, day, day, amount, "EUR", more.pop("label", ""), **more)
        for n, (amount, more) in enumerate(entries, 1)
    ]
    record = StatementRecord(owner.iban, "EUR", None, None, day, day, lines, f"S{day}")
    org = owner.organization_id
    statement_import(org, [record], source=f"{day}.xml", on=day, actor="test")
    lines_match(org, on=day)
    debits_follow(org, on=day)


def collected(owner, debtor, item) -> Debit:
    debit = sent(owner, debtor, item)
    booked(owner, (debit.amount_minor, {"label": "REMISE PRLV"}), day=debit.collect_on)
    debit.refresh_from_db()
    return debit


def open_of(item) -> int:
    return installment_balances(item.organization_id, [item.pk])[item.pk]


def test_what_falls_due_is_announced_paused_filed_collected(owner, debtor, item):
    debit = announced(owner, debtor, item)
    assert (debit.amount_minor, debit.collect_on) == (120_000, date(2026, 11, 16))
    message = Message.objects.get(key=debit.notice_key)
    assert message.state == "sent"
    assert ICS in message.text
    assert debit.mandate.rum in message.text
    assert ACCOUNT not in message.text
    assert Hold.objects.get().installment_id == item.pk
    assert look(owner, MONDAY)["announced"] == 0

    with pytest.raises(CaseError, match="Nothing is to be handed"):
        filed(owner, date(2026, 11, 6))
    file = filed(owner, date(2026, 11, 10))
    root = etree.fromstring(bytes(file.content))
    assert root.findtext(".//{*}EndToEndId") == debit.end_to_end_id
    assert root.findtext(".//{*}MndtId") == debit.mandate.rum
    assert root.findtext(".//{*}SeqTp") == "FRST"
    assert root.findtext(".//{*}ReqdColltnDt") == "2026-11-16"
    assert root.findtext(".//{*}GrpHdr/{*}CtrlSum") == "1200.00"
    with pytest.raises(CaseError, match="Nothing is to be handed"):
        filed(owner, date(2026, 11, 10))

    booked(owner, (120_000, {"label": "REMISE PRLV"}), day=debit.collect_on)
    debit.refresh_from_db()
    assert debit.state == "collected"
    assert debit.payment.method == "direct_debit"
    assert open_of(item) == 0
    assert not Hold.objects.filter(ends_on__gte=debit.collect_on).exists()
    assert StatementLine.objects.get(state="split").amount_minor == 120_000
    assert debits_page(owner.organization_id, tab="collected")[0].numbers == ("FA-1",)
    assert broken_invariants() == []


@pytest.mark.django_db(transaction=True)
def test_an_announcement_leaves_with_the_next_messages(owner, debtor, item):
    signed(debtor)
    debits_tick(owner.organization_id, now=at(MONDAY))
    confirmations_tick(owner.organization_id, now=at(MONDAY), routes=ROUTES)
    assert Message.objects.get(key=Debit.objects.get().notice_key).state == "sent"
    assert len(BOX) == 1


@pytest.mark.parametrize(
    "what",
    ["paid", "disputed", "held", "promised", "insolvent", "revoked", "nobody told", "bounced"],
)
def test_who_may_not_be_debited_is_in_no_file(owner, debtor, item, what):
    debit = announced(owner, debtor, item)
    org, on = owner.organization_id, date(2026, 11, 9)
    case_id = factories.case(debtor).pk
    who = {"on": on, "actor": "test"}
    if what == "paid":
        paid = PaymentIn(debtor.pk, 120_000, "EUR", on, "p1", parts=((item.pk, 120_000),))
        payment_record(org, paid, cases={}, **who)
    elif what == "disputed":
        dispute_open(org, item.pk, reason="price", **who)
    elif what == "held":
        hold_place(org, case_id, reason="wait", **who)
    elif what == "promised":
        promise_record(org, case_id, amount_minor=120_000, due_on=on + timedelta(5), **who)
    elif what == "insolvent":
        Customer.objects.filter(pk=debtor.pk).update(insolvent_since=on)
    elif what == "revoked":
        mandate_revoke(org, debit.mandate_id, **who)
    elif what == "nobody told":
        Message.objects.filter(key=debit.notice_key).update(state="frozen")
    else:
        message = Message.objects.get(key=debit.notice_key)
        message.events.create(organization_id=org, kind="bounced", at=at(on))
    with pytest.raises(CaseError, match="Nothing is to be handed"):
        filed(owner, date(2026, 11, 10))
    assert not DebitFile.objects.exists()
    debits_tick(org, now=at(date(2026, 11, 10)))
    debit.refresh_from_db()
    if what == "nobody told":
        assert debit.state == "announced"
        return
    assert debit.state == "withdrawn"
    assert debit.why["code"]
    assert not DebitItem.objects.filter(is_running=True).exists()


def test_a_part_paid_meanwhile_is_announced_anew(owner, debtor, item):
    announced(owner, debtor, item)
    on = date(2026, 11, 9)
    paid = PaymentIn(debtor.pk, 20_000, "EUR", on, "p1", parts=((item.pk, 20_000),))
    payment_record(owner.organization_id, paid, cases={}, on=on, actor="test")
    done = look(owner, on)
    assert (done["withdrawn"], done["announced"]) == (1, 1)
    again = Debit.objects.get(state="announced")
    assert (again.amount_minor, again.collect_on) == (100_000, date(2026, 11, 23))


def test_nothing_is_collected_without_mandate_identifier_or_address(owner, debtor, item):
    assert look(owner, MONDAY)["announced"] == 0
    ContactPoint.objects.all().delete()
    signed(debtor)
    assert look(owner, MONDAY)["announced"] == 0
    assert not Debit.objects.exists()
    owner.ics = ""
    owner.save()
    with pytest.raises(PaymentError):
        signed(debtor)
    assert look(owner, MONDAY)["announced"] == 0


def test_a_test_announces_nothing(owner, debtor, item):
    signed(debtor)
    Organization.objects.update(test_recipient="us@vauban.example")
    assert look(owner, MONDAY)["announced"] == 0


def test_what_is_in_a_file_is_in_no_other(owner, debtor, item):
    debit = sent(owner, debtor, item)
    other = Debit.objects.create(
        organization=debit.organization, mandate=debit.mandate, customer=debtor, case_id=1,
        amount_minor=1, collect_on=debit.collect_on, end_to_end_id="x", planned_on=MONDAY,
        state="withdrawn",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        DebitItem.objects.create(
            organization=debit.organization, debit=other, installment=item, amount_minor=1
        )
    assert look(owner, debit.collect_on - timedelta(days=4))["announced"] == 0


def test_a_file_that_never_went_to_the_bank_is_taken_back(owner, debtor, item):
    debit = sent(owner, debtor, item)
    org, on = owner.organization_id, date(2026, 11, 11)
    assert Mandate.objects.get().presented_on == debit.collect_on - timedelta(days=5)
    debit_file_cancel(org, debit.file_id, on=on, actor="camille")
    debit.refresh_from_db()
    assert (debit.state, debit.file_id) == ("announced", None)
    assert Mandate.objects.get().presented_on is None
    assert not Batch.objects.exists()
    again = filed(owner, on)
    assert again.name != DebitFile.objects.order_by("id")[0].name
    booked(owner, (120_000, {"label": "REMISE PRLV"}), day=debit.collect_on)
    with pytest.raises(CaseError):
        debit_file_cancel(org, again.pk, on=on, actor="camille")


def test_an_unpaid_debit_opens_the_invoice_and_is_presented_once_more(owner, debtor, item):
    debit = collected(owner, debtor, item)
    back = debit.collect_on + timedelta(days=3)
    returned = {"end_to_end_id": debit.end_to_end_id, "is_return": True, "return_reason": "AM04"}
    booked(owner, (-120_000, dict(returned)), day=back)
    debit.refresh_from_db()
    assert (debit.state, debit.reason_code, debit.asks) == ("returned", "AM04", False)
    assert open_of(item) == 120_000
    again = Debit.objects.get(attempt=2)
    assert (again.state, again.collect_on) == ("planned", date(2026, 12, 3))
    assert look(owner, back)["announced"] == 1
    filed(owner, date(2026, 11, 30))
    again.refresh_from_db()
    assert again.sequence == "RCUR"
    booked(owner, (120_000, {"label": "REMISE PRLV"}), day=again.collect_on)
    returned["end_to_end_id"] = again.end_to_end_id
    booked(owner, (-120_000, returned), day=again.collect_on + timedelta(days=2))
    again.refresh_from_db()
    assert (again.state, again.why["code"], again.asks) == ("returned", "debit.no_retry", True)
    assert look(owner, again.collect_on + timedelta(days=2))["announced"] == 0
    assert Debit.objects.count() == 2
    assert not Hold.objects.filter(ends_on__gte=again.collect_on + timedelta(days=2)).exists()
    assert debit_handle(owner.organization_id, again.pk, on=MONDAY, actor="camille")
    assert broken_invariants() == []


def test_no_second_try_is_told_of_when_nothing_is_open_any_more(owner, debtor, item):
    debit = sent(owner, debtor, item)
    paid = PaymentIn(debtor.pk, 120_000, "EUR", MONDAY, "p1", parts=((item.pk, 120_000),))
    payment_record(owner.organization_id, paid, cases={}, on=MONDAY, actor="test")
    told = [DebitResult(1, debit.end_to_end_id, "RJCT", "AM04")]
    debits_refuse(owner.organization_id, told, on=debit.collect_on, actor="test")
    debit.refresh_from_db()
    assert (debit.state, debit.asks) == ("refused", False)
    assert debit.why == {"code": "debit.settled", "params": {}}
    assert Debit.objects.count() == 1


def test_a_second_try_that_is_announced_late_is_collected_later(owner, debtor, item):
    debit = collected(owner, debtor, item)
    back = debit.collect_on + timedelta(days=3)
    returned = {"end_to_end_id": debit.end_to_end_id, "is_return": True, "return_reason": "AM04"}
    booked(owner, (-120_000, returned), day=back)
    again = Debit.objects.get(attempt=2)
    ContactPoint.objects.update(opted_out_at=at(back))
    assert look(owner, back)["announced"] == 0
    ContactPoint.objects.update(opted_out_at=None)
    later = back + timedelta(days=8)
    assert look(owner, later)["announced"] == 1
    again.refresh_from_db()
    assert (again.state, again.announced_on) == ("announced", later)
    assert (again.collect_on - later).days >= owner.debit_notice_days
    assert Hold.objects.filter(ends_on__gt=again.collect_on).count() == 1
    assert filed(owner, again.collect_on - timedelta(days=4)).count == 1


def test_lack_of_funds_under_a_mandate_for_one_collection_asks_a_person(owner, debtor, item):
    signed(debtor, is_one_off=True)
    look(owner, MONDAY)
    filed(owner, date(2026, 11, 10))
    debit = Debit.objects.get()
    told = [DebitResult(1, debit.end_to_end_id, "RJCT", "AM04")]
    debits_refuse(owner.organization_id, told, on=date(2026, 11, 12), actor="test")
    debit.refresh_from_db()
    assert (debit.state, debit.asks, debit.why["code"]) == ("refused", True, "debit.used_up")
    assert Debit.objects.count() == 1


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_posting_undone_has_the_money_awaited_again(owner, debtor, item, meanwhile):
    debit = collected(owner, debtor, item)
    day, org = debit.collect_on, owner.organization_id
    other = Debit.objects.create(
        organization=debit.organization, mandate=debit.mandate, customer=debtor, amount_minor=1,
        case_id=debit.case_id, collect_on=day, end_to_end_id="x", planned_on=day,
    )  # fmt: skip
    if meanwhile:  # what another collection has taken up since is not taken from it
        DebitItem.objects.create(
            organization=debit.organization, debit=other, installment=item, amount_minor=1
        )
    match = Match.objects.get(payment=debit.payment)
    match_undo(org, match.pk, on=day, actor="camille")
    assert debits_follow(org, on=day).undone == 1
    debit.refresh_from_db()
    assert (debit.state, debit.payment_id) == ("sent", None)
    (running,) = DebitItem.objects.filter(is_running=True)
    assert running.debit == (other if meanwhile else debit)
    paused = Hold.objects.filter(installment=item, ends_on__gte=day)
    assert paused.exists() is not meanwhile


def test_money_that_the_debtor_had_paid_back_is_a_dispute_and_ends_the_mandate(owner, debtor, item):
    debit = collected(owner, debtor, item)
    returned = {"end_to_end_id": debit.end_to_end_id, "is_return": True, "return_reason": "MD06"}
    booked(owner, (-120_000, returned), day=debit.collect_on + timedelta(days=30))
    debit.refresh_from_db()
    assert (debit.state, debit.remedy, debit.asks) == ("returned", "dispute", True)
    assert Dispute.objects.get().installment_id == item.pk
    assert live_mandates(owner.organization_id, on=MONDAY) == {}
    assert mandate_rows(owner.organization_id, on=MONDAY)[0].standing == "blocked"
    assert debit_counts(owner.organization_id)["asks"][0] == 1
    assert "debits_ask" in [alert.code for alert in alerts(owner.organization_id, MONDAY)]
    # Signed anew, it may be collected again: but not what is disputed.
    signed(debtor, on=MONDAY)
    assert look(owner, debit.collect_on + timedelta(days=30))["announced"] == 0


def test_what_a_bank_refuses_lessens_what_is_waited_for(owner, debtor, item):
    other = factories.customer(owner, "C002", email="b@client.example", name="Garage Martin")
    factories.invoice(other, "FA-2", due=item.due_date, total_minor=30_000)
    signed(other)
    signed(debtor)
    assert look(owner, MONDAY)["announced"] == 2
    filed(owner, date(2026, 11, 10))
    refused, kept = Debit.objects.order_by("-amount_minor")
    results = [
        DebitResult(1, refused.end_to_end_id, "RJCT", "AC04"),
        DebitResult(2, kept.end_to_end_id, "ACCP"),
        DebitResult(3, "of somebody else", "RJCT", "AM04"),
    ]
    org, on = owner.organization_id, date(2026, 11, 12)
    for count in (1, 0):
        new, passed = debits_refuse(org, results, on=on, actor="test")
        assert new == count
        assert passed == {"of somebody else": "debit_result.unknown"}
    refused.refresh_from_db()
    assert (refused.state, refused.remedy, refused.asks) == ("refused", "other_means", True)
    assert Mandate.objects.get(pk=refused.mandate_id).blocked_code == "AC04"
    booked(owner, (30_000, {"label": "REMISE PRLV"}), day=kept.collect_on)
    kept.refresh_from_db()
    assert (kept.state, kept.payment.amount_minor) == ("collected", 30_000)
    assert open_of(item) == 120_000


def test_a_file_of_answers_is_let_in_once(owner, debtor, item, tmp_path):
    debit = sent(owner, debtor, item)
    sample = Path(__file__).parent.parent / "samples" / "pain002" / "refused.xml"
    path = tmp_path / "answer.xml"
    path.write_text(sample.read_text("utf-8").replace("RF16C39-34", debit.end_to_end_id), "utf-8")
    for count in (1, 0):
        done = file_import(
            owner.organization, "debit_results", source=path, filename=path.name,
            now=at(date(2026, 11, 12)), actor="test",
        )  # fmt: skip
        assert done.errors == ()
        assert done.counts["passed_over"] == 0
        assert Debit.objects.filter(state="refused").count() == 1
        assert done.counts["debits_refused"] == count


def test_a_statement_that_tells_each_debit_posts_it_by_its_reference(owner, debtor, item):
    debit = sent(owner, debtor, item)
    told = {"end_to_end_id": debit.end_to_end_id, "payer_name": "X", "label": "PRLV"}
    booked(owner, (120_000, told), day=debit.collect_on)
    debit.refresh_from_db()
    assert debit.state == "collected"
    assert not Batch.objects.exists()
    assert not StatementLine.objects.filter(state="awaited").exists()


def test_money_on_what_was_paid_meanwhile_stays_on_the_account(owner, debtor, item):
    debit = sent(owner, debtor, item)
    paid = PaymentIn(debtor.pk, 50_000, "EUR", MONDAY, "p1", parts=((item.pk, 50_000),))
    payment_record(owner.organization_id, paid, cases={}, on=MONDAY, actor="test")
    booked(owner, (120_000, {"label": "REMISE PRLV"}), day=debit.collect_on)
    debit.refresh_from_db()
    assert (debit.state, debit.payment.amount_minor, open_of(item)) == ("collected", 120_000, 0)
    left = unallocated_credits(owner.organization_id, [debtor.pk])
    assert left == {(debtor.pk, "EUR"): 50_000}
    assert broken_invariants() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"iban": "FR7630006000011234567890188"}, "mandate.iban"),
        ({"iban": "BR1800360305000010009795493C1"}, "mandate.not_sepa"),
        ({"name": "  "}, "mandate.name"),
        ({"scheme": "B2B", "kind": "consumer"}, "mandate.consumer_b2b"),
        ({"rum": "RUM-1"}, "mandate.reference"),
        ({"rum": "RUM é"}, "mandate.reference"),
        ({"rum": "R" * 36}, "mandate.reference"),
    ],
)
def test_a_mandate_that_cannot_be_is_refused(owner, fields, code):
    signed(factories.customer(owner, "C002"), rum="RUM-1")
    who = factories.customer(owner, kind=fields.get("kind", "company"))
    given = MandateIn(
        who.pk, fields.get("name", "X"), fields.get("iban", ACCOUNT), MONDAY, "paper",
        scheme=fields.get("scheme", "CORE"), rum=fields.get("rum", ""),
    )  # fmt: skip
    with pytest.raises(PaymentError) as refused:
        mandate_sign(owner.organization_id, given, on=MONDAY, actor="test", case_id=None)
    assert refused.value.sentence.code == code


def test_signing_again_ends_the_mandate_before(owner, debtor):
    first, second = signed(debtor), signed(debtor)
    assert first.rum != second.rum
    assert live_mandates(owner.organization_id, on=MONDAY)[debtor.pk] == second
    later = MONDAY.replace(year=2029)
    assert live_mandates(owner.organization_id, on=later) == {}
    assert mandate_rows(owner.organization_id, on=later)[0].standing == "lapsed"


def test_a_reference_that_somebody_took_first_is_passed_over(owner, debtor):
    taken = mandate_reference(owner.code, 2)
    signed(factories.customer(owner, "C002"), rum=taken)
    assert signed(debtor).rum == mandate_reference(owner.code, 3)


def test_money_of_somebody_else_under_its_reference_collects_no_debit(owner, debtor, item):
    other = factories.customer(owner, "C002")
    factories.invoice(other, "FA-2", due=item.due_date, issued=MONDAY)
    for each in (debtor, other):
        signed(each)
    look(owner, MONDAY)
    mine, theirs = Debit.objects.order_by("customer_id")
    filed(owner, mine.collect_on - timedelta(days=5))
    paid = PaymentIn(other.pk, 120_000, "EUR", MONDAY, "p1", reference=mine.end_to_end_id)
    payment_record(owner.organization_id, paid, cases={}, on=MONDAY, actor="test")
    debits_follow(owner.organization_id, on=mine.collect_on)
    assert set(Debit.objects.values_list("state", "payment")) == {("sent", None)}
    assert {mine.customer_id, theirs.customer_id} == {debtor.pk, other.pk}


def test_a_mandate_for_one_collection_serves_once(owner, debtor, item):
    factories.invoice(debtor, "FA-9", due=MONDAY + timedelta(days=40))
    signed(debtor, is_one_off=True)
    assert look(owner, MONDAY)["announced"] == 1
    assert look(owner, MONDAY + timedelta(days=4))["withdrawn"] == 0
    filed(owner, date(2026, 11, 10))
    assert Debit.objects.get().sequence == "OOFF"
    assert look(owner, MONDAY + timedelta(days=38))["announced"] == 0


def test_the_looks_cost_the_same_for_many(owner, django_assert_max_num_queries):
    for number in range(12):
        who = factories.customer(owner, f"C{number}", email=f"a{number}@client.example")
        factories.invoice(who, f"FA-{number}", due=MONDAY + timedelta(days=9))
        signed(who)
    with django_assert_max_num_queries(90):
        assert debits_tick(owner.organization_id, now=at(MONDAY))["announced"] == 12
    leave(owner, MONDAY)
    with django_assert_max_num_queries(90):
        assert filed(owner, date(2026, 11, 10)).count == 12


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ics": "FR73ZZZ123456"}, "ics"),
        ({"debit_iban": "FR00"}, "debit_iban"),
        ({"debit_lead_days": 0}, "debit_lead_days"),
        ({"debit_notice_days": 61}, "debit_notice_days"),
    ],
)
def test_settings_of_direct_debits_are_checked(owner, values, field):
    with pytest.raises(SettingsError) as refused:
        brand_change(owner.organization_id, owner.pk, values, on=MONDAY, actor="test")
    assert set(refused.value.problems) == {field}
