"""What columns like “Statut” say of an invoice: to be paid, paid, or never issued."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from amiable.core.numbers import plain
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.imports._fields import normal

State = Literal["open", "paid", "part", "void"]

declare(
    {
        "invoice.void": gettext_noop(
            "The invoice is “{value}”: nothing is owed on it, the row was left out."
        ),
        "invoice.part_paid": gettext_noop(
            "The invoice is “{value}” but the file has no open amount. Add a column with what "
            "remains to be paid."
        ),
        "invoice.open_overlooked": gettext_noop(
            "The column “{name}” may say what is still to be paid, but it is not read: every "
            "total counts as open. Rename the column or save a mapping."
        ),
        "invoice.status_unknown": gettext_noop(
            "“{value}” is not a known status: the row counts as to be paid. Check it."
        ),
    }
)


def _all(state: State, text: str) -> dict[str, State]:
    return {name.strip(): state for name in text.split(",")}


_STATES: dict[str, State] = {
    **_all(
        "open",
        "a payer, a regler, a encaisser, due, echue, echu, en attente, en attente de paiement,"
        "en cours, en retard, envoyee, emise, finalisee, finalise, impayee, impaye, late,"
        "non payee, non paye, non reglee, non regle, not paid, not_paid, open, ouverte, ouvert,"
        "overdue, posted, comptabilise, comptabilisee, sent, unpaid, validee, valide, validated",
    ),
    **_all(
        "paid",
        "paid, payee, paye, payees, in payment, in_payment, en paiement, reglee, regle,"
        "encaissee, encaisse, soldee, acquittee, acquitte, lettree, settled",
    ),
    **_all(
        "part",
        "partial, partially paid, partially_paid, partiellement paye, partiellement payee,"
        "partiellement reglee, partiellement regle, payee partiellement, paye partiellement,"
        "reglee partiellement, regle partiellement, paiement partiel",
    ),
    **_all(
        "void",
        "annulee, annule, cancel, cancelled, canceled, void, voided, draft, brouillon, abandonnee,"
        "abandonne, supprimee, deleted, proforma, pro forma, devis",
    ),
}
_ANSWERS: dict[str, State] = {"oui": "paid", "yes": "paid", "non": "open", "no": "open"}


_OF_PAYMENT = re.compile(
    r"\b(?:soldes?|restes?|restant|regles?|payes?|encaisse|balance|outstanding|remaining|unpaid)\b"
)


def overlooked(names: Iterable[str]) -> list[str]:
    """Columns nobody reads whose name says that they hold what is open or paid."""
    return [name for name in names if _OF_PAYMENT.search(normal(name))]


def state_of_lettering(text: str) -> State | None:
    """Capitals or figures settle a line of accounts, small letters settle a part (as in a FEC)."""
    if not text or (known := state_of(text, "payment_status")):
        return known if text else None
    return "paid" if text == text.upper() else "part"


def state_of(text: str, field: str) -> State | None:
    """What a status says; None when it is not known. "Facture payée" may hold yes or no."""
    words = " ".join(plain(text).split())
    if field == "payment_status" and words in _ANSWERS:
        return _ANSWERS[words]
    return _STATES.get(words)
