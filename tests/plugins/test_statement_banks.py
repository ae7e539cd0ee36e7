"""Tables as single banks lay them out: their columns, states, fees, days and closing words."""

from __future__ import annotations

from datetime import date

import pytest
import xlsxwriter

from amiable.plugins.sniffing import read_file
from tests.plugins.statement_facts import written

# Name of the layout -> (the file, account, opening, closing); each with the same two movements.
LAYOUTS = {
    "La Poste": (
        "Numéro Compte   :;1234567A020\nType :;CCP\nCompte tenu en  :;euros\n\n"
        "Solde (EUROS)   :;1334,56\nSolde (FRANCS)  :;8754,14\n\n"
        "Date;Libellé;Montant(EUROS);Montant(FRANCS)\n"
        "10/10/2026;VIREMENT MARTIN FA42;1000,00;6559,57\n"
        "08/10/2026;PRLV EDF;-65,44;-429,26\n",
        ("1234567A020", None, 133_456),
    ),
    "savings bank": (
        "Date de comptabilisation;Libelle simplifie;Libelle operation;Reference;"
        "Informations complementaires;Type operation;Debit;Credit;Date operation;Date de valeur\n"
        "10/10/2026;MARTIN;VIREMENT MARTIN FA42;AB12;-;Virement;;+1000,00;09/10/2026;10/10/2026\n"
        "08/10/2026;EDF;PRLV EDF;AB11;-;Prelevement;-65,44;;07/10/2026;08/10/2026\n",
        ("", None, None),
    ),
    "balance of the account on every row": (
        "dateOp;dateVal;label;category;supplierFound;amount;comment;accountNum;solde\n"
        '2026-10-10;2026-10-10;VIREMENT MARTIN FA42;;;"1 000,00";;00040123456;1334.56\n'
        '2026-10-08;2026-10-08;PRLV EDF;;;"-65,44";;00040123456;1334.56\n',
        ("00040123456", None, None),
    ),
    "Spanish": (
        "Fecha;Concepto;Importe;Moneda;Cuenta;Referencia\n"
        "2026-10-10;VIREMENT MARTIN FA42;1.000,00;EUR;ES9121000418450200051332;R-2\n"
        "2026-10-08;PRLV EDF;-65,44;EUR;ES9121000418450200051332;R-1\n",
        ("ES9121000418450200051332", None, None),
    ),
    "Italian": (
        "Data contabile;Data valuta;Descrizione;Dare;Avere;Divisa;Saldo\n"
        "10/10/2026;10/10/2026;VIREMENT MARTIN FA42;;1.000,00;EUR;1.334,56\n"
        "08/10/2026;08/10/2026;PRLV EDF;65,44;;EUR;334,56\n",
        ("", 40_000, 133_456),
    ),
    "Dutch": (
        '"IBAN/BBAN","Munt","Datum","Rentedatum","Bedrag","Saldo na trn","Naam tegenpartij",'
        '"Omschrijving"\n'
        '"NL91ABNA0417164300","EUR","2026-10-10","2026-10-10","+1000,00","+1334,56","MARTIN",'
        '"VIREMENT MARTIN FA42"\n'
        '"NL91ABNA0417164300","EUR","2026-10-08","2026-10-08","-65,44","+334,56","EDF",'
        '"PRLV EDF"\n',
        ("NL91ABNA0417164300", 40_000, 133_456),
    ),
    "neobank with the hour": (
        "Statut;Date de la valeur (UTC);Date de l'opération (UTC);IBAN du compte;"
        "Nom de la contrepartie;Montant total (TTC);Devise;Référence\n"
        "Exécuté;10-10-2026 08:01:02;09-10-2026 08:01:02;FR7616958000010000000000042;"
        "MARTIN;1000,00;EUR;VIREMENT MARTIN FA42\n"
        "Exécuté;08-10-2026 08:01:02;07-10-2026 08:01:02;FR7616958000010000000000042;"
        "EDF;-65,44;EUR;PRLV EDF\n",
        ("FR7616958000010000000000042", None, None),
    ),
    "neobank with sides beside the amount": (
        "Statut;Date de la valeur (UTC);Montant total (TTC);Débit;Crédit;Solde;Devise;"
        "IBAN du compte;Nom de la contrepartie;Identifiant de transaction;Référence\n"
        "Exécuté;10-10-2026 08:01:02;1000,00;;1000,00;1334,56;EUR;FR7616958000010000000000042;"
        "MARTIN;tx-2;VIREMENT MARTIN FA42\n"
        "En cours;;-5,00;5,00;;;EUR;FR7616958000010000000000042;TAXI;tx-3;\n"
        "Exécuté;08-10-2026 08:01:02;-65,44;65,44;;334,56;EUR;FR7616958000010000000000042;"
        "EDF;tx-1;PRLV EDF\n",
        ("FR7616958000010000000000042", 40_000, 133_456),
    ),
    "own balance of a neobank": (
        "Transaction ID;Date de la valeur;Date d'opération;IBAN;Type de transaction;Débit;Crédit;"
        "Solde mouvement;Solde bancaire;Libellé;Nom de la contrepartie\n"
        "T2;10/10/2026;10/10/2026;FR7616958000010000000000042;Virement;;1000,00;;1334,56;"
        "VIREMENT MARTIN FA42;MARTIN\n"
        "T1;08/10/2026;08/10/2026;FR7616958000010000000000042;Prélèvement;65,44;;;334,56;"
        "PRLV EDF;EDF\n",
        ("FR7616958000010000000000042", 40_000, 133_456),
    ),
    "zoned hours": (
        "date,description,amount,currency\n"
        "2026-10-10T08:01:02.123+02:00,VIREMENT MARTIN FA42,1000.00,EUR\n"
        "2026-10-08 10:00:00 +0000,PRLV EDF,-65.44,EUR\n",
        ("", None, None),
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_of_banks_give_the_same_movements(tmp_path, name):
    content, (account, opening, closing) = LAYOUTS[name]
    (tmp_path / "releve.csv").write_text(content)
    found = read_file(tmp_path / "releve.csv")
    assert (found.format, found.errors) == ("statement_csv", ())
    (statement,) = found.statements
    assert statement.account == account
    assert [
        (entry.booked_on, entry.amount_minor, entry.label.split(" -")[0])
        for entry in statement.entries
    ] == [
        (date(2026, 10, 10), 100_000, "VIREMENT MARTIN FA42"),
        (date(2026, 10, 8), -6_544, "PRLV EDF"),
    ]
    assert (statement.opening_minor, statement.closing_minor) == (opening, closing)


def test_the_account_beside_a_payee_is_the_payees(tmp_path):
    (statement,) = written(
        "statement_csv",
        tmp_path,
        '"Date","Payee","Account number","Transaction type","Payment reference","Amount (EUR)"\n'
        '"2026-10-08","EDF","FR7630006000011234567890189","Direct Debit","ECH","-65.44"\n'
        '"2026-10-10","MARTIN","","Income","FA42","1000.0"\n',
    ).statements
    debit, credit = statement.entries
    assert statement.account == ""
    assert (debit.payer_name, debit.payer_iban) == ("EDF", "FR7630006000011234567890189")
    assert (credit.payer_name, credit.label) == ("MARTIN", "FA42")


def test_what_is_to_come_is_counted_and_what_was_refused_is_told(tmp_path):
    found = written(
        "statement_csv",
        tmp_path,
        "Type,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "TOPUP,2026-10-07 09:00:01,2026-10-07 09:00:05,MARTIN,1000.00,0.00,EUR,COMPLETED,1400.00\n"
        "TRANSFER,2026-10-08 09:00:01,2026-10-08 10:00:05,EDF,-65.44,1.00,EUR,COMPLETED,1333.56\n"
        "CARD,2026-10-09 09:00:01,,Hotel,-10.00,0.00,EUR,REVERTED,\n"
        "CARD,2026-10-09 09:00:01,,Taxi,-10.00,0.00,EUR,PENDING,\n",
    )
    (statement,) = found.statements
    assert [(e.amount_minor, e.fee_minor) for e in statement.entries] == [
        (100_000, 0),
        (-6_644, 100),
    ]
    assert statement.difference_minor == 0
    assert found.summary["statements"][0]["pending"] == 1
    assert [(w.line, w.code) for w in found.warnings] == [(4, "statement.row_void")]


def test_words_below_the_rows_are_told_and_left_out(tmp_path):
    table = "Date;Libellé;Montant\n08/10/2026;PRLV EDF;-65,44\n"
    words = ";suite du libellé;\nDocument édité le 02/11/2026;;\n"
    found = written("statement_csv", tmp_path, table + words)
    assert [len(s.entries) for s in found.statements] == [1]
    assert [(w.line, w.code) for w in found.warnings] == [
        (3, "statement.row_note"),
        (4, "statement.row_note"),
    ]
    damaged = written("statement_csv", tmp_path, table + "0x/10/2026;VIR MARTIN;\n")
    assert [(e.line, e.code) for e in damaged.errors] == [(3, "statement.no_amount")]


def test_a_table_told_by_references_alone_is_no_statement(tmp_path):
    found = written("statement_csv", tmp_path, "Date;Référence;Montant\n08/10/2026;F-1;10,00\n")
    assert [error.code for error in found.errors] == ["statement.other_table"]


@pytest.mark.parametrize(
    ("first", "second", "booked"),
    [
        ("12/31/2026", "01/02/2026", date(2026, 1, 2)),
        ("31/12/2026", "01/02/2026", date(2026, 2, 1)),
        ("03/04/2026", "01/02/2026", date(2026, 2, 1)),
    ],
)
def test_month_first_days_are_read_where_one_of_them_proves_it(tmp_path, first, second, booked):
    table = f"Date,Description,Amount\n{first},PRLV EDF,-65.44\n{second},VIR MARTIN,10.00\n"
    (statement,) = written("statement_csv", tmp_path, table).statements
    assert statement.entries[1].booked_on == booked


def test_days_that_contradict_each_other_are_refused(tmp_path):
    table = "Date,Description,Amount\n12/31/2026,PRLV EDF,-65.44\n31/12/2026,VIR MARTIN,10.00\n"
    found = written("statement_csv", tmp_path, table)
    assert [(e.line, e.code) for e in found.errors] == [(2, "date.unreadable")]


HEAD = ["Date", "Valeur", "Libellé", "Débit", "Crédit"]
PAID = ["10/10/2026", "10/10/2026", "VIREMENT MARTIN FA42", None, 1000]
BILL = ["08/10/2026", "08/10/2026", "PRLV EDF", -65.44, None]


def sheets(folder, **rows):
    path = folder / "releve.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, lines in rows.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(lines):
                sheet.write_row(number, 0, cells)
            if name.startswith("caché"):
                sheet.hide()
    return read_file(path)


def test_a_workbook_has_one_account_by_sheet_and_a_cover(tmp_path):
    found = sheets(
        tmp_path,
        **{
            "Vos comptes": [["Synthèse"], ["Compte courant", "1 334,56"]],
            "Cpt 10278 00012345603": [HEAD, PAID, BILL],
            "Livret": [["Compte FR7630006000011234567890189"], HEAD, PAID],
            "Sans mouvement": [HEAD],
            "caché": [HEAD, PAID],
        },
    )
    assert not found.errors
    assert [(s.account, [e.amount_minor for e in s.entries]) for s in found.statements] == [
        ("1027800012345603", [100_000, -6_544]),
        ("FR7630006000011234567890189", [100_000]),
    ]
    summaries = found.summary["statements"]
    assert [each["account"] for each in summaries] == [s.account for s in found.statements]


def test_a_bad_row_of_any_sheet_refuses_the_workbook_and_names_the_sheet(tmp_path):
    bad = ["10/10/2026", "", "VIREMENT", None, "1.2.3"]
    found = sheets(tmp_path, **{"A 12345": [HEAD, PAID], "B 67890": [HEAD, bad]})
    assert not found.statements
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (2, "B 67890 · Crédit", "amount.unreadable"),
    ]


def test_a_workbook_of_one_table_keeps_its_account_unsaid(tmp_path):
    found = sheets(tmp_path, **{"Feuil1": [HEAD, PAID], "Notes": [["à classer"]]})
    assert [s.account for s in found.statements] == [""]


def test_a_column_of_sides_is_known_by_what_it_holds(tmp_path):
    table = "Datum;Bedrag;Code;Omschrijving\n10-10-2026;1000,00;C;FA42\n08-10-2026;65,44;D;EDF\n"
    (statement,) = written("statement_csv", tmp_path, table).statements
    assert [entry.amount_minor for entry in statement.entries] == [100_000, -6_544]
    signed = (
        table.replace(";65,44;", ";-65,44;").replace(";D;", ";C;").replace(";C;FA42", ";D;FA42")
    )
    (statement,) = written("statement_csv", tmp_path, signed).statements
    assert [entry.amount_minor for entry in statement.entries] == [100_000, -6_544]


def test_several_accounts_one_below_the_other_are_kept_apart(tmp_path):
    head = "Date;Libellé;Débit euros;Crédit euros;\n"
    found = written(
        "statement_csv",
        tmp_path,
        "Téléchargement du 12/10/2026;\n\nCompte de Dépôt carte n° 00012345678;\n"
        "Solde au 12/10/2026 1 334,56 €\n\n"
        f"{head}10/10/2026;VIREMENT MARTIN FA42;;1 000,00;\n08/10/2026;PRLV EDF;65,44;;\n\n"
        "Livret A carte n° 00098765432;\nSolde au 12/10/2026 500,00 €\n\n"
        f"{head}09/10/2026;VIREMENT INTERNE;;20,00;\n",
    )
    assert [
        (s.account, s.closing_minor, [e.amount_minor for e in s.entries]) for s in found.statements
    ] == [
        ("00012345678", 133_456, [100_000, -6_544]),
        ("00098765432", 50_000, [2_000]),
    ]


LCL = (
    "01/10/2026;400;;00451 098285A\n"
    "08/10/2026;-65,44;Prélèvement;;PRLV EDF;;;\n"
    "09/10/2026;-10;Carte;;CB  TAXI  08/10/26;;0;Divers\n"
    "10/10/2026;1000,00;Virement;;;VIREMENT MARTIN FA42;;\n"
    "12/10/2026;1324,56;;00451 098285A\n"
)


def test_a_table_without_header_is_known_by_its_balance_lines(tmp_path):
    (tmp_path / "T_cpte.csv").write_bytes(LCL.encode("cp1252"))
    found = read_file(tmp_path / "T_cpte.csv")
    assert (found.format, found.errors) == ("statement_csv", ())
    (statement,) = found.statements
    assert (statement.account, statement.difference_minor) == ("00451098285A", 0)
    assert (statement.opening_minor, statement.closing_minor) == (40_000, 132_456)
    assert [(e.line, e.amount_minor, e.label, e.operation) for e in statement.entries] == [
        (2, -6_544, "PRLV EDF", "Prélèvement"),
        (3, -1_000, "CB TAXI 08/10/26", "Carte"),
        (4, 100_000, "VIREMENT MARTIN FA42", "Virement"),
    ]


@pytest.mark.parametrize("spoilt", [LCL.replace(";00451 098285A", ";"), "x;y\n" + LCL])
def test_other_tables_without_header_are_refused(tmp_path, spoilt):
    (tmp_path / "f.csv").write_text(spoilt)
    assert read_file(tmp_path / "f.csv", kind="statement").errors


def test_a_row_that_lost_a_quotation_mark_is_no_account_of_its_own(tmp_path):
    row = '"NL91ABNA0417164300","2026-10-10","10,00","FA42"\n'
    table = '"Rekening","Datum","Bedrag","Omschrijving"\n' + row + row[1:]
    found = written("statement_csv", tmp_path, table)
    assert [(e.line, e.column, e.code) for e in found.errors] == [
        (3, "Rekening", "statement.no_account"),
    ]
