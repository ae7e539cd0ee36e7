"""What a line is when it is no customer's transfer: taxes, wages, card takings, own transfers.

Told by the operation code of the bank where it says so, else by the words that French banks and
administrations use. A kind sets a line aside only when no customer is known to have paid it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from amiable.core.matching.facts import Line
from amiable.core.matching.labels import plain

# kind -> words of its labels, in capitals without accents. Public bodies pay their invoices
# through the tax administration too: its money is only set aside when it says that it refunds.
_ASIDE = {
    "tax": r"(?:DGFIP|DRFIP|DDFIP|DIRECTION ?GENERALE ?(?:DES ?)?FINANCES|TRESOR ?PUBLIC|IMPOTS?)"
           r".*(?:REMB|CREDIT|TROP|TVA|RESTITUTION|DEGREV)|CREDIT (?:DE )?TVA|IMPOT ?TVA",
    "social": r"URSSAF|AGIRC|ARRCO|\bCPAM\b|\bCIPAV\b|MALAKOFF|\bAG2R\b|PRO ?BTP",
    "payout": r"\bSTRIPE|SUMUP|PAYPAL|\bADYEN|\bMOLLIE|GOCARDLESS|PAYPLUG|SHOPIFY ?PAY"
              r"|ZETTLE|EDENRED|PLUXEE|\bSWILE\b|WORLDLINE|\bALMA (?:SAS )?PAYOUT"
              r"|AMAZON ?PAYMENTS|REM(?:ISE)? ?(?:DE ?)?(?:CB|CARTES?)(?:\b|\d)",
    "internal": r"VIR(?:EMENT)? ?INTERNE|NIVELLEMENT|TRESORERIE ?INTERNE"
                r"|APPORT (?:EN )?COMPTE ?COURANT",
    "repaid": r"\b(?:EDF|ENGIE|TOTALENERGIES|VEOLIA|SUEZ|ENEDIS)\b.*REMB"
              r"|REMB(?:OURSEMENT|T)?[ .]*(?:D[EU] )?(?:VOTRE )?TROP[ -]?(?:PERCU|VERSE)",
    "interest": r"^INTERETS? ?(?:CREDITEURS?|DEBITEURS?)|^AGIOS",
    "aid": r"\bASP ?(?:MOTIF:? ?)?AIDES?\b|AIDES? (?:A L ?)?(?:EMBAUCHE|APPRE)",
    "loan": r"DEBLOCAGE (?:DU |DE )?(?:PRET|CREDIT)|DEBLOCAGE FONDS PRET",
    "fees": r"^COMMISSIONS? ?|^FRAIS ",
}  # fmt: skip
_WAITING = {
    "cheques": r"^REM(?:ISE)?S? ?(?:DE )?(?:CHQ|CHEQUES?)|^REMISECHEQUE|^VERSEMENT CHEQUE",
    "debits": r"^REM(?:ISE)?S? ?(?:DE )?(?:PRLVT?|PRELEVEMENTS?|SDD)|^REMISEPRLV"
              r"|^ENCAISSEMENT PRLV",
    "bills": r"^REM(?:ISE)? ?(?:DE )?(?:LCR|EFFETS?)\b|^REMISELCR",
}  # fmt: skip
_ASIDE_RE = {kind: re.compile(words) for kind, words in _ASIDE.items()}
_WAITING_RE = {kind: re.compile(words) for kind, words in _WAITING.items()}
# Texts without any of these signs hold none of the words above: far quicker to see.
_SIGNS = (
    "FIP", "FINANCES", "TRESOR", "IMPOT", "TVA", "URSSAF", "AGIRC", "ARRCO", "CPAM", "CIPAV",
    "MALAKOFF", "AG2R", "BTP", "STRIPE", "SUMUP", "PAYPAL", "ADYEN", "MOLLIE", "GOCARDLESS",
    "PAYPLUG", "SHOPIFY", "ZETTLE", "REM", "INTERNE", "NIVELLEMENT", "INTERET", "AGIOS",
    "COMMISSION", "FRAIS", "CHEQUE", "PRLV", "EDENRED", "PLUXEE", "SWILE", "WORLDLINE", "ALMA",
    "AMAZON", "APPORT", "DEBLOCAGE", "AIDE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """`code` of the words above; `aside` = no receivable, else a sum of several payments."""

    code: str
    aside: bool


def kind_of(line: Line) -> Kind | None:
    """The kind of a line that no single customer paid; None for all others."""
    text = plain(f"{line.payer_name} {line.label}" if line.payer_name else line.label)
    if not any(map(text.__contains__, _SIGNS)):
        return None
    for code, words in _WAITING_RE.items():
        if words.search(text):
            return Kind(code, aside=False)
    for code, words in _ASIDE_RE.items():
        if words.search(text):
            return Kind(code, aside=True)
    return None
