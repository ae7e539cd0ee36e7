"""Letters, mail bytes, window addresses, transfer codes and text messages as documents."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from subprocess import run

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from amiable.core.drafts import Party
from amiable.core.sentences import Sentence
from amiable.plugins.documents.address import address_block
from amiable.plugins.documents.colors import brand, ink_on
from amiable.plugins.documents.content import Document, Paragraph, Payment, Table, clean, text_of
from amiable.plugins.documents.epc import epc_payload, epc_svg, epc_symbol
from amiable.plugins.documents.html import html_of
from amiable.plugins.documents.letter import Letter, letters_pdf
from amiable.plugins.documents.mime import Attachment, Mail, mail_address, mail_bytes
from amiable.plugins.documents.window import window_of

IBAN = "FR1420041010050500013M02606"
EXAMPLE = "BCD\n002\n1\nSCT\n\nACME SAS\nFR1420041010050500013M02606\nEUR1252.23\n\nRF83FA20260042"


def payload(**fields):
    return epc_payload(**{"name": "ACME SAS", "iban": IBAN, "amount_minor": 125_223,
                          "reference": "RF83FA20260042"} | fields)  # fmt: skip


def test_transfer_code_is_the_example_of_the_guidelines():
    assert payload(iban="FR14 2004 1010 0505 0001 3M02 606") == EXAMPLE


def test_free_reference_takes_the_other_line():
    lines = payload(reference="FA2026-0042").split("\n")
    assert lines[9:] == ["", "FA2026-0042"]


def test_longest_transfer_code_stays_within_version_13():
    text = payload(
        name="E" * 99, reference="e" * 200, bic="PSSTFRPPXXX", amount_minor=99_999_999_999
    )
    assert len(text.encode()) <= 331
    assert epc_symbol(text).version <= 13


@pytest.mark.parametrize(
    "fields",
    [{"amount_minor": 0}, {"amount_minor": -5}, {"amount_minor": 10**11}, {"name": " "},
     {"iban": "nonsense"}, {"iban": ""}, {"reference": "€" * 140, "name": "€" * 70}],
)  # fmt: skip
def test_what_a_transfer_cannot_carry_is_refused(fields):
    with pytest.raises(ValueError):
        payload(**fields)


def test_newline_in_a_name_cannot_add_a_line_to_the_code():
    lines = payload(name="ACME\nEUR1.00").split("\n")
    assert (lines[5], lines[7]) == ("ACME EUR1.00", "EUR1252.23")


def test_symbol_has_error_level_m_and_gives_the_payload_back():
    symbol = epc_symbol(EXAMPLE)
    assert (symbol.error, symbol.mask) == ("M", 2)
    assert symbol.version <= 13
    # The same payload by the library's own EPC-independent path gives the same modules.
    again = segno.make(EXAMPLE.encode(), error="m", mask=2, boost_error=False, micro=False)
    assert [bytes(row) for row in symbol.matrix] == [bytes(row) for row in again.matrix]
    side = symbol.symbol_size(border=4)[0]
    assert f'viewBox="0 0 {side} {side}"' in epc_svg(EXAMPLE) or f'width="{side}"' in epc_svg(
        EXAMPLE
    )


# Addresses


def party(name="Menuiserie Duval", *lines, postcode="44000", city="Nantes", country="FR"):
    return Party(name, lines or ("8, avenue du Port",), postcode, city, country)


def test_window_address_is_in_capitals_without_accents_or_punctuation():
    given = party("Société d’Étude", "12 bis, rue de l’Église", city="Saint-Étienne")
    assert address_block(given) == (
        "Société d’Étude", "12 BIS RUE DE L EGLISE", "44000 SAINT ETIENNE",
    )  # fmt: skip


def test_country_stands_on_a_line_of_its_own():
    lines = address_block(party(postcode="1000", city="Bruxelles", country="BE"))
    assert lines[-2:] == ("1000 BRUXELLES", "BELGIQUE")


def test_long_street_is_abbreviated_only_when_it_does_not_fit():
    (_, street, _) = address_block(party("X", "145 boulevard du Maréchal de Lattre de Tassigny"))
    assert street == "145 BD DU MAL DE LATTRE DE TASSIGNY"
    (_, short, _) = address_block(party("X", "1 boulevard Foch"))
    assert short == "1 BOULEVARD FOCH"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Party("X"), "address.incomplete"),
        (party("X", " ,. "), "address.incomplete"),
        (party("X", postcode=""), "address.incomplete"),
        (party("X", postcode="4400"), "address.postcode"),
        (party("X", "1", "2", "3", "4", "5", "6"), "address.too_long"),
        (party("X", "W" * 39), "address.too_long"),
    ],
)
def test_address_that_no_window_can_show_is_explained(given, code):
    found = address_block(given)
    assert isinstance(found, Sentence)
    assert found.code == code
    assert str(found)


@given(st.text(max_size=90), st.text(max_size=60), st.text(max_size=40))
def test_whatever_people_write_the_window_holds_six_lines_of_38(name, street, city):
    found = address_block(party(name, street, city=city))
    assert isinstance(found, Sentence) or (
        len(found) <= 6 and all(line and len(line) <= 38 for line in found)
    )


# Mail


def mail(**fields):
    values = {
        "sender_name": "Atelier Vauban",
        "sender": "compta@vauban.example",
        "recipient": "ap@client.example",
        "subject": "Facture échue",
        "at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "message_id": "<1@vauban.example>",
        "text": "Bonjour,\n.\nFrom here\n" + "é" * 200,
        "html": "<p>é</p>",
    }
    return Mail(**values | fields)


def parsed(**fields):
    message = message_from_bytes(mail_bytes(mail(**fields)), policy=policy.default)
    for part in message.walk():
        assert part.defects == []
    return message


def test_mail_is_read_back_as_it_was_written():
    message = parsed(attachments=(Attachment("Facture é.pdf", b"%PDF" + bytes(range(256)) * 9),))
    assert message["Subject"] == "Facture échue"
    assert message["From"].addresses[0].display_name == "Atelier Vauban"
    text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text == "Bonjour,\n.\nFrom here\n" + "é" * 200
    assert message.get_body(("html",)).get_content() == "<p>é</p>"
    (file,) = message.iter_attachments()
    assert file.get_filename() == "Facture é.pdf"
    assert file.get_content() == b"%PDF" + bytes(range(256)) * 9
    assert "Auto-Submitted" not in message


def test_no_line_of_a_mail_is_longer_than_the_standard_allows():
    data = mail_bytes(mail(subject="é" * 300, sender_name="à" * 200, html="x" * 5000,
                           references=tuple(f"<{i}@x.example>" for i in range(50))))  # fmt: skip
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.isascii()


@pytest.mark.parametrize(
    "name",
    ["x\r\nBcc: a@b.c", "x\nBcc: a@b.c", "x\u2028Bcc: a@b.c", "x\x85Bcc: a", 'a" <b@c.d>, "'],
)
def test_no_value_can_add_a_header_or_a_recipient(name):
    message = parsed(subject=name, sender_name=name, references=(f"<a@b>{name}",),
                     attachments=(Attachment(name + ".pdf", b"x"),))  # fmt: skip
    assert message["Bcc"] is None
    assert len(message["From"].addresses) == 1
    assert message["From"].addresses[0].addr_spec == "compta@vauban.example"
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    )


@settings(max_examples=60)
@given(st.text(max_size=200), st.text(max_size=120))
def test_any_subject_and_name_stay_inside_their_headers(subject, name):
    message = parsed(subject=subject, sender_name=name)
    assert len(message.keys()) == 8
    assert message["From"].addresses[0].addr_spec == "compta@vauban.example"


@pytest.mark.parametrize(
    ("written", "sent"),
    [("a@société.fr", "a@xn--socit-esab.fr"), (" a.b+c@x.example ", "a.b+c@x.example")],
)
def test_international_domains_become_ascii(written, sent):
    assert mail_address(written) == sent


@pytest.mark.parametrize(
    "written",
    ["", "a", "a@", "@b.fr", "a@b", "a b@c.fr", "a@b..fr", ".a@b.fr", "a@-b.fr", "é@b.fr",
     "a@b.fr\r\nRCPT TO:<x@y.z>", "a@b.fr>", "<a@b.fr>", "a@" + "b" * 64 + ".fr",
     "a" * 65 + "@b.fr", "a@b.fr, c@d.fr", "a@[127.0.0.1]", "a@b.1"],
)  # fmt: skip
def test_what_is_no_address_gets_no_mail(written):
    assert mail_address(written) is None


# Letters


DOCUMENT = Document(
    language="fr",
    subject="2 factures impayées",
    sender="Atelier Vauban",
    color="#1f4e79",
    blocks=(
        Paragraph(((("Bonjour ", False), ("1 252,23 €", True)),)),
        Table(
            ("Facture", "Reste dû"), (("FA-1", "10,00 €"),), frozenset({1}), (("Total", "10,00 €"),)
        ),
        Payment("Pour régler", (("IBAN", IBAN),), EXAMPLE, "Scannez"),
        Paragraph(((("Signature", False),),)),
    ),
    footer=("Atelier Vauban",),
)


def letter(**fields):
    values = {
        "document": DOCUMENT,
        "sender": ("Atelier Vauban", "12 rue des Forges"),
        "address": ("Menuiserie Duval", "8 AVENUE DU PORT", "44000 NANTES"),
        "references": (("Référence", "C1"),),
        "on_date": date(2026, 11, 20),
        "date_text": "Le 20 novembre 2026",
        "subject_line": "Objet : 2 factures",
        "page_label": "Page",
    }
    return Letter(**values | fields)


def pdf_text(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_letter_is_an_accessible_archive_with_title_language_and_our_font_only():
    (data,) = letters_pdf([letter()])
    reader = PdfReader(io.BytesIO(data))
    assert reader.metadata.title == "2 factures impayées"
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"
    xmp = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfaid:part[>=\"' ]+2", xmp)
    assert re.search(r"pdfuaid:part[>=\"' ]+1", xmp)
    fonts = {
        str(font.get_object()["/BaseFont"])
        for font in reader.pages[0]["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all("Arimo" in name for name in fonts)


def test_same_letter_gives_the_same_bytes():
    assert letters_pdf([letter()]) == letters_pdf([letter()])


def test_batch_keeps_its_order():
    letters = [letter(subject_line=f"Objet numéro {i}") for i in range(12)]
    for i, data in enumerate(letters_pdf(letters)):
        assert f"Objet numéro {i}" in pdf_text(data)


def test_address_and_nothing_else_stands_in_the_window(tmp_path):
    (data,) = letters_pdf([letter(mention="Recommandé", sender=("S",) + ("ligne",) * 9)])
    path = tmp_path / "letter.pdf"
    path.write_bytes(data)
    window = window_of("")
    mm = 72 / 25.4
    box = [window.left_mm - window.quiet_mm, window.top_mm - window.quiet_mm,
           window.width_mm + 2 * window.quiet_mm, window.height_mm + 2 * window.quiet_mm]  # fmt: skip
    x, y, w, h = (str(round(value * mm)) for value in box)
    cut = run(["pdftotext", "-x", x, "-y", y, "-W", w, "-H", h, "-r", "72", str(path), "-"],
              capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert cut.split("\n")[:3] == ["Menuiserie Duval", "8 AVENUE DU PORT", "44000 NANTES"]
    assert cut.strip("\f\n ").count("\n") == 2


def test_long_table_repeats_its_header_and_numbers_its_pages():
    rows = tuple((f"FA-{i}", "10,00 €") for i in range(150))
    blocks = (*DOCUMENT.blocks[:1], replace(DOCUMENT.blocks[1], rows=rows), *DOCUMENT.blocks[2:])
    (data,) = letters_pdf([letter(document=replace(DOCUMENT, blocks=blocks))])
    pages = PdfReader(io.BytesIO(data)).pages
    assert len(pages) >= 3
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"Page {number} / {len(pages)}" in text
        if "FA-" in text:
            assert "Reste dû" in text


def test_an_email_address_is_not_broken_in_the_middle_of_a_word():
    for fill in range(60, 110, 3):  # wherever the end of the line falls
        said = f"{'m' * 9} " * (fill // 10) + "x" * (fill % 10)
        text = Paragraph((((f"{said} comptabilite@menuiseriecalorenn.example", False),),))
        (data,) = letters_pdf([letter(document=replace(DOCUMENT, blocks=(text,)), sender=("S",))])
        assert "comptabilite@menuiseriecalorenn.example" in pdf_text(data)
    (data,) = letters_pdf(
        [letter(sender=("S", "comptabilite.clients.entreprises@menuiseriecalorenn.example"))]
    )
    assert "comptabilite.clients.entreprises@\n" in pdf_text(data).replace("\u200b", "")


@pytest.mark.parametrize(
    "hostile",
    ['#eval("1+1")', "#set page(fill: red)", "*b* _it_ $x^2$", "`raw`", "\\ \\#", "@ref <label>",
     "// comment", "שלום", "= heading", "W" * 300, "]]] } )", "#read(\"/etc/passwd\")"],
)  # fmt: skip
def test_markup_in_a_name_is_printed_as_text(hostile):
    (data,) = letters_pdf([letter(sender=(hostile,), subject_line=hostile)])
    printed = re.sub(r"[\s\u200b]", "", pdf_text(data))
    wanted = re.sub(r"\s", "", hostile)
    assert wanted in printed or wanted[::-1] in printed


@pytest.mark.parametrize("sign", ["日", "☕", "😀", "م", "\ue000"])
def test_sign_our_font_cannot_print_is_refused_with_its_name(sign):
    (found,) = letters_pdf([letter(subject_line=f"a{sign}")])
    assert isinstance(found, Sentence)
    assert found.code == "letter.unprintable"
    assert found.params["sign"] in {sign, "\\u{e000}"}
    assert str(found)


def test_naughty_strings_are_printed_or_refused_never_a_crash(corpus):
    path = corpus / "malicious" / "strings" / "big-list-of-naughty-strings__blns.json"
    strings = [text for text in json.loads(path.read_text("utf-8")) if text.strip()]
    letters = [
        letter(
            sender=(clean(text)[:300] or "-",),
            subject_line=clean(text)[:300],
            address=(clean(text)[:38],),
        )
        for text in strings
    ]
    found = letters_pdf(letters)
    printed = [data for data in found if isinstance(data, bytes)]
    assert len(printed) > len(strings) * 0.6
    assert all(isinstance(x, Sentence) for x in found if not isinstance(x, bytes))
    for text in strings:
        assert html_of(replace(DOCUMENT, sender=clean(text), subject=text)).count("<script") == 0
        parsed(subject=text, sender_name=text)


# Screens


def test_html_escapes_everything_and_loads_nothing():
    evil = '"><script>alert(1)</script><img src=x onerror=y>'
    blocks = (Paragraph((((evil, True),),)), Table((evil,), ((evil,),), totals=((evil, evil),),
              title=evil), Payment(evil, ((evil, evil),)))  # fmt: skip
    page = html_of(Document("fr", evil, evil, evil, blocks, (evil,)))
    assert "<script" not in page
    assert "<img" not in page
    assert "http" not in re.sub(r"https?://www\.w3\.org\S*", "", page)
    assert '<html lang="fr"' in page
    assert page.count("scope=") >= 3


def test_brand_color_is_a_color_or_ours_and_its_text_is_readable():
    assert brand("red;}</style>") == "#1f4e79"
    assert ink_on("#ffd500") != ink_on("#1f4e79") == "#ffffff"


def test_text_form_aligns_amounts_on_the_right():
    text = text_of(DOCUMENT)
    assert "Facture  Reste dû\n-----------------\nFA-1      10,00 €" in text
    assert "Bonjour 1 252,23 €" in text


def test_cleaning_removes_what_could_deceive():
    assert clean("a\u202eb\x00c\r\nd\u2028e  f\ue000") == "abc d e f"
