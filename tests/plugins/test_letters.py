"""Letters as a printer, a scanner, an archive and a reader of screens meet them."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import replace
from datetime import date
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from amiable.core.sentences import Sentence
from amiable.plugins.documents import pictures
from amiable.plugins.documents.colors import contrast, ink_of, ink_on
from amiable.plugins.documents.content import Document, Paragraph, Payment, Table
from amiable.plugins.documents.enclosures import LARGEST_PAGES, enclosed
from amiable.plugins.documents.epc import epc_payload
from amiable.plugins.documents.letter import Letter, letters_pdf
from amiable.plugins.documents.mime import Attachment
from amiable.plugins.documents.pictures import PictureError, picture_checked, picture_of
from amiable.plugins.documents.window import PRESETS, WindowError, window_of
from amiable.plugins.documents.window_page import LONGEST, window_page_pdf
from tests.plugins.pictures import _segment as segment
from tests.plugins.pictures import chunk, jpeg, png
from tests.scanning import codes_on

ON = date(2026, 11, 20)
LINK = "https://amiable.example/p/Zx8k2LmQ-9rT"
EPC = epc_payload(name="Atelier Vauban", iban="FR1420041010050500013M02606", amount_minor=125_223,
                  reference="RF83FA20260042")  # fmt: skip
LOGO, SIGNATURE = picture_checked(png(120, 40)), picture_checked(png(90, 30, color=6))


def words(text: str) -> Paragraph:
    return Paragraph((((text, False),),))


def amounts(count: int) -> Table:
    """`count` invoices of 10 euros, with what they add up to."""
    rows = tuple((f"FA-{i:03d}", "10,00") for i in range(1, count + 1))
    running = tuple(f"{10 * i},00" for i in range(1, count + 1))
    return Table(("Facture", "Reste dû"), rows, frozenset({1}), (("Total", f"{10 * count},00"),),
                 running=running, carry=("À reporter", "Report"))  # fmt: skip


def letter(*blocks, address=("Menuiserie Duval", "8 AVENUE DU PORT", "44000 NANTES"), **fields):
    document = Document("fr", "2 factures impayées", "Atelier Vauban", "#1f4e79",
                        (*blocks, words("Cordialement"), words("Claire Fontaine")),
                        ("Atelier Vauban · Lyon",))  # fmt: skip
    values = {"document": document, "sender": ("Atelier Vauban", "69007 Lyon"), "address": address,
              "references": (("Nos références", "RF83"),), "on_date": ON,
              "date_text": "Le 20 novembre 2026", "subject_line": "Objet : 2 factures",
              "page_label": "Page"}  # fmt: skip
    return Letter(**(values | fields))


def printed(*args, **fields) -> bytes:
    (pdf,) = letters_pdf([letter(*args, **fields)])
    assert isinstance(pdf, bytes), pdf
    return pdf


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in reader(pdf).pages]


def test_scanner_reads_both_codes_of_the_printed_page(tmp_path):
    panel = Payment("Pour régler", (("IBAN", "FR14"),), EPC, "Scannez", LINK, "Payer", "Ou ici")
    assert codes_on(printed(words("Bonjour"), panel), tmp_path) == sorted([EPC, LINK])


def test_letter_without_a_link_has_one_code():
    one = printed(Payment("x", (), EPC, "Scannez"))
    two = printed(Payment("x", (), EPC, "Scannez", LINK, "Payer", "Ou ici"))
    assert len(two) > len(one)
    assert "Ou ici" not in texts(one)[0]


# Archive (ISO 19005-2) and accessibility (ISO 14289-1): the facts a validator would look for first.


def fonts_of(page) -> list:
    found = []
    for reference in page["/Resources"].get("/Font", {}).values():
        font = reference.get_object()
        descendants = font.get("/DescendantFonts")
        found.append((descendants[0].get_object() if descendants else font)["/FontDescriptor"])
    return [descriptor.get_object() for descriptor in found]


@pytest.mark.parametrize("rows", [2, 80])
def test_letter_declares_and_keeps_what_archives_ask_for(rows):
    pdf = printed(amounts(rows), Payment("x", (("a", "b"),), EPC, "Scannez"), logo=LOGO,
                  signature=SIGNATURE)  # fmt: skip
    root = reader(pdf).trailer["/Root"]
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfaid:part[>=\"' ]+2", xmp)
    assert re.search(r"pdfaid:conformance[>=\"' ]+A", xmp)
    assert re.search(r"pdfuaid:part[>=\"' ]+1", xmp)
    (intent,) = root["/OutputIntents"]
    intent = intent.get_object()
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object().get_data()[36:40] == b"acsp"  # an ICC profile
    assert str(root["/MarkInfo"]["/Marked"]) == "True"
    assert root["/Lang"] == "fr-FR"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "/Encrypt" not in reader(pdf).trailer
    assert not {"/AA", "/OpenAction", "/AcroForm"} & set(root)
    for page in reader(pdf).pages:
        assert fonts_of(page)
        assert all({"/FontFile2", "/FontFile3"} & set(each) for each in fonts_of(page))


def roles(node, found: list) -> list:
    """(role, alternative text) of every element of the structure, in reading order."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for each in node:
            roles(each, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append((str(node["/S"]), node.get("/Alt")))
        if "/K" in node:
            roles(node["/K"], found)
    return found


def test_structure_tells_headings_tables_and_pictures():
    pdf = printed(amounts(3), Payment("x", (("a", "b"),), EPC, "Scannez"), logo=LOGO)
    found = roles(reader(pdf).trailer["/Root"]["/StructTreeRoot"], [])
    names = [name for name, _ in found]
    assert {"/Document", "/H1", "/P", "/Table", "/TH", "/TD", "/Figure"} <= set(names)
    assert names.count("/H1") == 1
    figures = [alt for name, alt in found if name == "/Figure"]
    assert set(figures) == {"Atelier Vauban", "Scannez"}


# Window


def region(pdf: bytes, tmp_path, left, top, width, height) -> str:
    """The text within a frame in millimetres."""
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)
    x, y, w, h = (str(round(value * 72 / 25.4)) for value in (left, top, width, height))
    return run(["pdftotext", "-f", "1", "-l", "1", "-x", x, "-y", y, "-W", w, "-H", h, "-r", "72",
                "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout  # fmt: skip


@pytest.mark.parametrize("setting", [*PRESETS, "100,40,95,30", "15, 60, 80, 45, 105"])
def test_longest_address_fits_every_window_with_nothing_beside_it(setting, tmp_path):
    window = window_of(setting)
    pdf = printed(words("Bonjour"), address=LONGEST, window=window, logo=LOGO, mention="Recommandé",
                  sender=("Atelier Vauban", *[f"ligne {i}" for i in range(12)]),
                  references=tuple((f"r{i}", "x") for i in range(5)))  # fmt: skip
    inside = region(pdf, tmp_path, window.left_mm, window.top_mm, window.width_mm, window.height_mm)
    lines = [line.strip() for line in inside.strip("\f\n").split("\n") if line.strip()]
    assert lines == list(LONGEST)
    quiet = window.quiet_mm
    around = region(pdf, tmp_path, window.left_mm - quiet, window.top_mm - quiet,
                    window.width_mm + 2 * quiet, window.height_mm + 2 * quiet)  # fmt: skip
    assert around.split() == inside.split()
    assert len(texts(pdf)) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [("1,2,3,4", "window.outside"), ("110,55,95,33", "window.outside"), ("110,100,85,33",
     "window.outside"), ("110,55,60,33", "window.outside"), ("110,55,85,33,70", "window.outside"),
     ("dl2", "window.unknown"), ("110,55", "window.unknown"), ("1e9,1,1,1", "window.unknown"),
     ("-1,55,85,33", "window.unknown")],
)  # fmt: skip
def test_window_that_cannot_be_is_refused_in_words(text, code):
    with pytest.raises(WindowError) as refused:
        window_of(text)
    assert refused.value.sentence.code == code
    assert str(refused.value.sentence)


def test_window_page_draws_the_frame_and_says_its_source():
    pdf = window_page_pdf(window_of("din"), language="fr", title="Page d’essai", steps=["Imprimez"],
                          facts=[("Source", "DIN 5008")], on=ON)  # fmt: skip
    (text,) = texts(pdf)
    assert all(line in text for line in LONGEST)
    assert "DIN 5008" in text
    assert "200" in text  # the ruler


# Sums carried over


@pytest.mark.parametrize("count", [40, 130])
def test_table_over_several_pages_carries_its_sum_over(count):
    pages = texts(printed(words("Bonjour"), amounts(count)))
    assert len(pages) >= 2
    rows = [re.findall(r"FA-(\d{3})", page) for page in pages]
    with_rows = [i for i, found in enumerate(rows) if found]
    for number, page in enumerate(pages):
        carried = re.search(r"À reporter\s+([\d,]+)", page)
        brought = re.search(r"(?<!à )Report\s+([\d,]+)", page)
        if number in with_rows[:-1]:
            assert carried[1] == f"{10 * int(rows[number][-1])},00"
        else:
            assert carried is None
        if number in with_rows[1:]:
            assert brought[1] == f"{10 * (int(rows[number][0]) - 1)},00"
        else:
            assert brought is None


@pytest.mark.parametrize("count", range(26, 36))
def test_totals_stand_under_two_rows_at_least(count):
    (page,) = [text for text in texts(printed(words("Bonjour"), amounts(count))) if "Total" in text]
    assert len(re.findall(r"FA-\d{3}", page)) >= 2


@pytest.mark.parametrize("lines", range(18, 30, 2))
def test_short_table_is_not_torn(lines):
    above = Paragraph((((("x", False),)),) * lines)
    pages = texts(printed(above, replace(amounts(7), title="Factures")))
    (page,) = [text for text in pages if "FA-" in text]
    assert "Factures" in page
    assert "Total 70,00" in page


def test_table_on_one_page_carries_nothing():
    (page,) = texts(printed(words("Bonjour"), amounts(12)))
    assert "eport" not in page


# Enclosures


def file(pages: int = 1, *, width=595.28, height=841.89, rotation=0, password="", name="FA-1"):
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width, height).rotation = rotation
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return Attachment(f"{name}.pdf", out.getvalue(), name)


