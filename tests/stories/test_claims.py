"""What a formal notice claims beside the principal: computed, explained, or left out with a word."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.cases.services import cases_wake, dispute_open
from amiable.apps.messaging.models import Message
from amiable.apps.payments.decisions import Wish, credit_keep
from amiable.apps.payments.services import payment_undo
from amiable.apps.tenants.models import Creditor
from amiable.core.scenario import Scenario, Step
from amiable.core.sentences import Sentence
from tests.stories.portfolio.office import CLAIRE, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 7, 31)
NOTICE = Scenario(
    "story", 1, "Story",
    (
        Step("firm", 40, "letter", "firm", "reminder_firm"),
        Step("notice", 92, "registered_letter", "formal", "formal_notice",
             "manual"),
        Step("again", 108, "registered_letter", "formal", "formal_notice", "manual"),
    ),
)  # fmt: skip


def office(claims_from: str = "formal", **fields) -> Office:
    found = Office(NOTICE)
    Creditor.objects.filter(id=found.creditor.id).update(claims_from=claims_from, **fields)
    return found


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def letters(place: Office, first: int = 1, last: int = 95) -> list[Message]:
    """What was sent in these days, in order."""
    before = len(place.handed)
    place.live(day(first), day(last))
    return [Message.objects.get(id=h.message_id) for h in place.handed[before:]]


def words(message: Message) -> str:
    return " ".join(message.text.replace("\u202f", " ").replace("\u00a0", " ").split())


def reason(message: Message) -> str:
    """The code of what kept interest from being claimed."""
    (note, *_) = [
        sentence
        for sentence in map(Sentence.from_json, message.notes)
        if sentence.code == "claims.rate"
    ]
    return note.params["why"].code


def test_a_formal_notice_states_interest_and_fee_and_a_firm_letter_only_the_law():
    place = office()
    place.invoice(place.customer(), due=DUE, euros=10_000)
    firm, notice = letters(place)
    assert "Sommes dues" not in words(firm)
    # 31 July to 2 November (a Monday): 94 days at 12.40 %.
    assert notice.on_date == date(2026, 11, 2)
    text = words(notice)
    assert "Sommes dues au 2 novembre 2026, intérêts compris" in text
    assert "319,34 €" in text
    assert "12,40 %" in text
    assert "10 359,34 €" in text
    assert "L441-10 et D441-5" in text
    assert "n’en demande pas" not in text


def test_a_creditor_that_claims_nothing_says_so_and_shows_no_table():
    place = office("")
    place.invoice(place.customer(), due=DUE, euros=10_000)
    notice = letters(place)[-1]
    assert "n’en demande pas encore le paiement" in words(notice)
    assert "Sommes dues" not in words(notice)


def test_a_payment_counts_against_interest_first_and_one_taken_back_not_at_all():
    place = office()
    customer = place.customer()
    item = place.invoice(customer, due=DUE, euros=10_000)
    place.pay(customer, 4_000, on=day(61), parts={item: 4_000})
    wrong = place.pay(customer, 1_000, on=day(70), parts={item: 1_000})
    payment_undo(place.id, wrong.id, on=day(71), actor=CLAIRE, cases=place._cases())
    text = words(letters(place)[-1])
    # 207.23 by 30 September, then 6,207.23 for 33 days at 12.40 %: 69.59.
    assert "207,23 €" in text
    assert "6 207,23 €" in text
    assert "276,82 €" in text


def test_two_instalments_of_one_invoice_owe_one_fee():
    place = office()
    customer = place.customer()
    place.invoice(customer, "F1", due=DUE, euros=1_000)
    place.invoice(customer, "F2", due=DUE, euros=1_000)
    assert "80,00 €" in words(letters(place)[-1])


def test_the_part_in_dispute_bears_nothing():
    place = office()
    item = place.invoice(place.customer(), due=DUE, euros=10_000)
    dispute_open(place.id, item, reason="price", amount_minor=400_000, on=day(1), actor=CLAIRE)
    assert "191,61 €" in words(letters(place)[-1])  # 6,000.00 for 94 days


def test_money_not_yet_used_leaves_the_claim_out_and_the_message_says_why():
    place = office()
    customer = place.customer()
    place.invoice(customer, due=DUE, euros=10_000)
    payment = place.pay(customer, 50, on=day(5))
    assert letters(place, last=41) == []  # nobody has looked at that money yet
    kept = Wish(payment.entry_id, 0)
    credit_keep(place.id, kept, on=day(41), actor=CLAIRE, cases={})
    cases_wake(place.id, [customer.id], on=day(42))
    notice = letters(place, first=42)[-1]
    assert "Sommes dues" not in words(notice)
    assert "claims.credit" in [note["code"] for note in notice.notes]


def test_a_contract_rate_below_the_floor_claims_nothing_and_the_message_says_why():
    place = office(late_rate_bp=300)
    place.invoice(place.customer(), due=DUE, euros=10_000)
    notice = letters(place)[-1]
    assert "Sommes dues" not in words(notice)
    assert reason(notice) == "interest.below_floor"


def test_a_contract_rate_replaces_that_of_the_law():
    place = office(late_rate_bp=1500)
    place.invoice(place.customer(), due=DUE, euros=10_000)
    assert "386,30 €" in words(letters(place)[-1])  # 94 days at 15 %


def test_a_rate_that_is_not_known_yet_leaves_the_claim_out():
    place = office()
    place.invoice(place.customer(), due=DUE + timedelta(days=120), euros=10_000)
    notice = letters(place, 1, 230)[-1]
    assert notice.on_date.year == 2027
    assert reason(notice) == "interest.unknown_rate"


def test_a_consumer_owes_interest_from_the_notice_and_never_a_fee():
    place = office()
    place.invoice(place.customer(kind="consumer"), due=date(2026, 2, 27), euros=800)
    first = letters(place, -154, -60)[-1]
    assert "Sommes dues" not in words(first)
    assert "claims.notice" in [note["code"] for note in first.notes]
    place.event(first.id, "presented", on=date(2026, 6, 3))
    again = letters(place, -59, -40)[-1]
    text = words(again)
    assert again.on_date == date(2026, 6, 15)
    assert "0,69 €" in text  # 12 days at 2.62 %
    assert "40 €" not in text
    assert "L313-2" in text
