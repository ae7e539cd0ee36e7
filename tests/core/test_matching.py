"""The engine case by case: what is posted, proposed or left, and on what evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import (
    Customer,
    Decision,
    Item,
    Limits,
    Line,
    OpenCredit,
    Opening,
    Paid,
)
from amiable.core.matching.labels import Finder, canonical
from amiable.core.matching.names import name_confirms, name_tokens
from amiable.core.references import customer_reference, rf_reference

DAY = date(2026, 11, 20)
DUVAL = Customer(1, "Menuiserie Duval SARL", "C00001")
NOEL = Customer(2, "Établissements Noël & Fils", "C00002")
IBAN1, IBAN2 = "FR7630006000011234567890189", "FR1420041010050500013M02606"
A = Item(11, 1, "FA2026-0042", "EUR", DAY - timedelta(days=40), 120_000)
B = Item(12, 1, "FA2026-0043", "EUR", DAY - timedelta(days=10), 33_350)
C = Item(13, 1, "FA2026-0044", "EUR", DAY + timedelta(days=20), 7_777)
N = Item(21, 2, "FA2026-0050", "EUR", DAY - timedelta(days=5), 120_000)
OLD = Item(14, 1, "FA2026-0001", "EUR", DAY - timedelta(days=90), 0)
NOTE = OpenCredit(91, 1, "EUR", 10_000, "AV2026-0003")
BASE = Opening(items=(A, B, C, N, OLD), customers=(DUVAL, NOEL), ibans=((IBAN1, 1), (IBAN2, 2)))


def line(amount: int, label: str = "", **fields) -> Line:
    return Line(fields.pop("id", 1), DAY, amount, "EUR", label, **fields)


def decide(*lines: Line, opening: Opening = BASE) -> Decision:
    return list(decide_all(opening, lines))[-1]


def parts(decision: Decision) -> dict[int, int]:
    return dict(decision.hypotheses[0].parts)


def codes(decision: Decision) -> list[str]:
    return [sentence.code for sentence in decision.evidence]


POSTED = [
    ("exact reference", line(120_000, "FACT FA2026-0042"), {11: 120_000}),
    ("spaced reference", line(120_000, "FACT FA 2026 / 0042 DU 03/01"), {11: 120_000}),
    ("glued reference", line(120_000, "VIRFACTFA20260042MERCI"), {11: 120_000}),
    ("digits alone", line(120_000, "REGLT 20260042"), {11: 120_000}),
    ("structured", line(120_000, structured_reference=rf_reference("FA2026-0042")), {11: 120_000}),
    ("end to end", line(33_350, "PRLV", end_to_end_id="FA2026-0043"), {12: 33_350}),
    ("set", line(153_350, "FA2026-0042 FA2026-0043"), {11: 120_000, 12: 33_350}),
    ("account and amount", line(33_350, "VIR", payer_iban=IBAN1), {12: 33_350}),
    ("name and amount", line(33_350, "VIR", payer_name="DUVAL MENUISERIE"), {12: 33_350}),
    ("name in the label", line(33_350, "VIR SEPA RECU /DE MENUISERIE DUVAL /MOTIF X"), {12: 33_350}),
    ("everything due", line(153_350, "SOLDE", payer_iban=IBAN1), {11: 120_000, 12: 33_350}),
    (
        "everything open",
        line(161_127, "RELEVE", payer_iban=IBAN1),
        {11: 120_000, 12: 33_350, 13: 7_777},
    ),
    ("part, party known", line(50_000, "ACOMPTE FA2026-0042", payer_iban=IBAN1), {11: 50_000}),
]  # fmt: skip


@pytest.mark.parametrize(("_name", "given_line", "expected"), POSTED, ids=[p[0] for p in POSTED])
def test_what_is_certain_is_posted(_name, given_line, expected):
    decision = decide(given_line)
    assert (decision.action, parts(decision)) == ("post", expected)


PROPOSED = [
    ("part, party unknown", line(50_000, "FA2026-0042"), "match.veto_party"),
    ("subset of what is named", line(120_000, "FA2026-0042 FA2026-0043"), "match.subset"),
    ("too much", line(200_000, "FA2026-0042", payer_iban=IBAN1), "match.over"),
    ("account of another", line(120_000, "FA2026-0042", payer_iban=IBAN2), "match.veto_iban"),
    (
        "name of another",
        line(120_000, "FA2026-0042", payer_name="NOEL FILS"),
        "match.veto_name",
    ),
    ("cut name of another", line(120_000, "FA2026-0042", payer_name="NOEL FIL"), "match.veto_name"),
    ("already paid", line(50_000, "FA2026-0001", payer_iban=IBAN1), "match.already_paid"),
    (
        "number unknown here",
        line(33_350, "FA2026-9999", payer_iban=IBAN1),
        "match.veto_unknown",
    ),
    ("amount alone", line(33_350, "VIREMENT"), "match.only_amount_anywhere"),
    ("known payer, no amount", line(1_234, "VIR", payer_iban=IBAN1), "match.oldest_first"),
    (
        "wrong check key",
        line(120_000, "FA2026-0042", structured_reference="RF00FA20260042"),
        "match.bad_structured",
    ),
]


@pytest.mark.parametrize(("_name", "given_line", "code"), PROPOSED, ids=[p[0] for p in PROPOSED])
def test_what_is_doubtful_is_shown_with_its_reason(_name, given_line, code):
    decision = decide(given_line)
    assert decision.action == "propose"
    assert code in codes(decision)
    assert 1 <= len(decision.hypotheses) <= 3


@pytest.mark.parametrize(
    ("given_line", "action", "code"),
    [
        (line(-4_900, "FRAIS"), "ignore", "match.money_out"),
        (line(0, "INFO"), "ignore", "match.no_amount"),
        (line(999, "VIREMENT"), "leave", "match.nothing"),
        (line(999, "REMISE CB 123456"), "ignore", "match.kind_payout"),
        (line(999, "REMISE CHEQUE 0012345 NB 3"), "leave", "match.kind_cheques"),
        (line(999, "VIR SEPA RECU /DE URSSAF RHONE"), "ignore", "match.kind_social"),
        (line(500, "RETOUR VIR", is_return=True), "leave", "match.own_returned"),
        (line(-500, "IMPAYE", is_return=True), "leave", "match.return_unknown"),
    ],
)
def test_what_is_no_receivable_is_left_or_set_aside(given_line, action, code):
    decision = decide(given_line)
    assert (decision.action, codes(decision)[-1]) == (action, code)


def test_credit_note_named_is_netted_and_cents_are_conserved():
    opening = replace(BASE, credits=(NOTE,))
    decision = decide(line(110_000, "FA2026-0042 - AV2026-0003"), opening=opening)
    (chosen,) = decision.hypotheses
    assert decision.action == "post"
    assert chosen.parts == ((11, 110_000),)
    assert chosen.credit_uses == ((91, 11, 10_000),)


def test_credit_note_not_named_is_netted_only_for_a_known_payer():
    opening = replace(BASE, credits=(NOTE,))
    assert decide(line(110_000, "FA2026-0042"), opening=opening).action == "propose"
    known = line(110_000, "FA2026-0042", payer_iban=IBAN1)
    assert decide(known, opening=opening).action == "post"


def test_a_credit_note_that_nobody_knows_makes_no_part_payment():
    for text in ("FA2026-0042 AV2026-0030", "FA2026-0042 MOINS AVOIR", "FA20260042AV20260009"):
        for opening in (BASE, replace(BASE, credits=(NOTE,))):
            decision = decide(line(90_000, text, payer_iban=IBAN1), opening=opening)
            assert decision.action == "propose", text


def test_a_credit_note_misspelt_is_found_by_what_it_leaves():
    opening = replace(BASE, credits=(NOTE,))
    text = "FA2026-0042 AV2026-0030"
    decision = decide(line(110_000, text, payer_iban=IBAN1), opening=opening)
    assert decision.hypotheses[0].credit_uses == ((91, 11, 10_000),)


def test_what_is_named_is_paid_first_and_the_rest_goes_to_the_oldest_due():
    # Domain sheet A9: F1 1,000 due first, F2 500 due, F3 700 not due; 1,200 paid "for F2".
    f1 = Item(31, 1, "F2026-0001", "EUR", DAY - timedelta(days=50), 100_000)
    f2 = Item(32, 1, "F2026-0002", "EUR", DAY - timedelta(days=5), 50_000)
    f3 = Item(33, 1, "F2026-0003", "EUR", DAY + timedelta(days=40), 70_000)
    decision = decide(
        line(120_000, "F2026-0002", payer_iban=IBAN1), opening=replace(BASE, items=(f1, f2, f3))
    )
    assert decision.action == "propose"
    assert parts(decision) == {32: 50_000, 31: 70_000}
    assert "match.rest_oldest_first" in codes(decision)


def test_money_without_a_word_is_proposed_to_the_oldest_due_first():
    decision = decide(line(130_000, "VIREMENT", payer_iban=IBAN1))
    assert decision.action == "propose"
    assert parts(decision) == {11: 120_000, 12: 10_000}


RESTS = [
    (119_950, {}, "cents", 50),
    (118_000, {}, "bank_fee", 2_000),
    (117_600, {"due_date": DAY + timedelta(days=3)}, "discount", 2_400),
]


@pytest.mark.parametrize(("amount", "change", "reason", "rest"), RESTS)
def test_a_rest_with_a_name_is_given_up_for_a_known_payer_alone(amount, change, reason, rest):
    opening = replace(BASE, items=(replace(A, **change), B))
    known = decide(line(amount, "FA2026-0042", payer_iban=IBAN1), opening=opening)
    assert known.action == "post"
    (chosen,) = known.hypotheses
    assert (chosen.reason, chosen.write_offs) == (reason, ((11, rest),))
    assert chosen.parts == ((11, amount),)
    assert decide(line(amount, "FA2026-0042"), opening=opening).action == "propose"


def test_nothing_is_given_up_above_the_limits():
    opening = replace(BASE, limits=Limits(0, 0, 0))
    decision = decide(line(118_000, "FA2026-0042", payer_iban=IBAN1), opening=opening)
    assert decision.hypotheses[0].write_offs == ()
    assert decision.hypotheses[0].kind == "cited_partial"


def test_a_range_pays_all_between_its_numbers():
    items = tuple(
        Item(40 + n, 1, f"FA2026-010{n}", "EUR", DAY, 10_000 + 1_111 * n) for n in range(5)
    )
    opening = replace(BASE, items=(*items, A))
    total = sum(item.open_minor for item in items[1:4])
    for text in ("FACT FA2026-0101 A FA2026-0103", "FACTURES FA2026-0101 AU 103"):
        decision = decide(line(total, text, payer_iban=IBAN1), opening=opening)
        assert decision.action == "post", text
        assert set(parts(decision)) == {41, 42, 43}


def test_a_list_cut_by_the_bank_is_completed_when_only_one_set_fits():
    items = tuple(
        Item(40 + n, 1, f"FA2026-01{n:02d}", "EUR", DAY, 104_729 + 7_919 * n * n) for n in range(9)
    )
    opening = replace(BASE, items=items)
    text = "VIR SEPA RECU /DE MENUISERIE DUVAL /MOTIF REGLEMENT DE NOS FACTURES SUIVANTES " + ", ".join(
        item.number for item in items[:4]
    ) + ", FA2026-0"  # fmt: skip
    total = sum(item.open_minor for item in items[:6])
    decision = decide(line(total, text[:140], payer_iban=IBAN1), opening=opening)
    named = sum(item.number in text[:140] for item in items)
    assert 2 <= named <= 4
    assert {40, 41, 42, 43, 44, 45} == set(parts(decision))


def test_a_parent_is_known_by_what_it_has_paid_before():
    parent = "FR7699999" + "0" * 18
    unknown = line(33_350, "VIREMENT", payer_name="HOLDING RIVOIRE", payer_iban=parent)
    assert decide(unknown).action == "propose"
    linked = replace(BASE, links=((parent, 1, 2),))
    assert decide(unknown, opening=linked).action == "post"
    factor = replace(BASE, links=((parent, 1, 2), (parent, 2, 2)))
    assert decide(unknown, opening=factor).action == "propose"
    named = replace(unknown, label="CESSION FA2026-0043")
    assert decide(named, opening=factor).action == "post"
    against = replace(linked, against=frozenset({(parent, 1)}))
    assert decide(unknown, opening=against).action == "propose"


def test_a_slip_that_leads_to_another_customer_is_held_against_the_payers_own():
    slipped = replace(N, number="FA2026-0034")
    decision = decide(
        line(33_350, "FA2026-0034", payer_iban=IBAN1), opening=replace(BASE, items=(A, B, slipped))
    )
    assert decision.action == "post"
    assert parts(decision) == {12: 33_350}
    assert "match.near" in codes(decision)


def test_a_plain_number_of_another_customer_open_for_the_amount_makes_one_ask():
    """A group pays for a sister: the account and the amount alone would say its own invoice."""
    sister = replace(N, number="21582", open_minor=33_350)
    decision = decide(
        line(33_350, "VIR DUVAL 21582", payer_iban=IBAN1),
        opening=replace(BASE, items=(A, B, sister)),
    )
    assert decision.action == "propose"
    assert {tuple(shown.parts) for shown in decision.hypotheses} == {
        ((12, 33_350),),
        ((21, 33_350),),
    }
    assert "match.veto_elsewhere" in codes(decision)


def test_an_unknown_payer_of_an_amount_owed_under_a_like_number_is_asked_about():
    like = replace(N, number="FA2026-0024")
    opening = replace(BASE, items=(A, like))
    stranger = line(120_000, "FA2026-0042", payer_name="HOLDING RIVOIRE")
    assert decide(stranger, opening=opening).action == "propose"
    assert decide(stranger).action == "post"


def test_second_payment_of_one_invoice_is_suspected_in_the_same_run():
    first = line(120_000, "FA2026-0042")
    again = replace(first, id=2)
    decision = decide(first, again)
    assert decision.action == "propose"
    assert decision.hypotheses[0].kind == "double"
    assert decision.hypotheses[0].parts == ()


def test_same_amount_again_without_a_reference_may_be_a_double_payment():
    opening = replace(BASE, recent=((1, 33_350, "EUR", DAY - timedelta(days=12)),))
    again = line(33_350, "REGLEMENT", payer_iban=IBAN1)
    decision = decide(again, opening=opening)
    assert decision.action == "propose"
    assert "match.repeated" in codes(decision)
    assert decide(replace(again, label="FA2026-0043"), opening=opening).action == "post"
    long_ago = replace(BASE, recent=((1, 33_350, "EUR", DAY - timedelta(days=30)),))
    assert decide(again, opening=long_ago).action == "post"
    early = replace(B, due_date=DAY + timedelta(days=20))
    assert decide(again, opening=replace(long_ago, items=(A, early))).action == "propose"


def test_equal_amounts_of_one_customer_are_never_guessed():
    twin = replace(B, id=15, number="FA2026-0045")
    decision = decide(
        line(33_350, "LOYER", payer_iban=IBAN1), opening=replace(BASE, items=(A, B, twin))
    )
    assert decision.action == "propose"
    assert [dict(h.parts) for h in decision.hypotheses] == [{12: 33_350}, {15: 33_350}]


def test_a_sum_of_other_invoices_makes_an_amount_doubtful():
    halves = (replace(C, id=16, open_minor=30_000), replace(C, id=17, open_minor=3_350))
    opening = replace(BASE, items=(A, B, *halves))
    decision = decide(line(33_350, "VIR", payer_iban=IBAN1), opening=opening)
    assert decision.action == "propose"
    assert "match.other_sets" in codes(decision)


TWINS = (B, replace(B, id=15, number="FA2026-0145"))


def test_the_end_of_a_number_tells_equal_amounts_apart():
    opening = replace(BASE, items=(A, *TWINS))
    decision = decide(line(33_350, "FACTURE 145", payer_iban=IBAN1), opening=opening)
    assert (decision.action, parts(decision)) == ("post", {15: 33_350})


def test_exchanged_digits_of_the_payers_own_invoice_are_understood():
    opening = replace(BASE, items=(A, *TWINS))
    decision = decide(line(33_350, "FA2026-0154", payer_iban=IBAN1), opening=opening)
    assert (decision.action, parts(decision)) == ("post", {15: 33_350})
    assert "match.near" in codes(decision)


def test_part_payment_that_is_another_invoice_exactly_is_shown():
    decision = decide(line(33_350, "FA2026-0042", payer_iban=IBAN1))
    assert decision.action == "propose"
    assert {12: 33_350} in [dict(h.parts) for h in decision.hypotheses]


def test_an_account_two_customers_pay_from_tells_nothing():
    shared = replace(BASE, ibans=((IBAN1, 1), (IBAN1, 2)))
    decision = decide(line(33_350, "VIR", payer_iban=IBAN1), opening=shared)
    assert decision.action == "propose"
    assert "match.iban_shared" in [s.code for h in decision.hypotheses for s in h.evidence]


def test_payment_known_to_the_accounts_is_confirmed():
    booked = replace(A, open_minor=0, books_minor=120_000)
    opening = replace(BASE, items=(booked, B))
    decision = decide(line(120_000, "FA2026-0042"), opening=opening)
    assert decision.action == "post"
    assert decision.hypotheses[0].confirms == (11,)
    assert "match.books_confirmed" in codes(decision)


def test_the_reference_our_letters_give_a_customer_pays_everything_due():
    reference = customer_reference(1)
    spaced = f"{reference[:4]} {reference[4:]}"
    for text in (f"VIR INST RECU /MOTIF {spaced}", f"VIREMENT {reference}", f"{reference} 12502"):
        decision = decide(line(153_350, text))
        assert decision.action == "post", codes(decision)
        assert "match.our_reference" in codes(decision)
        assert parts(decision) == {11: 120_000, 12: 33_350}


def test_a_parent_that_pays_by_reference_does_not_become_the_customer():
    parent = "FR7699999" + "0" * 18
    first = line(120_000, "FA2026-0042", payer_name="HOLDING", payer_iban=parent)
    second = line(33_350, "VIREMENT", id=2, payer_name="HOLDING", payer_iban=parent)
    found = list(decide_all(BASE, [first, second]))
    assert [d.action for d in found] == ["post", "propose"]
    assert not found[0].hypotheses[0].teaches


def test_an_account_is_learned_from_a_posted_line():
    new = "FR7688888" + "0" * 18
    first = line(120_000, "FA2026-0042", payer_name="DUVAL MENUISERIE", payer_iban=new)
    second = line(33_350, "VIREMENT", id=2, payer_iban=new)
    assert [d.action for d in decide_all(BASE, [first, second])] == ["post", "post"]


def test_what_a_person_turned_down_never_comes_back():
    first = decide(line(120_000, "FA2026-0042"))
    refused = replace(BASE, refused=frozenset({(1, first.hypotheses[0].key)}))
    decision = decide(line(120_000, "FA2026-0042"), opening=refused)
    assert decision.action == "leave"
    assert codes(decision) == ["match.veto_refused"]


def returned(**fields) -> Line:
    return Line(9, DAY, -120_000, "EUR", fields.pop("label", "IMPAYE"), is_return=True, **fields)


PAID = Paid(1, 120_000, "EUR", DAY - timedelta(days=9), ((11, 120_000),), 71, None, "SDD1", "RUM1")
TWIN = PAID._replace(payment_id=72, customer_id=2, parts=((21, 120_000),), end_to_end_id="SDD2",
               mandate_id="RUM2")  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"end_to_end_id": "SDD1"},
        {"mandate_id": "RUM1"},
        {"label": "IMPAYE FA2026-0042"},
        {"payer_name": "MENUISERIE DUVAL"},
        {"payer_iban": IBAN1},
    ],
)
def test_a_return_finds_its_payment_by_reference_or_party(fields):
    opening = replace(BASE, payments=(PAID, TWIN))
    decision = decide(returned(**fields), opening=opening)
    assert decision.action == "post"
    assert decision.hypotheses[0].returns == (PAID,)


def test_a_return_known_by_its_amount_alone_is_proposed():
    decision = decide(returned(), opening=replace(BASE, payments=(PAID, TWIN)))
    assert decision.action == "propose"
    assert len(decision.hypotheses) == 2


def test_short_numbers_are_not_taken_from_dates_amounts_or_accounts():
    finder = Finder(["1211", "2026", "4500"])
    assert not finder.find("VIR DU 12/11/2026 45,00 EUR FR76 1211 2026 4500 1234 5678 901")
    assert [f.key for f in finder.find("FACT 1211 ET N4500")] == ["1211", "4500"]
    assert not finder.find("CLIENT 12115")


def test_a_longer_number_hides_the_one_inside():
    finder = Finder(["FA20260042", "20260042"])
    assert [f.key for f in finder.find("FA2026-0042")] == ["FA20260042"]
    assert not finder.find("FA2026-00421")


def test_weak_number_needs_the_exact_amount():
    short = Opening(items=(replace(A, number="4711"),), customers=(DUVAL,), ibans=())
    assert decide(line(120_000, "FACTURE 4711"), opening=short).action == "post"
    assert decide(line(119_000, "FACTURE 4711"), opening=short).action == "propose"


def test_names_are_compared_without_legal_form_and_in_any_order():
    assert name_tokens("S.A.R.L. Dupont & Fils") == ("DUPONT", "FILS")
    assert name_confirms(name_tokens("FILS DUPONT SARL"), name_tokens("Dupont et Fils"))
    assert name_confirms(("ETABLISS",), ("ETABLISSE",))
    assert not name_confirms(("MARTIN",), name_tokens("Garage Martin"))
    assert canonical("Fé 2026/1") == "FE20261"


amounts = st.integers(1, 5_000)


@given(
    opens=st.lists(amounts, min_size=1, max_size=6),
    notes=st.lists(amounts, max_size=2),
    paid=st.lists(st.tuples(amounts, st.booleans(), st.booleans()), max_size=6),
)
def test_no_decision_spends_more_than_there_is(opens, notes, paid):
    items = tuple(
        Item(n, 1, f"FA2026-{n:04d}", "EUR", DAY + timedelta(days=n), amount)
        for n, amount in enumerate(opens, 1)
    )
    credits_ = tuple(
        OpenCredit(100 + n, 1, "EUR", amount, f"AV2026-{n:04d}") for n, amount in enumerate(notes)
    )
    opening = Opening(items=items, customers=(DUVAL,), credits=credits_, ibans=((IBAN1, 1),))
    total = sum(opens)
    lines = [
        line(total if whole else amount, "FA2026-0001" if cite else "VIR", id=n, payer_iban=IBAN1)
        for n, (amount, whole, cite) in enumerate(paid)
    ]
    left = {item.id: item.open_minor for item in items}
    left_credit = {credit.entry_id: credit.left_minor for credit in credits_}
    by_id = {row.id: row for row in lines}
    for decision in decide_all(opening, lines):
        if decision.action != "post":
            continue
        (chosen,) = decision.hypotheses
        assert sum(part for _, part in chosen.parts) <= by_id[decision.line_id].amount_minor
        for item_id, part in chosen.parts:
            left[item_id] -= part
        for entry_id, item_id, part in chosen.credit_uses:
            left[item_id] -= part
            left_credit[entry_id] -= part
        for item_id, part in chosen.write_offs:
            left[item_id] -= part
    assert min([0, *left.values(), *left_credit.values()]) == 0


def test_a_number_cut_short_before_a_word_that_begins_with_a_digit_is_not_the_next_one():
    meant = replace(A, number="2601-07980", open_minor=33_350)
    read = replace(B, number="2601-07981", open_minor=20_000)
    opening = replace(BASE, items=(meant, read))
    label = "F/2601-0798 1ER VERSEMENT"
    part = decide(line(10_000, label, payer_iban=IBAN1), opening=opening)
    assert part.action == "propose"
    exact = decide(line(20_000, label, payer_iban=IBAN1), opening=opening)
    assert (exact.action, parts(exact)) == ("post", {12: 20_000})
    whole = decide(line(10_000, "F/2601-07981 1ER VERSEMENT", payer_iban=IBAN1), opening=opening)
    assert (whole.action, parts(whole)) == ("post", {12: 10_000})