def test_pages_of_invoices_follow_the_letter_on_a4():
    pdf = printed(words("Bonjour"))
    invoice = Attachment("FA-9.pdf", printed(words("Facture FA-9")), "FA-9")
    wide, small = file(width=842, height=595), file(width=420, height=595, rotation=90)
    whole = enclosed(pdf, [invoice, wide, small])
    assert isinstance(whole, bytes)
    pages = reader(whole).pages
    assert len(pages) == 4
    assert "Facture FA-9" in pages[1].extract_text()
    for page in pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    assert "/Metadata" not in reader(whole).trailer["/Root"]  # no longer an archive, and says so
    assert enclosed(pdf, [invoice]) == enclosed(pdf, [invoice])


@pytest.mark.parametrize(
    ("attachment", "code"),
    [
        (Attachment("x.pdf", b"%PDF-1.7 nothing", "FA-1"), "letter.enclosure_broken"),
        (Attachment("x.pdf", b"", "FA-1"), "letter.enclosure_broken"),
        (Attachment("x.pdf", file().content[:300], "FA-1"), "letter.enclosure_broken"),
        (file(password="secret"), "letter.enclosure_locked"),
        (file(LARGEST_PAGES), "letter.enclosure_long"),
    ],
)
def test_file_that_cannot_be_printed_is_refused_by_its_invoice(attachment, code):
    found = enclosed(printed(words("Bonjour")), [file(), attachment])
    assert isinstance(found, Sentence)
    assert found.code == code
    assert "FA-1" in str(found)


