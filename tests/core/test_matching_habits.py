"""What customers usually do: learned from confirmed payments, used with care, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Habit, Item, Limits, Line, Opening, Terms
from amiable.core.matching.habits import LEAST, OpenThen, Seen, habit_days, habits_of
from amiable.core.matching.rests import DEDUCTIONS, REASONS, Rest, is_within, likely_reason

DAY = date(2026, 11, 20)
CLUB = Customer(1, "Aviron Club de Nantes", "C1")
OTHER = Customer(2, "Boulangerie Martin", "C2")
IBAN = "FR7630006000011234567890189"
# A subscription: the same amount every month, none of them named by the payer.
RENT = tuple(
    Item(10 + n, 1, f"FA2026-01{n:02}", "EUR", DAY + timedelta(days=30 * n - 95), 12_000)
    for n in range(5)
)
# A price list: many sets make the same sum.
LIST = tuple(
    Item(30 + n, 1, f"FA2026-02{n:02}", "EUR", date(2026, 6 + n // 3, 5 + n), 1_000 * (n % 3 + 1))
    for n in range(12)
)


def habit(code: str, count: int = 4, **fields) -> Habit:
    days = tuple(DAY - timedelta(days=31 * n) for n in range(count, 0, -1))
    return Habit(1, code, days, **fields)


def decide(amount: int, items, label: str = "VIR", *, habits=(), terms=(), **more):
    fields = {key: more.pop(key) for key in ("recent", "limits") if key in more}
    opening = Opening(
        items=tuple(items), customers=(CLUB, OTHER), ibans=((IBAN, 1),), habits=tuple(habits),
        terms=tuple(terms), **fields,
    )  # fmt: skip
    line = Line(1, DAY, amount, "EUR", label, payer_iban=IBAN, **more)
    return next(iter(decide_all(opening, [line])))


def codes(decision) -> list[str]:
    return [sentence.code for sentence in decision.evidence]


FIRST = Terms(1, order="oldest")


def test_equal_subscriptions_are_posted_oldest_first_only_as_agreed():
    assert decide(12_000, RENT).action == "propose"
    assert decide(12_000, RENT, habits=[habit("oldest")]).action == "propose"
    posted = decide(12_000, RENT, terms=[FIRST])
    assert (posted.action, posted.hypotheses[0].parts) == ("post", ((10, 12_000),))
    assert "match.agreed_oldest" in codes(posted)


def test_as_agreed_a_part_payment_fills_one_debt_after_the_other():
    posted = decide(30_000, RENT, terms=[FIRST])
    assert posted.hypotheses[0].parts == ((10, 12_000), (11, 12_000), (12, 6_000))
    assert decide(70_000, RENT, terms=[FIRST]).action == "propose"  # more than all that is owed


@pytest.mark.parametrize(
    ("amount", "label", "more"),
    [
        (12_000, "REGLT FA2026-0777", {}),
        (12_000, "ACOMPTE", {}),
        (12_000, "AVOIR DEDUIT", {}),
        (12_000, "VIR", {"recent": ((1, 12_000, "EUR", DAY - timedelta(days=3)),)}),
    ],
)
def test_no_agreement_stands_against_the_words_of_the_line_or_a_veto(amount, label, more):
    assert decide(amount, RENT, label, terms=[FIRST], **more).action != "post"


def test_an_agreement_in_words_is_shown_and_never_applied_unasked():
    agreed = Terms(1, order="agreed", agreed="site of rue Haute first")
    decision = decide(30_000, RENT, terms=[agreed], habits=[habit("oldest"), habit("balance")])
    assert decision.action == "propose"
    assert decision.evidence[-1].params == {"agreed": "site of rue Haute first"}


def test_a_habit_of_the_oldest_posts_what_is_exactly_the_oldest():
    total = sum(item.open_minor for item in LIST[:4])
    assert decide(total, LIST).action == "propose"
    posted = decide(total, LIST, habits=[habit("oldest")])
    assert (posted.action, [i for i, _ in posted.hypotheses[0].parts]) == ("post", [30, 31, 32, 33])
    said = posted.evidence[-1]
    assert (said.code, said.params["count"]) == ("match.habit", 4)
    assert str(said) == (
        "this customer pays its oldest invoices first, as the last 4 times "
        "(2026-07-19, 2026-08-19, 2026-09-19, 2026-10-20)"
    )


def test_a_habit_of_a_month_posts_all_of_one_month_and_only_then():
    july = [item for item in LIST if item.due_date.month == 7]
    total = sum(item.open_minor for item in july)
    assert total == sum(item.open_minor for item in LIST[:3])  # June makes the same sum
    months = habit("month")
    assert decide(total, LIST, habits=[months]).action == "propose"
    dearer = [replace(item, open_minor=item.open_minor + 500) for item in july]
    items = [*(item for item in LIST if item.due_date.month != 7), *dearer]
    posted = decide(total + 1_500, items, habits=[months])
    assert (posted.action, posted.hypotheses[0].kind) == ("post", "month")
    assert {i for i, _ in posted.hypotheses[0].parts} == {item.id for item in july}


def test_a_usual_fee_or_discount_is_given_up_within_the_limits_alone():
    items = [Item(50, 1, "FA2026-0300", "EUR", DAY + timedelta(days=5), 100_000)]
    limits = Limits(bank_fee_minor=2_500, discount_permille=30)
    for amount, usual in (
        (98_350, habit("bank_fee", value=1_650)),
        (98_000, habit("discount", value=20)),
    ):
        assert decide(amount, items, limits=limits).action == "propose"
        posted = decide(amount, items, limits=limits, habits=[usual])
        assert posted.action == "post"
        assert posted.hypotheses[0].write_offs == ((50, 100_000 - amount),)
        other = replace(usual, value=usual.value + 1)
        assert decide(amount, items, limits=limits, habits=[other]).action == "propose"
        assert decide(amount, items, limits=Limits(0, 0, 0), habits=[usual]).action == "propose"


# -- learning ----------------------------------------------------------------------------------

OPEN = tuple(OpenThen(n, date(2026, 1 + n, 10)) for n in range(1, 7))


def seen(*paid: int, n: int = 0, items=OPEN, **fields) -> Seen:
    return Seen(DAY + timedelta(days=n), frozenset(paid), items, **fields)


def learned(*history: Seen) -> dict[str, Habit]:
    return {each.code: each for each in habits_of(1, history)}


def test_a_habit_needs_three_in_a_row_and_one_against_ends_it():
    oldest = [seen(1, n=1), seen(1, 2, n=2), seen(1, n=3)]
    assert "oldest" not in learned(*oldest[:2])
    assert learned(*oldest)["oldest"].days == tuple(each.day for each in oldest)
    assert "oldest" not in learned(*oldest, seen(4, n=4))
    again = [seen(4, n=0), *oldest]
    assert len(learned(*again)["oldest"].days) == LEAST


def test_where_there_was_no_choice_nothing_is_learned():
    alone = [seen(1, n=n, items=OPEN[:1]) for n in range(5)]
    assert set(learned(*alone)) == set()


def test_a_discount_a_fee_a_group_and_a_payer_are_learned_with_their_value():
    found = learned(*(seen(1, 2, n=n, permille=20, payer="Holding") for n in range(3)))
    assert (found["discount"].value, found["group"].value, found["payer"].payer) == (
        20,
        2,
        "Holding",
    )
    assert "bank_fee" not in found
    mixed = learned(*(seen(1, n=n, fee_minor=1_500 + n) for n in range(3)))
    assert "bank_fee" not in mixed


def test_the_days_of_a_habit_are_the_last_four():
    long = habit("oldest", 6)
    assert str(habit_days(long)) == ", ".join(str(day) for day in long.days[-4:])


@given(st.lists(st.sets(st.integers(1, 6), min_size=1), max_size=8))
def test_every_learned_habit_holds_of_its_last_days(history):
    rows = [seen(*paid, n=n) for n, paid in enumerate(history)]
    for each in habits_of(1, rows):
        assert len(each.days) >= LEAST
        assert list(each.days) == sorted(each.days)
        if each.code == "oldest":
            last = [row for row in rows if row.day in each.days]
            assert all(row.paid == frozenset(range(1, len(row.paid) + 1)) for row in last)


# -- what a rest may be ------------------------------------------------------------------------

DUE = DAY + timedelta(days=3)
LIMITS = Limits(cents_minor=99, bank_fee_minor=0, discount_permille=0)


def rest(left: int, total: int = 100_000, **fields) -> Rest:
    return Rest(left, total, "EUR", fields.pop("due", DUE), DAY, **fields)


@pytest.mark.parametrize(
    ("found", "reason", "why"),
    [
        (rest(50), "cents", "rest.why_cents"),
        (rest(2_000), "discount", "rest.why_discount"),
        (rest(2_000, due=DAY - timedelta(days=1)), "discount", "rest.why_late_discount"),
        (rest(1_650, payer_iban="DE89370400440532013000"), "bank_fee", "rest.why_foreign_fee"),
        (rest(1_650, label="VIR INST RECU"), "bank_fee", "rest.why_instant_fee"),
        (rest(1_650, label="VIR SEPA"), "part", "rest.why_part"),
        (rest(5_000), "deduction", "rest.why_retention"),
        (rest(7_777, label="RETENUE DE GARANTIE 5%"), "deduction", "rest.why_words"),
        (rest(7_777, label="NOTE DE DÉBIT 12"), "deduction", "rest.why_words"),
        (rest(7_777, label="LITIGE QUALITE"), "dispute", "rest.why_words"),
        (rest(40_000), "part", "rest.why_part"),
    ],
)
def test_the_likely_reason_says_why(found, reason, why):
    likely = likely_reason(found, LIMITS)
    assert (likely.reason, likely.why.code) == (reason, why)
    assert likely.reason in REASONS
    assert likely.detail in ("", *DEDUCTIONS)


def test_what_was_agreed_or_usual_is_more_likely_than_chance():
    assert likely_reason(rest(4_000), LIMITS, agreed_permille=40).why.code == (
        "rest.why_agreed_discount"
    )
    usual = habit("bank_fee", value=1_650)
    assert likely_reason(rest(1_650), LIMITS, habit=usual).why.code == "rest.why_same_fee"


@given(left=st.integers(1, 10_000), reason=st.sampled_from(REASONS))
def test_limits_let_nothing_larger_go(left, reason):
    limits = Limits(cents_minor=99, bank_fee_minor=1_500, discount_permille=20)
    most = {"cents": 99, "bank_fee": 1_500, "discount": 2_000}.get(reason, 0)
    assert is_within(reason, rest(left), limits=limits) == (left <= most)
    assert not is_within("discount", rest(left, due=DAY - timedelta(days=1)), limits=limits)
