"""The words that files use for who a contact is."""

from __future__ import annotations

import pytest

from amiable.core.roles import ROLES, role_of


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Comptabilité fournisseurs", "accounts_payable"),
        ("COMPTABLE", "accounts_payable"),
        ("Accounts Payable", "accounts_payable"),
        ("accounts_payable", "accounts_payable"),
        ("Acheteuse", "buyer"),
        ("Service achats", "buyer"),
        ("Responsable administratif et financier", "manager"),
        ("Gérant", "director"),
        ("D.A.F.", None),
        ("DAF", "director"),
        ("Service juridique", "legal"),
        ("Magasinier", None),
        ("", None),
    ],
)
def test_words_of_french_and_english_files(text, role):
    assert role_of(text) == role


def test_every_role_is_known_by_its_own_code():
    assert [role_of(role) for role in ROLES] == list(ROLES)