def test_heavy_files_are_refused_before_they_are_read():
    heavy = Attachment("x.pdf", b"x" * 16_000_000, "FA-1")
    found = enclosed(b"", [heavy, heavy])
    assert found.code == "letter.enclosure_heavy"


def test_every_malicious_pdf_is_printed_or_refused(corpus):
    letter_pdf = printed(words("Bonjour"))
    for path in sorted((corpus / "malicious").rglob("*.pdf")):
        found = enclosed(letter_pdf, [Attachment(path.name, path.read_bytes(), "FA-1")])
        assert isinstance(found, bytes | Sentence), path.name


# Pictures


@pytest.mark.parametrize("content", [png(30, 10), png(30, 10, color=6), png(30, 10, color=0),
                                     png(30, 10, color=3), png(9, 9, depth=16), jpeg(24, 16),
                                     jpeg(16, 16, components=3)])  # fmt: skip
def test_picture_is_kept_and_can_be_printed(content):
    found = picture_checked(content)
    assert picture_of(found.content) == found
    pdf = printed(words("Bonjour"), logo=found, signature=found)
    assert len(reader(pdf).pages[0].images) >= 1


def test_what_is_not_the_picture_is_thrown_away():
    told = b"GPS 48.85, 2.35"
    kept = picture_checked(png(8, 8, extra=chunk(b"tEXt", b"Comment\0" + told)))
    assert told not in kept.content
    exif = segment(0xE1, b"Exif\0\0" + told) + segment(0xFE, told)
    kept = picture_checked(jpeg(8, 8, extra=exif) + told)
    assert told not in kept.content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture.kind"),
        (b"<svg xmlns='x' onload='y'/>", "picture.kind"),
        (b"GIF89a" + b"\0" * 50, "picture.kind"),
        (png(8, 8)[:-12], "picture.broken"),
        (png(8, 8).replace(b"IHDR", b"IHDX"), "picture.broken"),
        (png(8, 8, interlaced=1), "picture.interlaced"),
        (png(8, 8, depth=8).replace(b"\x08\x02\0\0\0", b"\x07\x02\0\0\0"), "picture.broken"),
        (jpeg(8, 8)[:-2], "picture.broken"),
        (jpeg(8, 8)[:40], "picture.broken"),
        (jpeg(8, 8, components=4), "picture.colors"),
        (jpeg(4008, 8), "picture.pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 2_000_001, "picture.bytes"),
    ],
)
def test_picture_that_cannot_be_is_refused_in_words(content, code):
    with pytest.raises(PictureError) as refused:
        picture_checked(content)
    assert refused.value.sentence.code == code
    assert str(refused.value.sentence)


