"""Half a year of bank lines: nothing wrong is ever posted, most of it is posted alone."""

from __future__ import annotations

import pytest

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Decision
from tests.core.matching_replay import Replay


def right(decision: Decision, truth: frozenset) -> bool:
    chosen = decision.hypotheses[0]
    if any(amount == -1 for _, amount in truth):
        paid = {i for i, _ in chosen.parts} | {i for _, i, _ in chosen.credit_uses}
        return paid == {i for i, _ in truth}
    return frozenset(chosen.parts) == truth


def replay(seed: int):
    posted, wrong, receivable, shown = 0, [], 0, 0
    for opening, lines in Replay(seed).weeks():
        truths = {line.id: (line, truth) for line, truth in lines}
        for decision in decide_all(opening, [line for line, _ in lines]):
            line, truth = truths[decision.line_id]
            receivable += bool(truth)
            if decision.action == "post":
                posted += 1
                if not right(decision, truth):
                    wrong.append((line, decision, truth))
            elif decision.action == "propose" and truth:
                shown += any(
                    right(Decision(0, "post", (), (h,)), truth) for h in decision.hypotheses
                )
            assert decision.evidence
            assert all(str(sentence) for sentence in decision.evidence)
    return posted, wrong, receivable, shown


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_nothing_wrong_is_posted_on_half_a_year_of_lines(seed):
    posted, wrong, receivable, _ = replay(seed)
    assert not wrong, wrong[0]
    assert posted / receivable > 0.75


def test_decisions_are_the_same_every_time():
    def run() -> list[Decision]:
        found: list[Decision] = []
        for opening, lines in Replay(3, customers=20).weeks(8):
            found += decide_all(opening, [line for line, _ in reversed(lines)])
        return found

    assert run() == run()
