"""Names that columns of bank exports bear in French, English and German, and what a header needs.

The names of a field stand in order of preference. Compared as those of invoices are
(imports._fields): in lower case, without accents or punctuation.
"""

from __future__ import annotations

from collections.abc import Sequence

from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.imports import _fields

declare(
    {
        "statement.other_table": gettext_noop(
            "The columns are those of invoices or customers, not of a bank statement. Choose the "
            "other import, or save a mapping of the columns."
        ),
    }
)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


NAMES: _fields.Names = {
    "booked_on": _names(
        "date operation, date de l operation, date d operation, date comptable, date compta,"
        "date de comptabilisation, date comptabilisation, date d ecriture, date ecriture,"
        "date mouvement, date du mouvement, date ope, dateop, booking date, booked on,"
        "posting date, date posted, transaction date, completed date, buchungstag, buchungsdatum,"
        "date, datum"
    ),
    "value_on": _names(
        "date valeur, date de valeur, datevaleur, date val, value date, dateval, valeur, valuta,"
        "valutadatum, wertstellung, value"
    ),
    "label": _names(
        "libelle operation, libelle de l operation, libelle complet, libelle, libelles, label,"
        "libelle simplifie, designation, intitule, nature de l operation, nature, motif,"
        "communication, description, transaction description, verwendungszweck, buchungstext,"
        "narrative, memo, details, detail, transaction, operation, omschrijving"
    ),
    "label_more": _names(
        "detail de l ecriture, details de l ecriture, detail de l operation, libelle detaille,"
        "informations complementaires, information complementaire, infos complementaires,"
        "libelle complementaire, complement, commentaire, detail, details, additional information,"
        "remittance information, reference client"
    ),
    "amount": _names(
        "montant operation, montant de l operation, montant de l ecriture, montant signe,"
        "montant net, montant, amount, transaction amount, net amount, betrag, umsatz, bedrag"
    ),
    "debit": _names(
        "debit, debits, montant debit, montant au debit, sortie, sorties, depenses, soll,"
        "withdrawal, withdrawals, paid out, money out, debit amount"
    ),
    "credit": _names(
        "credit, credits, montant credit, montant au credit, entree, entrees, recettes, haben,"
        "deposit, deposits, paid in, money in, credit amount"
    ),
    "side": _names("sens, sens operation, debit credit, d c, sens d c, debit ou credit, af bij"),
    "balance": _names(
        "solde, solde comptable, solde apres operation, solde courant, solde progressif,"
        "running balance, balance, balance after, saldo, accountbalance"
    ),
    "currency": _names("devise, code devise, currency, currency code, ccy, wahrung, monnaie"),
    "account": _names(
        "numero de compte, numero compte, n de compte, n compte, no compte, compte, rib,"
        "iban compte, accountnum, account number, account no, account iban, account, auftragskonto,"
        "iban auftragskonto"
    ),
    # Of the account, or of the other party where it changes from row to row.
    "iban": ("iban",),
    "payer_name": _names(
        "contrepartie, nom de la contrepartie, nom contrepartie, donneur d ordre,"
        "nom du donneur d ordre, emetteur, tiers, nom du tiers, nom tiers, debiteur,"
        "emetteur beneficiaire, donneur d ordre beneficiaire, counterparty, counterparty name,"
        "payer, payer name, debtor, debtor name, name payer, auftraggeber,"
        "beguenstigter zahlungspflichtiger, supplierfound, nom, name"
    ),
    "payer_iban": _names(
        "iban contrepartie, iban de la contrepartie, iban tiers, iban donneur d ordre,"
        "iban du donneur d ordre, iban emetteur, compte contrepartie, compte tiers,"
        "counterparty iban, counterparty account, payer iban, debtor iban, kontonummer iban"
    ),
    "bank_reference": _names(
        "reference banque, reference bancaire, reference operation, reference de l operation,"
        "numero d operation, numero operation, n operation, numero de cheque, n cheque,"
        "numero d ecriture, bank reference, transaction id, transaction reference, reference, ref,"
        "id"
    ),
    "end_to_end_id": _names(
        "reference de bout en bout, reference bout en bout, end to end id, endtoendid,"
        "end to end reference, e2e id, e2e, reference du donneur d ordre"
    ),
    "operation": _names(
        "code operation, code operation interbancaire, code interbancaire, type operation,"
        "type d operation, type de l operation, type de transaction, transaction type, type"
    ),
}  # fmt: skip
HEADER_WITHIN = 40  # rows: banks write account, holder and balances above
NEEDS = (("booked_on", "value_on"), ("amount", "debit", "credit"), ("label", "label_more"))


def of_other_table(header: Sequence[str]) -> bool:
    """Whether a header names what only invoices have: a due date, or a customer and a number."""
    found, _ = _fields.find_columns(header, _fields.INVOICE, {})
    customer = "customer_code" in found or "total" in found
    return "due_date" in found or ("number" in found and customer and _named(header))


def _named(header: Sequence[str]) -> bool:
    """Whether a column is called an invoice or a customer in so many words."""
    words = " ".join(_fields.normal(name) for name in header).split()
    return bool({"facture", "invoice", "client", "customer"} & set(words))