def test_header_that_announces_a_wall_is_refused_before_anything_is_unpacked():
    header = bytes.fromhex("0000ffff0000ffff0802000000")
    whole = png(8, 8)
    at = whole.index(b"IHDR") - 4
    content = whole[:at] + chunk(b"IHDR", header) + whole[at + 25 :]
    with pytest.raises(PictureError) as refused:
        picture_checked(content)
    assert refused.value.sentence.code == "picture.pixels"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([png(12, 12), png(12, 12, color=3), jpeg(16, 16, components=3)]), st.data())
def test_damaged_picture_is_taken_or_refused_never_a_crash(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    for each in (bytes(damaged), bytes(damaged[:cut])):
        with suppress(PictureError):
            assert picture_checked(each).width_px > 0


def test_picture_heavier_than_an_email_bears_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_BYTES", 100)
    with pytest.raises(PictureError) as refused:
        picture_checked(png(64, 64))
    assert refused.value.sentence.code == "picture.bytes"


@given(st.integers(0, 0xFFFFFF))
def test_every_brand_color_can_be_read(number):
    color = f"#{number:06x}"
    assert contrast(ink_on(color), color) >= 4.5
    assert contrast(ink_of(color), "#ffffff") >= 4.5
    if contrast(color, "#ffffff") >= 4.5:
        assert ink_of(color) == color


def test_letter_of_the_same_document_is_the_same_with_and_without_other_letters():
    wanted = letter(amounts(50), logo=LOGO)
    alone = letters_pdf([wanted])[0]
    among = letters_pdf([replace(wanted, subject_line="x"), wanted, letter(words("y"))])[1]
    assert alone == among
