"""Who a contact is at a customer, and the words that files use for it in French and English."""

from __future__ import annotations

from typing import get_args

from amiable.core.numbers import plain
from amiable.core.scenario import Role

ROLES: tuple[Role, ...] = get_args(Role)

_WORDS: dict[Role, str] = {
    "accounts_payable": (
        "accounts payable, accounts payable clerk, ap, accountant, accounting, accounts,"
        "bookkeeper, comptable, comptabilite, comptable fournisseurs, comptabilite fournisseurs,"
        "service comptable, service comptabilite, aide comptable, fournisseurs, facturation,"
        "billing, invoicing, tresorerie, treasury, mandatement, service financier"
    ),
    "buyer": (
        "buyer, purchasing, purchaser, procurement, acheteur, acheteuse, achats, service achats,"
        "responsable achats, approvisionneur, approvisionnement, donneur d ordre"
    ),
    "manager": (
        "manager, finance manager, accounting manager, chief accountant, controller, responsable,"
        "responsable comptable, responsable comptabilite, responsable financier,"
        "responsable financiere, chef comptable, chef de service, responsable administratif,"
        "responsable administratif et financier, raf, office manager"
    ),
    "director": (
        "director, managing director, finance director, cfo, ceo, owner, president, directeur,"
        "directrice, directeur general, directrice generale, directeur financier,"
        "directrice financiere, directeur administratif et financier, daf, dirigeant, dirigeante,"
        "gerant, gerante, pdg, dg, presidente, proprietaire, maire, direction"
    ),
    "legal": (
        "legal, lawyer, legal department, general counsel, juridique, service juridique, juriste,"
        "avocat, avocate, contentieux, service contentieux"
    ),
}
_ROLE_OF: dict[str, Role] = {
    word.strip(): role for role, words in _WORDS.items() for word in words.split(",")
}


def role_of(text: str) -> Role | None:
    """The role that a word of a file names: "Comptabilité fournisseurs" -> accounts_payable."""
    words = " ".join("".join(c if c.isalnum() else " " for c in plain(text)).split())
    return _ROLE_OF.get(words) or next(
        (role for role in ROLES if role.replace("_", " ") == words), None
    )
