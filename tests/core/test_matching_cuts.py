"""Labels in lines of a bank: words and numbers cut in two, payers that only the text names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.core.matching.book import Book
from amiable.core.matching.cuts import cuts, mended
from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import (
    Customer,
    Decision,
    Hypothesis,
    Item,
    Line,
    OpenCredit,
    Opening,
)
from amiable.core.matching.labels import Finder, tails
from amiable.core.matching.names import tells_other

DAY = date(2026, 11, 20)
VASSEUR, DUVAL = Customer(1, "SARL Les Jardins Vasseur", "CL1"), Customer(2, "Duval Metz", "CL2")


def item(at: int, customer: Customer, number: str, amount: int) -> Item:
    return Item(at, customer.id, number, "EUR", DAY - timedelta(days=10), amount)


ITEMS = (item(1, VASSEUR, "38204", 49_196), item(2, VASSEUR, "38317", 12_330))
OPENING = Opening(items=ITEMS, customers=(VASSEUR, DUVAL))


def decide(amount: int, label: str, opening: Opening = OPENING, **fields) -> Decision:
    line = Line(1, DAY, amount, "EUR", label, **fields)
    return list(decide_all(opening, [line]))[-1]


def lines_of(text: str, width: int = 33) -> str:
    """A text as a bank prints it: 31 signs, then lines of `width`, joined by spaces."""
    pieces = [text[:31], *(text[at : at + width] for at in range(31, len(text), width))]
    return " ".join(piece.strip() for piece in pieces)


def test_a_cut_is_only_where_a_line_of_a_bank_may_end():
    assert cuts(lines_of("VIR SEPA RECU /DE MENUISERIE DUVAL /MOTIF X")) == (31,)
    assert cuts("VIR DUVAL METZ FACT 38204") == ()
    assert mended("VIREMENT DE SARL LES JARDINS VA SSEUR LOYER") == (
        "VIREMENT DE SARL LES JARDINS VASSEUR LOYER",
    )


@pytest.mark.parametrize("width", [31, 32, 33, 34, 35])
def test_a_name_cut_by_the_bank_is_still_the_payer(width):
    label = lines_of("VIREMENT DE SARL LES JARDINS VASSEUR LOYER AVRIL", width)
    assert "VA SSEUR" in label
    decision = decide(49_196, label)
    assert decision.action == "post"
    assert decision.hypotheses[0].parts == ((1, 49_196),)


def test_a_short_number_cut_by_the_bank_is_read_as_one():
    text = "VIR SEPA DUVAL METZ REGLT FACT 38204 ET 38317"
    for start in range(5):
        label = lines_of(text.replace("VIR", "VIR" + "0" * start, 1))
        found = {hit.key for hit in Finder(["38204", "38317"], ["38204"]).find(label)}
        assert found == {"38204", "38317"}
    # Parted elsewhere it is no number: "38 204" may be two.
    assert not Finder(["38204"], ["38204"]).find("VIR DUVAL FACT 38 204")


def test_what_a_cut_puts_together_does_not_hide_a_number_inside_it():
    label = "VIR SEPA DUVAL METZ REGLT FACT1 38204"
    found = {hit.key for hit in Finder(["138204", "38204"], ["38204"]).find(label)}
    assert found == {"138204", "38204"}


def test_the_end_of_a_number_is_read_over_a_cut():
    assert "4519" in tails("VIR SEPA DUVAL METZ 03320 3 045 19")
    assert "4519" not in tails("VIR DUVAL METZ 045 19")


@pytest.mark.parametrize(
    ("label", "other"),
    [
        (lines_of("VIR RECU 78412S DE: FACTOFRANCE MOTIF: FACT 38204 CEDANT DUVAL METZ"), True),
        ("VIREMENTDEFACTOFRANCEREGLEMENTFACTURE 38204", True),
        (lines_of("VIR SEPA RECU /DE SARL DUVAL METZ /MOTIF 38204"), False),
        (lines_of("VIREMENT EN VOTRE FAVEUR METZ DUVAL SAS FACT 38204"), False),
        ("VIR INST DUVA FACT 38204", False),
        ("VIRDUVALMETZSARLREGLEMENTFACTURE 38204", False),
        ("FACT 38204", False),
    ],
)
def test_whose_account_it_is_stands_in_the_label(label, other):
    assert tells_other(label, ("DUVAL", "METZ")) is other


def test_a_factor_that_only_the_label_names_is_not_taken_for_its_customer():
    iban = "FR7630006000011234567890189"
    label = lines_of("VIREMENT EN VOTRE FAVEUR FACTOFRANCE FACT 38204 CEDANT DUVAL METZ")
    book = Book(OPENING)
    paid = Hypothesis("assigned", 1, (), parts=((1, 49_196),), teaches=True)
    line = Line(1, DAY, 49_196, "EUR", label, payer_iban=iban)
    book.apply(line, Decision(1, "post", (), (paid,)))
    assert not book.ibans.get(iban)
    assert book.links[iban] == {1: 1}


FA = tuple(
    item(at, VASSEUR, f"FA2026-0{4590 + at * 97}", amount)
    for at, amount in enumerate((59_880, 59_880, 7_080, 143_312, 9_415, 31_207))
)
KNOWN = "FR7630006000011234567890189"
LISTED = Opening(items=FA, customers=(VASSEUR, DUVAL), ibans=((KNOWN, 1),))


def test_an_amount_behind_a_cut_number_is_no_part_of_it():
    label = "VIR LES JARDINS VASSEUR N/REGLT FA2026-04 598,80"
    decision = decide(59_880, label, LISTED, payer_iban=KNOWN)
    assert decision.action == "propose"
    assert "match.near" not in [sentence.code for sentence in decision.evidence]


def test_one_number_in_full_and_one_cut_that_make_the_amount_need_no_name():
    label = lines_of("VIR SEPA RECU /DE BPCE FACTOR /MOTIF FA2026-04881 ET FA2026-050")
    decision = decide(143_312 + 31_207, label, LISTED)
    assert decision.action == "post"
    assert {i for i, _ in decision.hypotheses[0].parts} == {3, 5}
    assert decide(143_312 + 31_208, label, LISTED).action != "post"


def test_the_oldest_invoices_are_meant_when_the_text_begins_as_many_numbers():
    text = "VIR LES JARDINS VASSEUR FA2026-04590 ET FA2026-0{} ET FA2026-04784"
    for middle, action in (("6", "post"), ("", "post")):
        decision = decide(126_840, text.format(middle), LISTED, payer_iban=KNOWN)
        assert decision.action == action
        assert {i for i, _ in decision.hypotheses[0].parts} == {0, 1, 2}
    fewer = decide(126_840, "VIR LES JARDINS VASSEUR FA2026-04590", LISTED, payer_iban=KNOWN)
    assert fewer.action == "propose"


def test_an_order_is_no_end_of_an_invoice_number():
    assert tails("VIR DUVAL REF BC5267") == tails("VIR DUVAL COMMANDE NO 5267") == frozenset()
    assert tails("VIR DUVAL REF 5267") == {"5267"}


def test_a_part_that_leaves_just_an_unsaid_credit_is_asked_about():
    credit = OpenCredit(9, 1, "EUR", 2_370, "AV2026-00009")
    opening = Opening(items=(item(1, VASSEUR, "204916", 9_480), *FA[3:]), customers=(VASSEUR,),
                      credits=(credit,), ibans=((KNOWN, 1),))  # fmt: skip
    label = "VIR SEPA LES JARDINS VASSEUR PAIEMENT 204916"
    assert decide(7_110, label, opening, payer_iban=KNOWN).action == "propose"
    said = decide(7_110, f"{label} MOINS AVOIR", opening, payer_iban=KNOWN)
    assert (said.action, len(said.hypotheses[0].credit_uses)) == ("post", 1)


def test_a_number_begun_beside_the_one_named_is_another_invoice():
    opening = Opening(items=(item(1, VASSEUR, "7700", 2_783), item(2, VASSEUR, "9254", 32_374)),
                      customers=(VASSEUR,), ibans=((KNOWN, 1),))  # fmt: skip
    label = "VIR LES JARDINS VASSEUR FACTURE N 770 & 9254"
    assert decide(25_592, label, opening, payer_iban=KNOWN).action == "propose"
    alone = decide(25_592, "VIR LES JARDINS VASSEUR FACTURE 9254", opening, payer_iban=KNOWN)
    assert alone.action == "post"


def test_an_invoice_of_just_the_amount_is_doubted_when_a_credit_is_spoken_of():
    label = "REGLT FACT 4784 ET 5075 AVOIR AV2026-00336"
    decision = decide(7_080, label, LISTED, payer_name="LES JARDINS VASSEUR", payer_iban=KNOWN)
    assert decision.action == "propose"
    label = "REGLT FACT 4784"
    decision = decide(7_080, label, LISTED, payer_name="LES JARDINS VASSEUR", payer_iban=KNOWN)
    assert decision.action == "post"
