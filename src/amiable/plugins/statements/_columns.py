"""Names that columns of bank exports bear in the languages of our neighbours, and what a header
needs.

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
        "date de comptabilisation, date comptabilisation, date comptable, date compta,"
        "date operation, date de l operation, date d operation, date d ecriture, date ecriture,"
        "date mouvement, date du mouvement, date ope, dateop, date d execution,"
        "date de la valeur local, date de la valeur utc, booking date, booked on, posting date,"
        "date posted, date processed, transaction date, completed date, date completed utc,"
        "date de fin,"
        "settlement date local, settlement date utc, settlement date, buchungstag, buchungsdatum,"
        "fecha contable, fecha operacion, fecha de operacion, data contabile, data operazione,"
        "boekingsdatum, boekdatum, transactiedatum, date, datum, fecha, data"
    ),
    "value_on": _names(
        "date valeur, date de valeur, datevaleur, date val, value date, dateval, valeur, valuta,"
        "valutadatum, wertstellung, date de la valeur, fecha valor, fecha de valor, data valuta,"
        "rentedatum, value"
    ),
    "label": _names(
        "libelle operation, libelle de l operation, libelle complet operation, libelle complet,"
        "libelle, libelles, label,"
        "libelle simplifie, designation, intitule, nature de l operation, nature, motif,"
        "communication, description, transaction description, verwendungszweck, buchungstext,"
        "transaction details, narrative, memo, details, detail, transaction, operation,"
        "omschrijving, omschrijving 1, mededelingen, communications, text, concepto, descripcion,"
        "descrizione, causale,"
        "descricao, payment reference, reference"
    ),
    "label_more": _names(
        "detail de l ecriture, details de l ecriture, detail de l operation, libelle detaille,"
        "informations complementaires, information complementaire, infos complementaires,"
        "libelle complementaire, complement, commentaire, detail, details, additional information,"
        "remittance information, reference client, payment reference, mededelingen,"
        "vrije mededeling, observaciones, note"
    ),
    "amount": _names(
        "montant operation, montant de l operation, montant de l ecriture, montant signe,"
        "montant total ttc, montant net, montant, total amount incl vat, total amount, amount,"
        "transaction amount, net amount, betrag, umsatz, bedrag, importe, importo"
    ),
    "debit": _names(
        "debit, debits, montant debit, montant au debit, sortie, sorties, depenses, soll,"
        "withdrawal, withdrawals, paid out, money out, debit amount, debet, cargo, cargos, debe,"
        "dare, addebiti, uscite"
    ),
    "credit": _names(
        "credit, credits, montant credit, montant au credit, entree, entrees, recettes, haben,"
        "deposit, deposits, paid in, money in, credit amount, abono, abonos, haber, avere,"
        "accrediti"
    ),
    "side": _names(
        "sens, sens operation, debit credit, credit debit, creditdebet, credit debet, d c, c d,"
        "sens d c, debit ou credit, af bij, credit debit indicator, soll haben"
    ),
    "balance": _names(
        "solde, solde comptable, solde apres operation, solde courant, solde progressif,"
        "solde bancaire, running balance, balance, balance after, saldo, saldo na trn,"
        "saldo na mutatie"
    ),
    "currency": _names(
        "devise, code devise, devise du compte, currency, currency code, payment currency, ccy,"
        "wahrung, waehrung, monnaie, moneda, divisa, munt, muntsoort, valutacode"
    ),
    "account": _names(
        "numero de compte, numero compte, n de compte, n compte, no compte, compte, rib,"
        "iban compte, iban du compte, accountnum, account number, account no, account iban,"
        "account, auftragskonto, iban auftragskonto, iban bban, rekeningnummer, rekening, cuenta,"
        "conto, kontonummer"
    ),
    # Of the account, or of the other party where it changes from row to row.
    "iban": ("iban",),
    # On which IBAN of ours the money came in: virtual ones lead to one account.
    "credited_iban": _names(
        "iban virtuel, iban credite, viban, iban virtuel credite, compte credite, compte virtuel,"
        "iban du compte credite, virtual iban, credited iban, virtual account, creditor iban,"
        "creditor account, beneficiary iban, receiving iban"
    ),
    "payer_name": _names(
        "nom de la contrepartie, nom contrepartie, contrepartie, donneur d ordre,"
        "nom du donneur d ordre, emetteur, tiers, nom du tiers, nom tiers, debiteur,"
        "emetteur beneficiaire, donneur d ordre beneficiaire, counterparty, counterparty name,"
        "payer, payer name, debtor, debtor name, name payer, partner name, payee, auftraggeber,"
        "beguenstigter zahlungspflichtiger, name zahlungsbeteiligter, naam tegenpartij,"
        "tegenrekeninghouder,"
        "supplierfound, nom, name, naam"
    ),
    "payer_iban": _names(
        "iban contrepartie, iban de la contrepartie, iban tiers, iban donneur d ordre,"
        "iban du donneur d ordre, iban emetteur, compte contrepartie, compte tiers,"
        "counterparty iban, counterparty account, payer iban, debtor iban, partner iban,"
        "iban zahlungsbeteiligter, kontonummer iban, tegenrekening iban bban, tegenrekening,"
        "tegenrekeningnummer,"
        "rekeningnummer tegenpartij, counterparty, contrepartie"
    ),
    "bank_reference": _names(
        "reference banque, reference bancaire, identifiant de transaction, reference operation,"
        "reference de l operation,"
        "numero d operation, numero operation, n operation, numero de cheque, n cheque,"
        "numero d ecriture, bank reference, transaction id, transferwise id, transaction reference,"
        "reference, referencia, ref, id"
    ),
    "end_to_end_id": _names(
        "reference de bout en bout, reference bout en bout, end to end id, endtoendid,"
        "end to end reference, e2e id, e2e, reference du donneur d ordre"
    ),
    "operation": _names(
        "code operation, code operation interbancaire, code interbancaire, type operation,"
        "type d operation, type de l operation, type de transaction, transaction type, type"
    ),
    # Whether the movement took place; what Revolut charges beside the amount.
    "state": _names("statut, status, state, etat, estado"),
    "fee": _names("fee, frais"),
}  # fmt: skip
HEADER_WITHIN = 40  # rows: banks write account, holder and balances above
_OF_BANKS = {"state", "balance", "account", "iban", "payer_iban"}
NEEDS = (("booked_on", "value_on"), ("amount", "debit", "credit"), ("label", "label_more"))


def of_other_table(header: Sequence[str]) -> bool:
    """Whether a header names what only invoices have (a due date, or a customer and a number), or
    nothing but a reference to tell the rows of a bank by."""
    found, _ = _fields.find_columns(header, NAMES, {})
    told = _fields.normal(header[found["label"]]) if "label" in found else ""
    if told == "reference" and not _OF_BANKS & set(found):
        return True
    found, _ = _fields.find_columns(header, _fields.INVOICE, {})
    customer = "customer_code" in found or "total" in found
    return "due_date" in found or ("number" in found and customer and _named(header))


def _named(header: Sequence[str]) -> bool:
    """Whether a column is called an invoice or a customer in so many words."""
    words = " ".join(_fields.normal(name) for name in header).split()
    return bool({"facture", "invoice", "client", "customer"} & set(words))
