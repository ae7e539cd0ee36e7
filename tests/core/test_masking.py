"""Addresses that are only to be recognized."""

from hypothesis import given
from hypothesis import strategies as st

from amiable.core.masking import masked_email, masked_phone


def test_an_address_and_a_number_are_recognized_and_not_told():
    assert masked_email("compta@duval.example.fr") == "c•••@d•••.fr"
    assert masked_phone("+33612345612") == "06 •• •• •• 12"
    assert masked_phone("06.12.34.56.12") == "06 •• •• •• 12"


@given(st.from_regex(r"[a-z]{2,20}@[a-z]{2,20}\.(fr|com)", fullmatch=True))
def test_neither_the_name_nor_the_domain_stands_in_it(address):
    local, _, domain = address.partition("@")
    shown = masked_email(address)
    assert local not in shown
    assert domain.partition(".")[0] not in shown


@given(st.from_regex(r"(\+33|0)[67][0-9]{8}", fullmatch=True))
def test_four_digits_of_a_number_are_shown(number):
    assert sum(sign.isdigit() for sign in masked_phone(number)) == 4
