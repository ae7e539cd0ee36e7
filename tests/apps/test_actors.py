"""Who acted, as a history names it."""

from __future__ import annotations

import pytest
from django.utils import translation

from amiable.interfaces.console.templatetags.console import who


@pytest.mark.parametrize(
    ("actor", "told"),
    [
        ("command line", "ligne de commande"),
        ("cli", "ligne de commande"),
        ("portal", "page de paiement"),
        ("Inès Boulay", "Inès Boulay"),
        ("", ""),
    ],
)
def test_a_part_of_the_program_is_named_in_the_reader_s_language(actor, told):
    with translation.override("fr"):
        assert who(actor) == told
