"""Names that columns of invoices and customers bear in French and English exports.

Names are compared in lower case, without accents, articles of punctuation reduced to spaces. For
each field the names stand in order of preference; a file's best one wins.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from amiable.core.numbers import plain
from amiable.core.records import RowError
from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "file.columns_missing": gettext_noop(
            "No column for: {missing}. The file has: {columns}. Rename a column or save a mapping."
        ),
        "file.column_twice": gettext_noop(
            "Two columns are named “{name}”. Rename or remove one of them."
        ),
        "file.mapping_column": gettext_noop(
            "The mapping names a column “{name}” that the file does not have."
        ),
    }
)

Names = Mapping[str, tuple[str, ...]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


CUSTOMER: Names = {
    "customer_code": _names(
        "code client, customer code, client code, customer id, client id, id client, numero client,"
        "n client, no client, customer number, customer no, client number, code tiers,"
        "compte tiers, compte client, compte auxiliaire, code debiteur, debtor code, account code,"
        "account number, ref client, reference client, customer account, compauxnum, compte,"
        "auxiliaire, account, code"
    ),
    "customer_name": _names(
        "nom client, nom du client, customer name, client name, client nom, raison sociale,"
        "company name, account name, libelle client, intitule client, intitule tiers, nom tiers,"
        "nom du tiers, debtor name, nom debiteur, nom d affichage du partenaire de la facture,"
        "invoice partner display name, denomination, company, societe, entreprise,"
        "client, customer, tiers, partenaire, partner, debiteur, debtor, intitule, nom, name"
    ),
    "kind": _names(
        "type client, type de client, customer type, customer kind, client type, categorie client,"
        "nature client"
    ),
    "siren": _names(
        "siren, n siren, numero siren, no siren, siren number, siren client, siret, n siret,"
        "numero siret, siret client, company number, registration number"
    ),
    "vat_number": _names(
        "n tva intracommunautaire, tva intracommunautaire, numero tva intracommunautaire,"
        "numero de tva intracommunautaire, n tva, no tva, numero tva, numero de tva, tva intra,"
        "n tva intra, vat number, vat id, vat no, vat registration number, code tva client"
    ),
    "email": _names(
        "email, e mail, mail, courriel, adresse email, adresse e mail, adresse mail, email client,"
        "email comptabilite, email facturation, customer email, email address, billing email"
    ),
    "phone": _names(
        "telephone, tel, phone, phone number, mobile, portable, telephone mobile,"
        "numero de telephone, telephone client, customer phone, telephone fixe"
    ),
    "address_1": _names(
        "adresse, adresse 1, adresse1, adresse ligne 1, ligne adresse 1, rue, address, address 1,"
        "address1, address line 1, street, voie, adresse client"
    ),
    "address_2": _names(
        "adresse 2, adresse2, adresse ligne 2, ligne adresse 2, complement adresse,"
        "complement d adresse, complement, address 2, address2, address line 2"
    ),
    "address_3": _names(
        "adresse 3, adresse3, adresse ligne 3, ligne adresse 3, address 3, address3, address line 3"
    ),
    "postcode": _names("code postal, cp, postcode, postal code, zip, zip code, zipcode"),
    "city": _names("ville, city, town, commune, localite"),
    "country": _names("pays, country, country code, code pays"),
    "language": _names("langue, language, code langue, lang"),
    "segment": _names("segment, categorie, category, famille client, groupe, customer group"),
    "sales_owner": _names(
        "commercial, responsable commercial, vendeur, representant, sales owner, sales rep,"
        "salesperson, sales person, account manager, charge de clientele"
    ),
    "creditor": _names("creancier, creditor, code creancier, creditor code, entite, entity"),
    "iban": _names("iban, iban client, customer iban, compte bancaire"),
    "contact_name": _names("contact, nom contact, nom du contact, contact name, interlocuteur"),
    "contact_role": _names(
        "fonction contact, fonction du contact, role contact, role du contact, contact role,"
        "contact function, contact title, contact job title, fonction, role, poste, job title"
    ),
    "score": _names(
        "score, score client, score de risque, score risque, customer score, credit score,"
        "risk score, scoring, note de risque, note risque"
    ),
    "payer_group": _names(
        "groupe payeur, groupe de payeurs, groupe de paiement, centrale de paiement, payer group,"
        "paying group, payment group, payer_group"
    ),
    "payment_term": _names(
        "conditions de paiement, condition de paiement, conditions paiement, condition paiement,"
        "conditions de reglement, condition de reglement, conditions reglement,"
        "condition reglement, delai de paiement, delai paiement, delai de reglement,"
        "delai reglement, delai, payment term, payment terms, terms, term, modalites de paiement,"
        "echeance type, terme"
    ),
}
INVOICE: Names = {
    **CUSTOMER,
    "number": _names(
        "numero facture, numero de facture, n facture, n de facture, no facture, num facture,"
        "facture numero, facture n, invoice number, invoice no, invoice num, invoice id,"
        "numero de piece, numero piece, n piece, n de piece, no piece, document number,"
        "document no, doc no, numero document, numero du document, numero de document,"
        "n document, n du document, n de document, numero de la facture, numero de la piece,"
        "reference facture, ref facture, reference de facture, invoice reference,"
        "facture, invoice, piece, numero, number, reference, ref, document, no, n"
    ),
    "issue_date": _names(
        "date facture, date de facture, date de la facture, date facturation,"
        "date de facturation, invoice date, date emission, date d emission, issue date, issued on,"
        "issued, date piece, date de piece, date de la piece, date document, document date,"
        "date du document, bill date, emission, date"
    ),
    "due_date": _names(
        "date echeance, date d echeance, date de l echeance, echeance, due date, due on, due,"
        "date limite de paiement, date limite de reglement, date limite paiement, echeance le,"
        "date echeance paiement, a payer avant le, date limite,"
        "payment due date, payment due, maturity date,"
        "maturity, date exigibilite, date d exigibilite"
    ),
    "total": _names(
        "montant ttc, montant total ttc, total ttc, ttc, montant facture ttc, amount with vat,"
        "amount incl vat, amount including vat, total with vat, total incl vat, total incl tax,"
        "total including vat, amount incl tax, gross amount, gross total, gross, total amount,"
        "invoice amount, invoice total, montant facture, montant de la facture, montant total,"
        "total facture, total en devise signe, total signe, montant, amount, total"
    ),
    "open": _names(
        "solde ttc, solde restant du, solde restant, solde du, solde, reste du, reste du ttc,"
        "reste a payer, reste a regler, restant du, restant a payer, montant restant du,"
        "montant restant, montant du, montant du en devise signe, montant du signe,"
        "invoice amount due, montant du ttc, solde ouvert, solde a payer, solde a regler,"
        "solde facture, reste a payer ttc, reste a regler ttc,"
        "restant du ttc, montant restant du ttc, reste a encaisser, reste a percevoir,"
        "reste a recevoir, amount remaining, remaining balance, montant ouvert,"
        "open amount, amount open, open balance,"
        "outstanding amount, outstanding, remaining amount, remaining, amount due, balance due,"
        "due amount, balance, open, reste, net a payer"
    ),
    "paid": _names(
        "montant paye, montant paye ttc, montant deja paye, montant regle, montant regle ttc,"
        "montant deja regle, deja paye, deja regle, total paye, total regle, montant encaisse,"
        "total encaisse, encaisse, amount paid, paid amount, total paid"
    ),
    "currency": _names("devise, code devise, currency, currency code, monnaie, ccy"),
    "type": _names(
        "type de piece, type piece, type de document, type document, type facture,"
        "type de facture, document type, invoice type, nature de piece, nature piece, type,"
        "nature, kind"
    ),
    "side": _names("sens, debit credit, d c, sens d c, sens debit credit, debit ou credit"),
    "payment_status": _names(
        "statut de paiement, statut paiement, statut du paiement, etat paiement, etat de paiement,"
        "etat du paiement, payment status, payment state, facture payee, facture reglee, payee,"
        "reglee"
    ),
    "lettering": _names("lettrage, lettre, code lettrage, ecriturelet, lettering"),
    "status": _names(
        "statut facture, statut de la facture, etat facture, etat de la facture, invoice status,"
        "statut, etat, status"
    ),
    "order_reference": _names(
        "reference commande, ref commande, numero commande, numero de commande, n commande,"
        "n de commande, no commande, bon de commande, commande, commande client, order reference,"
        "order number, order no, purchase order, po number, po, order, votre reference,"
        "your reference, customer reference"
    ),
    "payment_reference": _names(
        "reference paiement, reference de paiement, reference structuree, payment reference,"
        "structured reference, reference virement, rf"
    ),
    "label": _names(
        "libelle, libelle facture, description, designation, objet, subject, label, commentaire"
    ),
}
CUSTOMERS_FILE: Names = {
    **CUSTOMER,
    "kind": (*CUSTOMER["kind"], "type", "nature", "kind"),
}

# Each inner tuple is one need; any of its fields satisfies it.
INVOICE_NEEDS = (
    ("customer_code", "customer_name"),
    ("number",),
    ("issue_date",),
    ("total",),
    ("due_date", "payment_term"),
)
CUSTOMER_NEEDS = (("customer_name",),)


_NAME = 80
_JOINED = re.compile(r"[A-Za-z]+(?<=[a-z])(?=[A-Z])[A-Za-z]+")
_EURO = re.compile(r"(?<=[a-z]) (?:en )?(?:eur|euros?)$|(?<=[a-z]) en$")


def normal(name: str) -> str:
    """A column name as it is compared: "N° de facture" -> "n de facture"."""
    # The same few names are compared with every row that may be a header; long cells are no names.
    return _normal(name) if len(name) <= _NAME else _normal.__wrapped__(name)


@functools.lru_cache(maxsize=2048)
def _normal(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", plain(name.replace("°", " ").replace("º", " "))).strip()


def _spellings(name: str) -> list[str]:
    """The name as compared, then without "(EUR)" behind it, and InvoiceDate as two words."""
    words = name.strip()
    if _JOINED.fullmatch(words):
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)
    own = normal(name).replace("t t c", "ttc")
    return list(dict.fromkeys((normal(name), own, _EURO.sub("", own), normal(words))))


def stated_currency(name: str, own: str) -> str:
    """The currency that the name of a column of amounts states, or "": "Montant TTC (€)".

    Odoo's "Total signé" is in the company's `own` currency; with "en devise" it is the document's.
    """
    words = normal(name)
    if "€" in name or re.search(r" (?:eur|euros?)$", words):
        return "EUR"
    return own if words.endswith(" signe") and "devise" not in words else ""


def _compared(header: Sequence[str], names: Names) -> list[str]:
    """Each column by its name, or by a spelling of it that is known and not another column's."""
    known = {name for candidates in names.values() for name in candidates}
    normals = [normal(name) for name in header]
    return [
        next((s for s in _spellings(name) if s in known and (s == own or s not in normals)), own)
        for name, own in zip(header, normals, strict=True)
    ]


