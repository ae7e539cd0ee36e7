"""What disputes are about and how they end, in codes that people, reports and e-invoicing share.

E-invoicing: reason codes of the life cycle message (CDAR, AFNOR XP Z12-012, MDT-113) that a buyer
gives with the statuses 207 (in dispute), 206 (approved in part) and 210 (refused).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from amiable.core.sentences import gettext_noop

Outcome = Literal["rejected", "credit_note", "goodwill", "corrected", "withdrawn"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# What the customer is told to wait for: it is not dunned until it came, or the days are over.
AWAITED: frozenset[str] = frozenset({"credit_note", "corrected"})
AWAITED_DAYS = 30
# Days to answer a customer who contests, unless a person sets another day.
RESPOND_DAYS = 14

# Codes of MDT-113: those of a refusal (210) first, then those of a dispute (207, 206), and the one
# that asks for a document (208).
EINVOICING: tuple[str, ...] = (
    "TX_TVA_ERR", "MONTANTTOTAL_ERR", "CALCUL_ERR", "NON_CONFORME", "DOUBLON", "DEST_ERR",
    "TRANSAC_INC", "EMMET_INC", "CONTRAT_TERM", "DOUBLE_FACT", "CMD_ERR", "ADR_ERR",
    "REF_CT_ABSENT", "COORD_BANC_ERR", "REF_ERR", "PU_ERR", "REM_ERR", "QTE_ERR", "ART_ERR",
    "MODPAI_ERR", "QUALITE_ERR", "LIVR_INCOMP", "JUSTIF_ABS", "AUTRE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as customers read it; `label` is a gettext message."""

    code: str
    label: str
    einvoicing: str


SHIPPED: Mapping[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason("price", gettext_noop("The price or the amount is not what was agreed"), "PU_ERR"),
        Reason("quantity", gettext_noop("The quantity is not right"), "QTE_ERR"),
        Reason(
            "quality",
            gettext_noop("There is a problem with the goods or the service"),
            "QUALITE_ERR",
        ),
        Reason("delivery", gettext_noop("It was not delivered, or not completely"), "LIVR_INCOMP"),
        Reason("duplicate", gettext_noop("It was invoiced twice"), "DOUBLON"),
        Reason(
            "missing_document", gettext_noop("A document or a reference is missing"), "JUSTIF_ABS"
        ),
        Reason("other", gettext_noop("Something else, or this is not for me"), "AUTRE"),
    )
}
