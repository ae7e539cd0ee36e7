"""Exports of accounting and billing software: their column names, units and rows of totals."""

from __future__ import annotations

from datetime import date

import pytest

from amiable.plugins.base import ReadOptions
from amiable.plugins.sniffing import read_file

HEADER = "Code client;Nom client;N° facture;Date facture;Date échéance;Montant TTC;Solde"
ONE = "C1;Un;F1;01/10/2026;31/10/2026;10,00;10,00"
TWO = "C2;Deux;F2;01/10/2026;31/10/2026;20,00;5,00"


def read(tmp_path, *lines: str):
    path = tmp_path / "export.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_file(path, ReadOptions())


def facts(found):
    return [(i.number, i.kind, i.total_minor, i.open_minor, i.due_date) for i in found.invoices]


def warned(found):
    return [(w.line, w.code) for w in found.warnings]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Numéro du document;Date du document;Code client;Nom du client;Montant TTC;"
            "Date d'échéance;Reste dû",
            "F1;01/10/2026;C1;Un;10,00;31/10/2026;4,00",
        ),
        (
            "Numéro,Nom d'affichage du partenaire de la facture,Date de facturation,"
            "Date d'échéance,Hors taxes signé,Total signé,Montant dû signé",
            "F1,Un,2026-10-01,2026-10-31,8.33,10.0,4.0",
        ),
        (
            "CustomerName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue",
            "Un,F1,1 Oct 2026,31 Oct 2026,10.00,4.00",
        ),
        (
            "Code client,N° facture,Date facture,Date échéance,Montant TTC en €,Solde (EUR)",
            'C1,F1,01/10/2026,31/10/2026,"10,00","4,00"',
        ),
        (
            "Client;Facture;Type facture;Date;Échéance;Montant TTC;Total TTC EUR;Solde",
            "Un;F1;Facture standard;01/10/2026;31/10/2026;10,00;99,00;4,00",
        ),
    ],
)
def test_column_names_of_software_are_known(tmp_path, header, row):
    found = read(tmp_path, header, row)
    assert found.errors == ()
    assert facts(found) == [("F1", "invoice", 1000, 400, date(2026, 10, 31))]


@pytest.mark.parametrize("amount", ["Montant TTC (€)", "Montant TTC EUR", "Total signé"])
def test_amount_in_euros_of_an_invoice_in_dollars_is_refused(tmp_path, amount):
    found = read(
        tmp_path,
        f"Client;Facture;Date;Échéance;{amount};Devise",
        "Un;F1;01/10/2026;31/10/2026;10,00;USD",
        "Un;F2;01/10/2026;31/10/2026;10,00;EUR",
    )
    assert [(e.line, e.column, e.code) for e in found.errors] == [(2, amount, "amount.symbol")]


def test_rows_of_totals_that_add_up_are_left_out(tmp_path):
    found = read(
        tmp_path, HEADER, ONE, "Total C1;;;;;10,00;10,00", TWO, ";Sous-total;;;;20,00;5,00",
        "TOTAL GÉNÉRAL;;;;;30,00;15,00",
    )  # fmt: skip
    assert found.errors == ()
    assert [row[0] for row in facts(found)] == ["F1", "F2"]
    assert warned(found) == [(line, "invoice.totals_row") for line in (3, 5, 6)]


def test_credit_notes_count_negative_in_a_total(tmp_path):
    credit = "C2;Deux;A2;01/10/2026;31/10/2026;-4,00;-4,00"
    assert read(tmp_path, HEADER, ONE, credit, "Total;;;;;6,00;6,00").errors == ()


def test_a_total_that_does_not_add_up_is_an_error(tmp_path):
    found = read(tmp_path, HEADER, ONE, TWO, "Total;;;;;31,00;")
    assert {error.line for error in found.errors} == {4}


def test_a_customer_called_total_is_no_total(tmp_path):
    row = "TOTAL;Total Énergies;F1;01/10/2026;31/10/2026;10,00;10,00"
    found = read(tmp_path, HEADER, row)
    assert [i.customer.name for i in found.invoices] == ["Total Énergies"]
    undated = "TOTAL;Total Énergies;;;;7,00;"
    assert {e.line for e in read(tmp_path, HEADER, row, undated).errors} == {3}


def test_abbreviated_end_of_month_terms_are_read(tmp_path):
    found = read(
        tmp_path,
        "Client;Facture;Date;Conditions de paiement;Montant TTC",
        "Un;F1;15/01/2026;45 JFM;10,00",
        "Un;F2;15/01/2026;30 j fm;10,00",
    )
    assert [i.due_date for i in found.invoices] == [date(2026, 3, 31), date(2026, 2, 28)]


def test_credit_side_is_a_credit_note(tmp_path):
    found = read(
        tmp_path,
        "Client;Pièce;Date;Échéance;Montant;Sens",
        "Un;F1;01/10/2026;31/10/2026;10,00;D",
        "Un;A1;01/10/2026;31/10/2026;4,00;C",
        "Un;X1;01/10/2026;31/10/2026;4,00;?",
    )
    assert [(i.number, i.kind, i.total_minor) for i in found.invoices] == [
        ("F1", "invoice", 1000), ("A1", "credit_note", 400),
    ]  # fmt: skip
    assert [(e.line, e.column, e.code) for e in found.errors] == [(4, "Sens", "fec.side")]


