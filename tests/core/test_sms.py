"""Text messages are counted as the networks count them: the table of 3GPP TS 23.038, to the unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core import sms

# The default alphabet by code, 16 a row, as Unicode code points (TS 23.038 table 6.2.1), written
# down apart from the product's own table. 0x1B escapes to the extension.
ALPHABET = """
0040 00A3 0024 00A5 00E8 00E9 00F9 00EC 00F2 00C7 000A 00D8 00F8 000D 00C5 00E5
0394 005F 03A6 0393 039B 03A9 03A0 03A8 03A3 0398 039E 001B 00C6 00E6 00DF 00C9
0020 0021 0022 0023 00A4 0025 0026 0027 0028 0029 002A 002B 002C 002D 002E 002F
0030 0031 0032 0033 0034 0035 0036 0037 0038 0039 003A 003B 003C 003D 003E 003F
00A1 0041 0042 0043 0044 0045 0046 0047 0048 0049 004A 004B 004C 004D 004E 004F
0050 0051 0052 0053 0054 0055 0056 0057 0058 0059 005A 00C4 00D6 00D1 00DC 00A7
00BF 0061 0062 0063 0064 0065 0066 0067 0068 0069 006A 006B 006C 006D 006E 006F
0070 0071 0072 0073 0074 0075 0076 0077 0078 0079 007A 00E4 00F6 00F1 00FC 00E0
"""
EXTENSION = {0x0A: 0x0C, 0x14: 0x5E, 0x28: 0x7B, 0x29: 0x7D, 0x2F: 0x5C, 0x3C: 0x5B, 0x3D: 0x7E,
             0x3E: 0x5D, 0x40: 0x7C, 0x65: 0x20AC}  # fmt: skip
CODES = [int(code, 16) for code in ALPHABET.split()]
PLAIN = [chr(point) for point in CODES if point != 0x1B]
LONG = [chr(point) for point in EXTENSION.values()]

plain_text = st.text(st.sampled_from(PLAIN + LONG), max_size=700)
any_text = st.text(st.characters(codec="utf-8"), max_size=300)


def read_back(octets: bytes) -> str:
    """What a phone shows for these septets."""
    found, escaped = [], False
    for octet in octets:
        if escaped:
            found.append(chr(EXTENSION[octet]))
        elif octet != 0x1B:
            found.append(chr(CODES[octet]))
        escaped = octet == 0x1B and not escaped
    return "".join(found)


def test_every_sign_of_the_standard_has_its_code():
    assert len(CODES) == 128
    for code, point in enumerate(CODES):
        if point != 0x1B:
            assert sms.encoded(chr(point), "gsm7") == bytes([code])
            assert sms.size_of(chr(point)).units == 1
    for code, point in EXTENSION.items():
        assert sms.encoded(chr(point), "gsm7") == bytes([0x1B, code])
        assert sms.size_of(chr(point)).units == 2


@given(plain_text)
def test_plain_text_survives_the_way_to_the_phone(text):
    octets = sms.encoded(text, "gsm7")
    assert read_back(octets) == sms.decoded(octets) == text
    assert sms.size_of(text).units == len(octets)
    assert sms.encoding_of(text) == "gsm7"


@given(st.binary(max_size=200))
def test_any_octets_are_some_text(octets):
    assert len(sms.decoded(octets)) <= len(octets)


def test_code_outside_the_extension_shows_its_basic_sign():
    assert sms.decoded(b"\x1ba\x1b\x1b\x80") == "a  "


@given(st.characters(codec="utf-8"))
def test_no_other_sign_is_in_the_plain_alphabet(sign):
    known = sign in PLAIN or sign in LONG
    assert sms.encoding_of(sign) == ("gsm7" if known else "ucs2")
    if not known:
        with pytest.raises(ValueError, match="alphabet"):
            sms.encoded(sign, "gsm7")


@given(any_text | plain_text)
def test_parts_hold_the_whole_text_and_no_sign_is_cut(text):
    size, parts = sms.size_of(text), sms.parts_of(text)
    assert "".join(parts) == text
    whole, part = sms.ROOM[size.encoding]
    room = whole if len(parts) == 1 else part
    unit = 1 if size.encoding == "gsm7" else 2
    lengths = [len(sms.encoded(each, size.encoding)) // unit for each in parts]
    assert sum(lengths) == size.units
    assert max(lengths) <= room
    assert (size.parts, size.left) == (len(parts), room - lengths[-1])
    # No part could have taken the first sign of the next.
    for length, following in zip(lengths, parts[1:], strict=False):
        assert length + len(sms.encoded(following[0], size.encoding)) // unit > room


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts", "left"),
    [
        ("", "gsm7", 0, 1, 160),
        ("a" * 160, "gsm7", 160, 1, 0),
        ("a" * 161, "gsm7", 161, 2, 145),
        ("a" * 306, "gsm7", 306, 2, 0),
        ("a" * 307, "gsm7", 307, 3, 152),
        ("€" * 80, "gsm7", 160, 1, 0),
        ("€" * 81, "gsm7", 162, 2, 143),  # 76 fit into a part of 153: 152 units
        ("a" * 152 + "€" + "b" * 153, "gsm7", 307, 3, 151),  # the euro sign moves as a whole
        ("日" * 70, "ucs2", 70, 1, 0),
        ("日" * 71, "ucs2", 71, 2, 63),
        ("é" * 160, "gsm7", 160, 1, 0),
        ("ê" * 70, "ucs2", 70, 1, 0),
        ("👍" * 35, "ucs2", 70, 1, 0),
        ("👍" * 36, "ucs2", 72, 2, 61),  # 33 pairs fit into 67 units
    ],
)
def test_lengths_are_those_that_are_billed(text, encoding, units, parts, left):
    size = sms.size_of(text)
    assert (size.encoding, size.units, size.parts, size.left) == (encoding, units, parts, left)
    assert sms.segments(text) == parts


def test_signs_that_cost_the_plain_alphabet_are_named_once_with_their_nearest():
    found = sms.size_of("Forêt, forêt… œuvre d’été, ça va 日 👍").foreign
    assert [(each.sign, each.nearest) for each in found] == [
        ("ê", "e"), ("…", "..."), ("œ", "oe"), ("’", "'"), ("ç", "c"), ("日", None), ("👍", None),
    ]  # fmt: skip


def test_one_foreign_sign_does_not_halve_the_room():
    text = sms.gsm_text("Reçu : 1\u202f252,23\u00a0€ – œuvre d’été, forêt…")
    assert text == "Recu : 1 252,23 € - oeuvre d'été, foret..."
    assert sms.size_of(text).encoding == "gsm7"


@given(any_text)
def test_what_stands_for_a_sign_is_of_the_plain_alphabet_and_settled(text):
    assert sms.gsm_text(sms.gsm_text(text)) == sms.gsm_text(text)
    for each in sms.size_of(text).foreign:
        assert each.nearest is None or sms.encoding_of(each.nearest) == "gsm7"


@given(plain_text)
def test_plain_text_stays_as_it_is(text):
    assert sms.gsm_text(text) == text


def test_accents_written_apart_are_joined_first():
    assert sms.gsm_text("e\u0301te\u0301 a\u0302") == "été a"


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("+33 (0)7 12.34.56.78", "+33712345678"),
        ("0033612345678", "+33612345678"),
        ("0692 12 34 56", "+262692123456"),
        ("+262 692 12 34 56", "+262692123456"),
        ("00590 0690 12 34 56", "+590690123456"),
        ("+596 692 12 34 56", None),  # a number of another department
        ("04 72 00 00 00", None),
        ("061234567", None),
        ("+32470123456", None),
        ("06 12 34 56 78\n09", None),
        ("", None),
    ],
)
def test_only_french_mobiles_get_text_messages(phone, number):
    assert sms.mobile_number(phone) == number
