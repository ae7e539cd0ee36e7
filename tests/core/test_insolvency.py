"""Which claims a judgment bars from being paid (C. com. L622-7, L622-24)."""

from __future__ import annotations

from datetime import date

import pytest

from amiable.core.law.insolvency import RULES, UnknownLawError, payment_bar, payment_rule

JUDGMENT = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("claim_on", "paid_on", "barred"),
    [
        (date(2026, 3, 9), date(2026, 3, 10), True),  # the judgment counts from its first hour
        (date(2026, 1, 5), date(2027, 1, 5), True),
        (date(2026, 3, 9), date(2026, 3, 9), False),  # paid before it
        (date(2026, 3, 10), date(2026, 4, 10), False),  # born from its day on: L622-17
    ],
)
def test_only_earlier_claims_paid_from_the_judgment_on_are_barred(claim_on, paid_on, barred):
    found = payment_bar(claim_on=claim_on, judgment_on=JUDGMENT, paid_on=paid_on)
    assert (found is not None) is barred
    if found:
        assert found.code == "insolvency.barred"
        assert "L622-7" in str(found)
        assert "L622-24" in str(found)


def test_judgment_from_before_the_known_rules_raises():
    old = date(2005, 12, 31)
    with pytest.raises(UnknownLawError) as unknown:
        payment_bar(claim_on=date(2005, 1, 1), judgment_on=old, paid_on=date(2006, 5, 1))
    assert unknown.value.sentence.code == "insolvency.unknown"
    assert payment_rule(RULES[0].starts_on) is RULES[0]