@pytest.mark.parametrize(
    ("column", "status", "open_minor"),
    [
        ("Statut", "Payée", 0),
        ("Statut de paiement", "Non payé", None),
        ("Facture payée", "Oui", 0),
        ("Facture payée", "Non", None),
        ("Status", "Overdue", None),
        ("Statut", "", None),
    ],
)
def test_status_tells_what_is_paid_when_no_open_amount_is_there(
    tmp_path, column, status, open_minor
):
    found = read(
        tmp_path,
        f"Client;Facture;Date;Échéance;Montant TTC;{column}",
        f"Un;F1;01/10/2026;31/10/2026;10,00;{status}",
    )
    assert (found.errors, found.warnings) == ((), ())
    assert [i.open_minor for i in found.invoices] == [open_minor]


def test_open_amount_is_believed_before_a_status(tmp_path):
    found = read(tmp_path, f"{HEADER};Statut", f"{ONE};Payée")
    assert facts(found)[0][3] == 1000


@pytest.mark.parametrize("status", ["Annulée", "Brouillon", "cancelled"])
def test_cancelled_invoices_and_drafts_are_left_out_with_a_warning(tmp_path, status):
    found = read(tmp_path, f"{HEADER};Statut", f"{ONE};{status}", f"{TWO};En retard")
    assert [row[0] for row in facts(found)] == ["F2"]
    assert warned(found) == [(2, "invoice.void")]


def test_partly_paid_without_open_amount_is_refused(tmp_path):
    head = "Client;Facture;Date;Échéance;Montant TTC;Statut"
    found = read(tmp_path, head, "Un;F1;01/10/2026;31/10/2026;10,00;Partiellement payée")
    assert [(e.line, e.code) for e in found.errors] == [(2, "invoice.part_paid")]
    assert read(tmp_path, f"{HEADER};Statut", f"{TWO};Partiellement payée").errors == ()


def test_unknown_status_is_reported_once(tmp_path):
    found = read(tmp_path, f"{HEADER};Statut", f"{ONE};Bizarre", f"{TWO};Bizarre")
    assert len(found.invoices) == 2
    assert warned(found) == [(2, "invoice.status_unknown")]


@pytest.mark.parametrize(
    "column",
    ["Solde ouvert", "Montant dû TTC", "Reste à payer TTC", "Reste à encaisser"],
)
def test_open_amount_under_other_names(tmp_path, column):
    found = read(
        tmp_path,
        f"N° Facture;Société;Date;Échéance le;Total T.T.C.;{column}",
        "F1;Un;01/10/2026;31/10/2026;10,00;4,00",
    )
    assert facts(found) == [("F1", "invoice", 1000, 400, date(2026, 10, 31))]


def test_open_amount_is_the_total_less_what_was_paid(tmp_path):
    found = read(
        tmp_path,
        "Client;Facture;Date;Échéance;Montant TTC;Déjà réglé;Statut",
        "Un;F1;01/10/2026;31/10/2026;10,00;4,00;Partiellement payée",
        "Un;F2;01/10/2026;31/10/2026;10,00;0,00;",
        "Un;A1;01/10/2026;31/10/2026;-10,00;-1,00;",
        "Un;F3;01/10/2026;31/10/2026;10,00;;",
        "Un;F4;01/10/2026;31/10/2026;10,00;11,00;",
    )
    assert [(i.number, i.open_minor) for i in found.invoices] == [
        ("F1", 600), ("F2", 1000), ("A1", 900), ("F3", None),
    ]  # fmt: skip
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (6, "Déjà réglé", "invoice.paid_above_total")
    ]


def test_header_repeated_by_pages_is_no_row(tmp_path):
    found = read(tmp_path, HEADER, ONE, HEADER, TWO)
    assert (found.errors, found.rows, len(found.invoices)) == ((), 2, 2)


def test_cells_written_as_formulas_of_text_are_their_text(tmp_path):
    found = read(
        tmp_path,
        "Code client;Facture;Date;Échéance;Montant TTC",
        '="0012";="F1";01/10/2026;="31/10/2026";="5,00"',
    )
    (row,) = found.invoices
    assert (row.customer.code, row.number, row.total_minor) == ("0012", "F1", 500)


@pytest.mark.parametrize(
    ("letters", "open_minor"), [("AA", 0), ("12", 0), ("", None), ("Oui", 0), ("Non", None)]
)
def test_lettering_settles_an_invoice(tmp_path, letters, open_minor):
    head = "Client;Facture;Date;Échéance;Montant TTC;Lettrage"
    found = read(tmp_path, head, f"Un;F1;01/10/2026;31/10/2026;10,00;{letters}")
    assert found.errors == ()
    assert [i.open_minor for i in found.invoices] == [open_minor]


def test_lettering_in_small_letters_needs_the_open_amount(tmp_path):
    head = "Client;Facture;Date;Échéance;Montant TTC;Lettrage"
    found = read(tmp_path, head, "Un;F1;01/10/2026;31/10/2026;10,00;aa")
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (2, "Lettrage", "invoice.part_paid")
    ]


def test_unread_column_of_what_is_open_is_reported(tmp_path):
    head = "Client;Facture;Date;Échéance;Montant TTC;Solde en fin de période"
    found = read(tmp_path, head, "Un;F1;01/10/2026;31/10/2026;10,00;4,00")
    assert warned(found) == [(1, "invoice.open_overlooked")]
    assert read(tmp_path, HEADER, ONE).warnings == ()
