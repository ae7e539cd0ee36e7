"""Texts for the bank: only characters that every bank of the SEPA area takes."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from amiable.core.sepa import sepa_text

ALLOWED = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")


def test_what_no_bank_takes_becomes_a_space_and_slashes_stay_inside():
    assert sepa_text("Martin & Fils <SARL>  No 12#4") == "Martin + Fils SARL No 12 4"
    assert sepa_text("//RBT1//a/") == "RBT1/a"
    assert sepa_text('"=*[]') == ""
    assert sepa_text("ab/cd", longest=3) == "ab"


@given(st.text(), st.integers(1, 140))
def test_every_text_is_allowed_and_short_enough(text, longest):
    said = sepa_text(text, longest=longest)
    assert ALLOWED.fullmatch(said)
    assert len(said) <= longest
    assert not said.startswith("/")
    assert not said.endswith("/")
    assert "//" not in said
