"""Lists of numbers as payers write them, money that came twice, and few invoices of one amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Item, Line, Opening

DAY = date(2026, 11, 20)
DUVAL, NOEL = Customer(1, "Menuiserie Duval SARL", "C00001"), Customer(2, "Noël & Fils", "C00002")
IBAN = "FR7630006000011234567890189"
# A price list: many sets make the same sum.
ITEMS = tuple(
    Item(
        at,
        1,
        f"FA2026-{1230 + at:05d}",
        "EUR",
        DAY - timedelta(days=60 - at),
        12_000 * (1 + at % 3),
    )
    for at in range(1, 13)
)
OPENING = Opening(items=ITEMS, customers=(DUVAL, NOEL), ibans=((IBAN, 1),))


def decide(amount: int, label: str, opening: Opening = OPENING, **fields) -> Decision:
    line = Line(1, DAY, amount, "EUR", label, **fields)
    return list(decide_all(opening, [line]))[-1]


def owed(*ids: int) -> int:
    return sum(item.open_minor for item in ITEMS if item.id in ids)


def paid(decision: Decision) -> list[int]:
    return sorted(item_id for item_id, _ in decision.hypotheses[0].parts)


def codes(decision: Decision) -> list[str]:
    return [sentence.code for sentence in decision.evidence]


def test_a_list_with_its_prefix_written_once_is_posted_whole():
    decision = decide(owed(1, 5, 9), "FACT FA2026-01231/01235/01239", payer_name="DUVAL MENUISERIE")
    assert (decision.action, paid(decision)) == ("post", [1, 5, 9])
    assert "match.tails" in codes(decision)


def test_such_a_list_needs_no_name_beside_it():
    decision = decide(owed(1, 5, 9), "FA2026-01231 1235 1239", payer_name="GROUPE ROUVRAY")
    assert (decision.action, paid(decision)) == ("post", [1, 5, 9])


def test_a_list_of_ends_alone_is_posted_for_a_known_payer_only():
    text = "REGLT FACT 1232, 1236 ET 1240"
    known = decide(owed(2, 6, 10), text, payer_iban=IBAN)
    assert (known.action, paid(known)) == ("post", [2, 6, 10])
    assert decide(owed(2, 6, 10), text, payer_name="GROUPE ROUVRAY").action != "post"


def test_ends_that_do_not_make_the_amount_together_are_only_proposed():
    decision = decide(owed(2, 6), "REGLT FACT 1232 1236 1240", payer_iban=IBAN)
    assert decision.action == "propose"


def test_the_same_amount_again_is_shown_as_paid_twice_beside_the_invoice_it_could_pay():
    recent = ((1, 12_000, "EUR", DAY - timedelta(days=6)),)
    decision = decide(12_000, "VIR", replace(OPENING, recent=recent), payer_iban=IBAN)
    shown = [hypothesis.kind for hypothesis in decision.hypotheses]
    assert decision.action == "propose"
    assert shown.index("double") == 1
    assert decision.hypotheses[1].parts == ()
    assert decision.hypotheses[1].evidence[-1].code == "match.repeated"


def test_up_to_three_invoices_of_the_amount_of_a_cheque_are_shown_oldest_first():
    few = tuple(
        Item(50 + at, 1 + at % 2, f"FA2026-0{7000 + at}", "EUR", DAY - timedelta(days=at), 77_700)
        for at in range(3)
    )
    decision = decide(77_700, "REMISE CHEQUE 0012345", replace(OPENING, items=(*ITEMS, *few)))
    assert decision.action == "propose"
    assert [h.parts[0][0] for h in decision.hypotheses] == [52, 51, 50]
    assert decision.hypotheses[0].evidence[-1].code == "match.few_amounts"
    more = (*ITEMS, *few, replace(few[0], id=60, number="FA2026-07009"))
    assert decide(77_700, "REM CHQ", replace(OPENING, items=more)).action == "leave"
