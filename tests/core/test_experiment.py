"""The experiment's promises: an even draw, results by intention to treat, no false winner."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.experiment.arms import (
    Shares,
    SharesError,
    arm_counts,
    arm_of,
    balance,
    draw_p_value,
    payer_group,
)
from amiable.core.experiment.outcomes import Item, Payer, counted, mean, outcome, restricted_mean
from amiable.core.experiment.sequential import (
    ALPHA,
    Measure,
    Tally,
    compared,
    half_width,
    looks,
    p_value,
)
from amiable.core.experiment.sizes import (
    Supply,
    decidable_on,
    drawn_for,
    forecast,
    payers_in_arms,
    payers_needed,
    payers_needed_share,
    payers_needed_watched,
)
from amiable.core.experiment.verdict import conclude, guardrail, tenths

DAY = date(2026, 1, 5)
HALVES = Shares(50, 0)
THREE = Shares(45, 10)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def item(due: int = -10, settled: int | None = None, amount: int = 100, drawn: int = 0) -> Item:
    settled_on = None if settled is None else DAY + days(settled)
    return Item(DAY + days(drawn), DAY + days(due), settled_on, amount)


def payer(*items: Item, arm: str = "champion", **fields) -> Payer:
    return Payer("customer:1", arm, DAY, items=items, **fields)


# ---------------------------------------------------------------- the draw


def test_payer_group_is_the_named_group_else_the_company_else_the_customer():
    assert payer_group(group="Holding", siren="123456789", customer_id=4) == "group:Holding"
    assert payer_group(group="", siren="123456789", customer_id=4) == "siren:123456789"
    assert payer_group(group="", siren="", customer_id=4) == "customer:4"


def test_draw_follows_the_shares_and_repeats():
    groups = [f"customer:{i}" for i in range(20_000)]
    arms = [arm_of("salt", group, shares=THREE) for group in groups]
    shares = {arm: arms.count(arm) / len(arms) for arm in set(arms)}
    assert shares == pytest.approx({"champion": 0.45, "challenger": 0.45, "holdout": 0.1}, abs=0.01)
    assert arms == [arm_of("salt", group, shares=THREE) for group in groups]
    other = [arm_of("pepper", group, shares=THREE) for group in groups]
    same = sum(a == b for a, b in zip(arms, other, strict=True)) / len(arms)
    assert same == pytest.approx(0.45**2 * 2 + 0.1**2, abs=0.015)  # no more than by chance


@pytest.mark.parametrize("shares", [(0, 0), (60, 35), (-1, 10), (10, -1), (0, 95)])
def test_shares_that_leave_nothing_to_compare_are_refused(shares):
    with pytest.raises(SharesError):
        Shares(*shares)


def test_a_broken_draw_is_told_from_chance():
    assert draw_p_value({"champion": 500, "challenger": 510}, HALVES) > 0.5
    assert draw_p_value({"champion": 500, "challenger": 700}, HALVES) < 1e-6
    assert draw_p_value({"champion": 450, "challenger": 450, "holdout": 100}, THREE) == 1
    assert draw_p_value({"champion": 450, "challenger": 380, "holdout": 170}, THREE) < 1e-6
    assert draw_p_value({}, THREE) == 1


def test_chi_square_of_one_degree_matches_the_table():
    # 3.841 is the 5 % point of chi-square with one degree of freedom: (n1 - n2)² / n.
    gap = math.sqrt(3.841 * 10_000)
    counts = {"champion": round(5_000 - gap / 2), "challenger": round(5_000 + gap / 2)}
    assert draw_p_value(counts, HALVES) == pytest.approx(0.05, abs=0.001)


def test_balance_compares_what_was_known_at_the_draw():
    dice = random.Random(3)
    payers = [
        Payer(
            f"customer:{i}",
            "challenger" if i % 2 else "champion",
            DAY,
            kind="public" if i % 10 == 0 else "company",
            history_days=dice.gauss(12, 5) if i % 3 else None,
            open_minor=round(dice.gauss(100_000, 20_000)) + (15_000 if i % 2 else 0),
            overdue_days=10,
        )
        for i in range(2_000)
    ]
    rows = {row.code: row for row in balance(payers)}
    assert set(rows) == {"open_minor", "overdue_days", "history_days", "company", "public"}
    assert rows["open_minor"].differences["challenger"] == pytest.approx(0.75, abs=0.1)
    assert not rows["open_minor"].even
    assert rows["history_days"].even
    assert rows["overdue_days"].differences == {"challenger": 0.0}
    assert not rows["public"].even  # every public body is in one arm
    assert arm_counts(payers) == {"champion": 1000, "challenger": 1000, "holdout": 0}
    assert balance([]) == balance(())
    assert balance([payer(), payer(arm="holdout")])[0].differences == {"holdout": 0.0}
    assert balance([payer(arm="challenger")])[0].differences == {}


def test_groups_of_few_payers_are_not_alike_and_yet_within_chance():
    """0.54 standard deviations are far above what counts as alike; of 12 payers chance does it."""
    champion = [payer(open_minor=1_000 * (i % 5)) for i in range(6)]
    other = [payer(arm="challenger", open_minor=1_000 * (i % 5) + 850) for i in range(6)]
    row = balance([*champion, *other])[0]
    assert row.differences["challenger"] == pytest.approx(0.55, abs=0.05)
    assert row.chance["challenger"] == pytest.approx(2.81 * math.sqrt(2 / 6))
    assert (row.alike, row.even) == (False, True)
    assert balance([payer(), payer(arm="challenger")])[0].alike


@pytest.mark.parametrize(
    ("payers", "shares", "arm", "found"),
    [
        (565, Shares(45, 10), "challenger", (565, 565)),
        (300, Shares(50, 0), "challenger", (300, 300)),
        (565, Shares(45, 10), "holdout", (346, 1557)),
        (20, Shares(45, 10), "holdout", (300, 1350)),
    ],
)
def test_unequal_groups_need_fewer_in_the_smaller_and_more_in_the_larger(
    payers, shares, arm, found
):
    assert payers_in_arms(payers, shares, arm=arm) == found


# ---------------------------------------------------------------- outcomes


def test_days_count_from_the_draw_or_from_a_later_due_date():
    assert item(due=-20, settled=5).origin == DAY
    assert item(due=8, settled=10).origin == DAY + days(8)
    found = outcome(payer(item(due=-20, settled=5), item(due=8, settled=10)))
    assert found is not None
    assert found.days == 3.5
    assert found.paid == {7: 1.0, 14: 1.0, 30: 1.0}
    assert found.ready_on == DAY + days(44)


def test_unpaid_and_very_late_count_as_thirty_days():
    found = outcome(payer(item(settled=None, amount=300), item(settled=75, amount=100)))
    assert found is not None
    assert (found.days, found.days_by_amount, found.amount_minor) == (30, 30, 400)
    assert found.paid[30] == 0


def test_amounts_weigh_when_asked():
    found = outcome(payer(item(settled=10, amount=900), item(settled=20, amount=100)))
    assert found is not None
    assert (found.days, found.days_by_amount) == (15, 11)
    free = outcome(payer(item(settled=10, amount=0)))
    assert free is not None
    assert free.days_by_amount == 10


def test_paid_at_once_still_counts_and_paid_before_the_draw_does_not():
    assert counted([item(settled=-1), item(settled=0)]) == [item(settled=0)]
    assert outcome(payer(item(settled=-1))) is None
    found = outcome(payer(item(due=9, settled=2)))
    assert found is not None
    assert found.days == 0


def test_whoever_pays_at_once_is_not_counted_before_the_others():
    fast, slow = outcome(payer(item(settled=1))), outcome(payer(item()))
    assert fast is not None
    assert slow is not None
    assert fast.ready_on == slow.ready_on


def test_items_that_fall_due_later_than_the_window_do_not_count():
    assert counted([item(due=0), item(due=14), item(due=15)]) == [item(due=0), item(due=14)]
    assert counted([item(due=40), item(due=50)]) == [item(due=40), item(due=50)]


def test_restricted_mean_of_followed_items_is_their_plain_mean():
    items = [item(settled=n) for n in (0, 4, 10, 40)] + [item()]
    expected = (0 + 4 + 10 + 30 + 30) / 5
    assert restricted_mean(items, on=DAY + days(60)) == pytest.approx(expected)
    assert restricted_mean([item(due=90)], on=DAY) is None
    assert restricted_mean([item(settled=3)], on=DAY + days(60)) == 3
    assert restricted_mean([], on=DAY) is None


def test_restricted_mean_does_not_take_the_fast_payers_for_everybody():
    dice = random.Random(11)
    items = []
    for _ in range(4_000):
        drawn, length = dice.randrange(0, 40), dice.expovariate(1 / 20)
        items.append(item(due=drawn - 5, drawn=drawn, settled=drawn + int(length)))
    on = DAY + days(40)
    truth = mean([min(int((i.settled_on - i.origin).days), 30) for i in items])
    naive = mean([(i.settled_on - i.origin).days for i in items if i.settled_on <= on])
    found = restricted_mean(items, on=on)
    assert found == pytest.approx(truth, abs=0.7)
    assert naive < truth - 4
    assert mean([]) is None


@given(
    st.lists(st.tuples(st.integers(-30, 30), st.none() | st.integers(0, 90)), min_size=1),
)
def test_days_stay_within_the_horizon(rows):
    found = outcome(payer(*(item(due, settled) for due, settled in rows)))
    assert found is not None
    assert 0 <= found.days <= 30
    assert 0 <= found.days_by_amount <= 30
    assert found.paid[7] <= found.paid[14] <= found.paid[30]


# ---------------------------------------------------------------- the sequential test


def test_p_value_and_interval_say_the_same():
    for variance in (0.01, 0.3, 5.0):
        width = half_width(variance, mixing=2.0)
        assert p_value(width, variance, mixing=2.0) == pytest.approx(ALPHA)
        assert p_value(width * 1.01, variance, mixing=2.0) < ALPHA
        assert p_value(width * 0.99, variance, mixing=2.0) > ALPHA
        assert width > 1.96 * math.sqrt(variance)  # watching has its price
    assert p_value(0.0, 4.0, mixing=2.0) == 1


def test_peeking_finds_false_winners_and_the_sequential_test_does_not():
    """60 looks at two equal arms: a third of the peekers find a winner, one in fifty of us."""
    dice = random.Random(2026)
    runs, peeked, declared = 400, 0, 0
    for _ in range(runs):
        tallies = Tally(), Tally()
        peek = valid = False
        for _ in range(60):
            for _ in range(20):
                tallies[0].add(dice.gauss(20, 12))
                tallies[1].add(dice.gauss(20, 12))
            difference, variance, _ = compared(tallies)
            peek = peek or abs(difference) > 1.96 * math.sqrt(variance)
            valid = valid or p_value(difference, variance, mixing=2.0) < ALPHA
        peeked += peek
        declared += valid
    assert 0.28 < peeked / runs < 0.38
    assert declared / runs < 0.04


def measures(dice: random.Random, count: int, *, shift: float = 0.0, noise: float = 9.0):
    """Payers of an exponential world, one a day; the past explains part of the outcome."""
    found = []
    for index in range(count):
        past = dice.gauss(10, 8)
        value = 15 + shift + past * 0.9 + dice.gauss(0, noise)
        known = past if index % 5 else None
        found.append(Measure(DAY + days(index // 4), value, known))
    return found


def test_a_real_difference_is_found_and_covered():
    dice = random.Random(5)
    found = looks(
        measures(dice, 1_500), measures(dice, 1_500, shift=-3), until=DAY + days(400), mixing=2.0
    )
    assert found[0].champion_payers >= 30
    assert found[-1].p_value < 0.001
    assert found[-1].is_different
    assert found[-1].low < -3 < found[-1].high
    assert [look.p_value for look in found] == sorted((k.p_value for k in found), reverse=True)


def test_the_past_of_the_payers_takes_out_variance():
    dice = random.Random(6)
    with_past = looks(measures(dice, 800), measures(dice, 800), until=DAY + days(400), mixing=2.0)[
        -1
    ]
    dice = random.Random(6)
    forgotten = [[Measure(m.ready_on, m.value) for m in measures(dice, 800)] for _ in range(2)]
    without = looks(*forgotten, until=DAY + days(400), mixing=2.0)[-1]
    assert without.reduction == 0
    # A fifth has no history; of the rest the past explains (0.9 · 8)² of (0.9 · 8)² + 9².
    assert with_past.reduction == pytest.approx(0.8 * 51.84 / (51.84 + 81), abs=0.05)
    assert with_past.variance == pytest.approx(without.variance * (1 - with_past.reduction))


def test_looks_end_on_the_day_asked_for_and_need_payers():
    rows = measures(random.Random(1), 200)
    assert looks(rows, rows, until=DAY + days(20), mixing=2.0)[-1].on == DAY + days(20)
    assert looks(rows[:29], rows, until=DAY + days(90), mixing=2.0) == []


def test_equal_values_still_have_the_doubt_of_whole_days():
    same = [Measure(DAY, 30.0)] * 40
    assert looks(same, same, until=DAY, mixing=2.0)[0].low < 0
    assert looks(same, same, until=DAY, mixing=2.0, floor=0.0) == []


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("sd", "effect", "plain", "with_past"), [(12, 2, 565, 339), (25, 3, 1090, 654)]
)
def test_payers_needed_for_a_difference_of_days(sd, effect, plain, with_past):
    assert payers_needed(sd, effect) == plain
    assert payers_needed(sd, effect, reduction=0.4) == with_past


@pytest.mark.parametrize(("first", "second", "needed"), [(0.40, 0.45, 1531), (0.40, 0.43, 4231)])
def test_payers_needed_for_a_share(first, second, needed):
    assert payers_needed_share(first, second) == needed


def test_watching_every_day_needs_about_twice_the_payers_and_then_finds_it():
    needed = payers_needed_watched(12, 2)
    assert 1.8 < needed / payers_needed(12, 2) < 2.1
    dice = random.Random(8)
    found = 0
    for _ in range(300):
        gap = dice.gauss(2, math.sqrt(2 * 144 / needed))
        found += abs(gap) > half_width(2 * 144 / needed, mixing=2.0)
    assert found / 300 == pytest.approx(0.8, abs=0.07)


def test_forecast_counts_the_stock_and_what_comes_each_week():
    rich = forecast(
        sd_days=12, effect_days=2, shares=HALVES, arm="challenger",
        supply=Supply(5_000, 0), start_on=DAY,
    )  # fmt: skip
    assert rich.earliest_on == rich.likely_on == DAY + days(44)
    slow = forecast(
        sd_days=12, effect_days=2, shares=HALVES, arm="challenger",
        supply=Supply(130, 100), start_on=DAY,
    )  # fmt: skip
    assert slow.earliest_on == DAY + days(7 * 10 + 44)
    assert slow.likely_on > slow.earliest_on
    none = forecast(
        sd_days=12, effect_days=2, shares=HALVES, arm="challenger",
        supply=Supply(400, 0), start_on=DAY,
    )  # fmt: skip
    assert none.earliest_on is None


def test_smaller_arms_need_more_payers_in_all():
    assert drawn_for(565, HALVES, arm="challenger") == 1130
    assert drawn_for(565, THREE, arm="challenger") == math.ceil(565 / 2 * 2 / 0.45)
    assert drawn_for(565, THREE, arm="holdout") > 3_000
    assert drawn_for(10, HALVES, arm="challenger") == 600  # never fewer than 300 in each


def test_the_day_of_decision_is_that_of_the_last_payer_needed():
    ready = [DAY + days(i) for i in range(600)]
    common = {"shares": HALVES, "arm": "challenger", "on": DAY + days(10)}
    assert decidable_on(ready, ready, payers=400, per_week=0, **common) == ready[399]
    assert decidable_on(ready, ready, payers=100, per_week=0, **common) == ready[299]
    assert decidable_on(ready, ready, payers=900, per_week=0, **common) is None
    later = decidable_on(ready, ready, payers=900, per_week=60, **common)
    assert later == DAY + days(10 + 70 + 44)
    assert decidable_on([], [], payers=900, per_week=0.01, **common) is None


# ---------------------------------------------------------------- conclusions


def look_at(shift: float, count: int = 900):
    dice = random.Random(4)
    rows = [
        [Measure(DAY, 15 + gap + dice.gauss(0, 12)) for _ in range(count)] for gap in (0, shift)
    ]
    return looks(*rows, until=DAY, mixing=2.0)[-1]


def said(look, *, arm="challenger", guardrails=(), decidable=DAY, on=DAY):
    return conclude(look, arm=arm, guardrails=guardrails, needed=565, decidable_on=decidable, on=on)


def test_payers_followed_are_told_before_there_is_a_look():
    verdict = conclude(
        None, arm="challenger", guardrails=[], needed=565, decidable_on=None, on=DAY, followed=26
    )
    assert "26 payers followed to the end" in str(verdict.sentence)


def test_never_a_winner_below_three_hundred_payers():
    look = look_at(-12, count=299)
    assert look.p_value < 1e-6
    verdict = said(look, decidable=DAY + days(30))
    assert verdict.state == "undecided"
    assert str(verdict.sentence) == (
        "Not decidable before 2026-02-04: 299 payers followed to the end in the smaller group, "
        "565 needed."
    )
    assert said(None, decidable=None).sentence.code == "experiment.not_decidable"


def test_the_winner_is_named_with_its_range():
    faster = said(look_at(-4))
    assert faster.state == "faster"
    assert str(faster.sentence).startswith("The challenger is faster by ")
    assert float(str(faster.sentence.params["low"])) < float(str(faster.sentence.params["high"]))
    assert said(look_at(4)).sentence.code == "experiment.challenger_slower"
    assert said(look_at(4), arm="holdout").sentence.code == "experiment.holdout_slower"


def test_without_a_difference_the_largest_possible_one_is_said():
    verdict = said(look_at(0))
    assert verdict.state == "same"
    assert str(verdict.sentence).startswith("No difference larger than ")
    early = said(look_at(0), decidable=DAY + days(1))
    assert early.state == "undecided"


def test_a_worse_guardrail_stops_whatever_the_days_say():
    worse = guardrail("disputes", champion=[0.0] * 380 + [1.0] * 20, other=[0.0] * 320 + [1.0] * 80)
    assert worse.is_worse
    verdict = said(look_at(-4), guardrails=[worse])
    assert verdict.state == "stop"
    expected = "Stop: guardrail “disputes” is worse, 0.20 per payer against 0.05."
    assert str(verdict.sentence) == expected


def test_a_guardrail_that_holds_stops_nothing():
    holds = guardrail("disputes", champion=[0.0, 1.0] * 100, other=[0.0, 1.0] * 100)
    assert not holds.is_worse
    assert said(look_at(-4), guardrails=[holds]).state == "faster"


def test_guardrails_of_work_leave_room_and_need_payers():
    dice = random.Random(9)
    champion = [float(dice.randrange(3)) for _ in range(2_000)]
    more = [value + 0.15 for value in champion]
    assert not guardrail("contacts", champion=champion, other=more).is_worse
    assert guardrail("opt_outs", champion=champion, other=more).is_worse
    assert guardrail("opt_outs", champion=champion[:99], other=more).low is None
    assert guardrail("opt_outs", champion=[0.0] * 200, other=[0.0] * 200).high == 0
    assert guardrail("opt_outs", champion=[], other=[]).other == 0


def test_numbers_in_sentences_leave_the_separator_to_the_language():
    assert str(tenths(2.345)) == "2.3"
    assert str(tenths(-0.96)) == "-1.0"
    assert str(tenths(0.056, digits=2)) == "0.06"
