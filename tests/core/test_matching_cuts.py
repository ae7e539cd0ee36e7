"""Labels in lines of a bank: words and numbers cut in two, payers that only the text names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.core.matching.book import Book
from amiable.core.matching.cuts import cuts, mended
from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Customer, Decision, Hypothesis, Item, Line, Opening
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
