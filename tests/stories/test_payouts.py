"""What customers pay online reaches the bank in one sum, less fees: the line is recognized, nothing
is entered twice, and every cent is explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import timezone

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import BankAccount, Match, StatementLine
from amiable.apps.banking.payout_pages import parts_page, payout_page, payouts_late, payouts_page
from amiable.apps.banking.payout_parts import payout_part_settle, payout_part_unsettle
from amiable.apps.banking.services import lines_match, match_confirm, match_undo, statement_import
from amiable.apps.cases.models import Case
from amiable.apps.dunning.payouts import payouts_fetch
from amiable.apps.payments.models import Payment, Payout, PayoutPart
from amiable.apps.payments.payouts import payouts_record
from amiable.apps.payments.services import PaymentError
from amiable.apps.receivables.models import Entry
from amiable.core.payouts import PayoutPart as Part
from amiable.core.payouts import PayoutRow
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.apps.portal_pages import no_limits, owing, today
from tests.plugins.mollie_server import TOKEN, eur, mollie_server
from tests.plugins.stripe_server import Stripe, stripe_server
from tests.stories.test_paying_online import begun, owed, returned

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT = "FR1420041010050500013M02606"


@pytest.fixture
def stripe(settings) -> Iterator[Stripe]:
    with stripe_server() as server:
        settings.GATEWAY_URLS = [server.url()]
        settings.BASE_URL = "https://relance.vauban.example"
        no_limits()
        yield server


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def case() -> Case:
    return owing()


def bank_line(case: Case, amount_minor: int, label: str, on: date | None = None) -> StatementLine:
    """A line of the statement, and the matching after it."""
    on = on or today()
    entry = StatementEntry(1, on, on, amount_minor, "EUR", label)
    record = StatementRecord(ACCOUNT, "EUR", 0, amount_minor, on, on, (entry,))
    statement_import(case.organization_id, [record], source="bank.xml", on=on, actor="test")
    lines_match(case.organization_id, on=on)
    return StatementLine.objects.latest("id")


def said(line: StatementLine) -> list[str]:
    return [sentence["code"] for sentence in line.evidence]


def row(name: str, net: int, *parts: Part, arrives: date | None = None, **more) -> PayoutRow:
    more = {"provider": "stripe", **more}
    return PayoutRow(0, more.pop("provider"), name, "EUR", net, arrives or today(), parts, **more)


def record(case: Case, *rows: PayoutRow) -> dict[str, int]:
    return payouts_record(case.organization_id, rows, source="test", on=today(), actor="test")


def test_the_payout_of_payments_online_is_tied_to_its_bank_line(case, stripe):
    first = begun(case, "1200,00", count=1)
    stripe.pay(first.provider_id)
    returned(first)
    second = begun(case, "300,00", count=2)
    stripe.pay(second.provider_id)
    returned(second)
    entered, owing_before = Payment.objects.count(), owed(case)
    name = stripe.pay_out()
    assert payouts_fetch(on=today())["created"] == 1
    payout = Payout.objects.get()
    # 1.4 % and 25 cents of each, and 2.00 a month.
    assert (payout.gross_minor, payout.fees_minor, payout.net_minor) == (150_000, 2_350, 147_650)
    assert (payout.name, payout.difference_minor, payout.standing) == (name, 0, "on_its_way")
    paid = PayoutPart.objects.filter(kind="payment")
    assert {part.payment_id for part in paid} == set(Payment.objects.values_list("id", flat=True))
    line = bank_line(case, 147_650, "VIR STRIPE PAYMENTS EUROPE")
    assert (line.state, said(line)) == ("posted", ["match.payout", "match.payout_alone"])
    view = payout_page(case.organization_id, payout.pk, on=today())
    assert (view.state, view.line_id, view.unknown) == ("arrived", line.pk, 0)
    # Nothing was entered: the invoices were settled when the customer paid.
    assert (Payment.objects.count(), owed(case)) == (entered, owing_before)


def test_asking_again_changes_nothing_but_where_it_stands(case, stripe):
    stripe.pay_past_us(50_000, "FA-1", "Boulangerie Martin")
    name = stripe.pay_out()
    payouts_fetch(on=today())
    before = list(PayoutPart.objects.order_by("id").values())
    assert payouts_fetch(on=today())["unchanged"] == 1
    stripe.paid_out(name)
    assert payouts_fetch(on=today())["moved"] == 1
    assert list(PayoutPart.objects.order_by("id").values()) == before
    assert Payout.objects.get().standing == "paid"


def test_a_refund_and_what_does_not_add_up_are_shown_to_the_cent(case, stripe):
    first = begun(case, "1200,00", count=1)
    stripe.pay(first.provider_id)
    returned(first)
    intent = Payment.objects.get().external_id.removeprefix("stripe:")
    stripe.refund(intent, 9_000)
    stripe.pay_out(short=7)
    payouts_fetch(on=today())
    payout = Payout.objects.get()
    assert (payout.back_minor, payout.backs, payout.difference_minor) == (9_000, 1, -7)
    line = bank_line(case, payout.net_minor, "STRIPE")
    assert said(line)[:2] == ["match.payout_back", "match.payout_differs"]
    _, counts = payouts_page(case.organization_id, on=today())
    assert (counts["arrived"], counts["differs"]) == (1, 1)


def test_a_gateway_that_does_not_answer_leaves_everything_as_it_was(case, settings):
    settings.GATEWAY_URLS = [Stripe(9).url()]
    assert payouts_fetch(on=today())["unanswered"] == 1
    settings.GATEWAY_URLS = [Stripe(9).url(key="sk_test_x")]
    assert payouts_fetch(on=today())["accounts"] == 0
    factories.organization("other")
    settings.GATEWAY_URLS = [Stripe(9).url()]
    assert payouts_fetch(on=today())["unowned"] == 1


def test_a_settlement_of_mollie_is_read_page_by_page(case, settings):
    with mollie_server() as mollie:
        settings.GATEWAY_URLS = [mollie.url(options=f"?access_token={TOKEN}")]
        paid = [
            {"id": f"tr_{n}", "amount": eur("100.00"), "settlementAmount": eur("100.00"),
             "paidAt": "2026-11-10T10:00:00+00:00", "description": f"FA-{n}"}
            for n in range(5)
        ]  # fmt: skip
        back = {"id": "re_1", "paymentId": "tr_0", "amount": eur("20.00"),
                "settlementAmount": eur("-20.00"), "createdAt": "2026-11-11T10:00:00+00:00"}  # fmt: skip
        mollie.settle("stl_1", "1234567.2611.01", net="476.50", fee="3.50", day=str(today()),
                      payments=paid, refunds=[back])  # fmt: skip
        assert payouts_fetch(on=today())["created"] == 1
        assert payouts_fetch(on=today())["unchanged"] == 1
        mollie.fault = 503
        assert payouts_fetch(on=today())["unanswered"] == 1
    payout = Payout.objects.get()
    assert (payout.gross_minor, payout.back_minor, payout.fees_minor) == (50_000, 2_000, 350)
    assert (payout.net_minor, payout.difference_minor) == (47_650, 0)
    line = bank_line(case, 47_650, "STG MOLLIE PAYMENTS 1234567.2611.01")
    assert said(line) == ["match.payout_back", "match.payout_named"]


def test_a_line_that_came_before_its_payout_was_known_is_tied_afterwards(case):
    line = bank_line(case, 9_800, "VIR STRIPE")
    assert (line.state, said(line)) == ("ignored", ["match.kind_payout"])
    record(case, row("po_later", 9_800, Part("t1", "payment", 10_000, 200)))
    lines_match(case.organization_id, on=today())
    line.refresh_from_db()
    assert line.state == "posted"
    assert Match.objects.get(state="posted").payout.name == "po_later"


def test_undone_the_line_waits_no_more_for_that_payout(case):
    record(case, row("po_undone", 9_800, Part("t1", "payment", 10_000, 200)))
    line = bank_line(case, 9_800, "VIR STRIPE")
    match_undo(case.organization_id, Match.objects.get().pk, on=today(), actor="camille")
    lines_match(case.organization_id, on=today())
    lines_match(case.organization_id, on=today())
    line.refresh_from_db()
    assert line.state == "ignored"
    assert payout_page(case.organization_id, Payout.objects.get().pk, on=today()).line_id is None


def test_two_payouts_of_one_amount_are_proposed_unless_the_day_tells(case):
    same = [
        row(f"po_same{n}", 9_800, Part("t", "payment", 10_000, 200),
            arrives=today() - timedelta(days=n))
        for n in (1, 2)
    ]  # fmt: skip
    record(case, *same)
    line = bank_line(case, 9_800, "VIR STRIPE")
    assert line.state == "proposed"
    chosen = Match.objects.filter(state="proposed").order_by("rank")[1]
    match_confirm(case.organization_id, chosen.pk, on=today(), actor="camille")
    assert Match.objects.get(state="posted").payout.name == "po_same2"
    second = bank_line(case, 9_800, "VIR STRIPE 2", on=today() + timedelta(days=1))
    assert Match.objects.get(line=second, state="posted").payout.name == "po_same1"


@pytest.mark.parametrize(
    ("label", "amount", "state"),
    [("VIR BOULANGERIE MARTIN", 9_800, "left"), ("VIR STRIPE", 9_801, "ignored"),
     ("STRIPE PO_NAMED12", 9_700, "left")],
)  # fmt: skip
def test_what_is_not_the_payout_is_not_tied_to_it(case, label, amount, state):
    record(case, row("po_named12", 9_800, Part("t1", "payment", 10_000, 200)))
    line = bank_line(case, amount, label)
    assert line.state == state
    assert not Match.objects.filter(state="posted", payout__isnull=False).exists()


def test_a_payout_of_another_creditor_is_left_to_its_account(case):
    other = factories.creditor(case.organization, "second", iban="FR7630006000011234567890189")
    rows = [row("po_others", 9_800, Part("t1", "payment", 10_000, 200))]
    payouts_record(case.organization_id, rows, source="t", on=today(), actor="t",
                   creditor_id=other.pk)  # fmt: skip
    assert bank_line(case, 9_800, "VIR STRIPE").state == "ignored"


def test_a_payment_made_past_us_is_shown_and_entered_when_a_person_says_whose_it_is(case):
    parts = [
        Part("t1", "payment", 30_000, 450, "pi_outside", today(), "Facture FA-2", "Client"),
        Part("t2", "payment", 1_000, 10, "pi_unknown", today(), "Merci"),
    ]
    record(case, row("po_outside", 30_540, *parts))
    line = bank_line(case, 30_540, "VIR STRIPE")
    assert line.state == "posted"
    assert Payment.objects.count() == 0
    payout = Payout.objects.get()
    shown, total = parts_page(case.organization_id, payout.pk, on=today())
    assert total == 2
    reading = next(part.reading for part in shown if part.reference == "pi_outside")
    assert [(number, money.amount_minor) for number, money in reading.parts] == [("FA-2", 30_000)]
    assert next(part.reading for part in shown if part.reference == "pi_unknown") is None
    before = owed(case)
    first = PayoutPart.objects.get(name="t1")
    who = {"on": today(), "actor": "camille"}
    settled = payout_part_settle(
        case.organization_id, first.pk, customer_id=reading.customer_id, **who
    )
    assert (settled.external_id, owed(case)) == ("stripe:pi_outside", before - 30_000)
    with pytest.raises(PaymentError):
        payout_part_settle(case.organization_id, first.pk, customer_id=case.customer_id, **who)
    payout_part_unsettle(case.organization_id, first.pk, **who)
    lines_match(case.organization_id, on=today())
    first.refresh_from_db()
    assert (first.payment_id, owed(case)) == (None, before)
    again = payout_part_settle(
        case.organization_id, first.pk, customer_id=reading.customer_id, **who
    )
    assert again.external_id == "stripe:pi_outside:1"
    # Nobody's invoice: it stays on the account as money to settle.
    second = PayoutPart.objects.get(name="t2")
    payout_part_settle(case.organization_id, second.pk, customer_id=case.customer_id, **who)
    assert owed(case) == before - 31_000
    assert Entry.objects.filter(kind="payment", reversed_by=None, reverses=None).count() == 2


@pytest.mark.parametrize("is_told", [True, False])
def test_a_payment_past_us_is_not_given_to_a_customer_of_another_creditor(case, is_told):
    other = factories.creditor(case.organization, "second", iban="FR7630006000011234567890189")
    stranger = factories.customer(other, "C900")
    factories.invoice(stranger, "FB-77", total_minor=30_000)
    for owner in (other, case.customer.creditor):
        BankAccount.objects.get_or_create(
            organization=case.organization, creditor=owner, identifier=owner.iban
        )
    part = Part("t1", "payment", 30_000, 0, "pi_outside", today(), "Facture FB-77")
    payouts_record(
        case.organization_id, [row("po_outside", 30_000, part)], source="test", on=today(),
        actor="test", creditor_id=case.customer.creditor_id if is_told else None,
    )  # fmt: skip
    bank_line(case, 30_000, "VIR STRIPE")
    (shown,), _ = parts_page(case.organization_id, Payout.objects.get().pk, on=today())
    assert shown.reading is None
    who = {"on": today(), "actor": "camille"}
    with pytest.raises(PaymentError) as refused:
        payout_part_settle(case.organization_id, shown.id, customer_id=stranger.pk, **who)
    assert refused.value.sentence.code == "payout.part_other_creditor"
    assert not Payment.objects.exists()
    ours = payout_part_settle(case.organization_id, shown.id, customer_id=case.customer_id, **who)
    assert ours.customer_id == case.customer_id


def test_what_was_missing_is_added_and_what_adds_up_stays(case):
    one, two = Part("t1", "payment", 10_000, 200), Part("t2", "payment", 5_000, 100)
    assert record(case, row("po_parts", 14_700, one))["created"] == 1
    assert Payout.objects.get().difference_minor == 4_900
    assert record(case, row("po_parts", 14_700, one, two))["completed"] == 1
    assert Payout.objects.get().difference_minor == 0
    assert record(case, row("po_parts", 14_700, one, two, Part("t3", "fee", -1)))["unchanged"] == 1
    assert PayoutPart.objects.count() == 2
    notes: list = []
    payouts_record(case.organization_id, [row("po_parts", 14_699, one)], source="t", on=today(),
                   actor="t", notes=notes)  # fmt: skip
    assert [note.code for note in notes] == ["payout.differs"]
    assert Payout.objects.get().net_minor == 14_700


def test_a_page_of_payouts_counts_its_states_in_one_query(case, django_assert_num_queries):
    for number in range(3):
        record(case, row(f"po_{number}", 1_000 + number, Part(f"t{number}", "payment", 1_000, 0)))
    bank_line(case, 1_000, "VIR STRIPE")
    with django_assert_num_queries(2):
        rows, counts = payouts_page(case.organization_id, on=today())
    assert counts == {"late": 0, "on_its_way": 2, "arrived": 1, "failed": 0, "differs": 2}
    assert len(rows) == 3


def test_a_payout_that_the_bank_never_shows_is_late(case):
    record(case, row("po_late", 9_800, Part("t1", "payment", 10_000, 200)))
    assert payouts_late(case.organization_id, on=today()) is None
    late = payouts_late(case.organization_id, on=today() + timedelta(days=9))
    assert (late.count, late.since, late.amounts[0].amount_minor) == (1, today(), 9_800)
    record(case, row("po_late", 9_800, standing="failed"))
    assert payouts_late(case.organization_id, on=today() + timedelta(days=9)) is None


def test_what_a_provider_takes_from_the_bank_is_its_payout_too(case):
    record(case, row("po_debit", -2_000, Part("t1", "chargeback", -2_000)))
    line = bank_line(case, -2_000, "PRLV STRIPE")
    assert (line.state, said(line)[0]) == ("posted", "match.payout_back")


def test_payments_entered_after_their_payout_are_found(case):
    record(case, row("po_early", 9_800, Part("t1", "payment", 10_000, 200, "pi_1")))
    lines_match(case.organization_id, on=today())
    from amiable.apps.payments.services import PaymentIn, payment_record

    entered = PaymentIn(case.customer_id, 10_000, "EUR", timezone.localdate(), "stripe:pi_1")
    payment = payment_record(case.organization_id, entered, on=today(), actor="t", cases={})
    lines_match(case.organization_id, on=today())
    assert PayoutPart.objects.get().payment_id == payment.pk