def find_columns(
    header: Sequence[str], names: Names, chosen: Mapping[str, str]
) -> tuple[dict[str, int], list[tuple[str, dict[str, str]]]]:
    """(field -> column index, defects as (code, params)) of a header row.

    `chosen` (field -> column name) overrides the known names for its fields; "" = no column.
    """
    normals = [normal(name) for name in header]
    columns: dict[str, int] = {}
    defects: list[tuple[str, dict[str, str]]] = []
    for field, name in chosen.items():
        if not name:
            continue
        if normal(name) in normals:
            columns[field] = normals.index(normal(name))
        else:
            defects.append(("file.mapping_column", {"name": name}))
    taken = set(columns.values())
    normals = _compared(header, names)
    for field, candidates in names.items():
        is_open = field not in columns and field not in chosen
        found = next((n for n in candidates if is_open and n in normals), None)
        if found is None or normals.index(found) in taken:
            continue
        if normals.count(found) > 1:
            defects.append(("file.column_twice", {"name": header[normals.index(found)]}))
        columns[field] = normals.index(found)
    return columns, defects


def missing_needs(
    columns: Mapping[str, int], needs: Sequence[Sequence[str]], names: Names
) -> list[str]:
    """The needs no column satisfies, each by the usual name of its fields."""
    return [
        " / ".join(names[field][0] for field in need)
        for need in needs
        if not any(field in columns for field in need)
    ]


def header_errors(
    header: Sequence[str],
    line: int,
    missing: Sequence[str],
    defects: Sequence[tuple[str, dict[str, str]]],
) -> list[RowError]:
    """The defects of a header as row errors."""
    errors = [RowError(line, params.get("name", ""), code, params) for code, params in defects]
    if missing:
        shown = ", ".join(name[:40] for name in header[:40] if name.strip())
        params = {"missing": ", ".join(missing), "columns": shown or "-"}
        errors.append(RowError(line, "", "file.columns_missing", params))
    return errors
