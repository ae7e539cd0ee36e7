"""Our own samples and small emails: what `read_mail` makes of addresses, texts and files."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from amiable.core.replies import absence_in, read_mail
from amiable.core.replies import attachments as files
from amiable.core.replies.headers import addresses, decoded, message_ids, moment
from tests.core.replies.mutations import SAMPLES

ON = date(2026, 11, 20)


def sample(name):
    return read_mail((SAMPLES / f"{name}.eml").read_bytes())


def mail(body="Bonjour", **headers):
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return read_mail("\n".join([*lines, "", body]).encode())


KINDS = {
    "attachments": ("reply", ""),
    "auto-absence-fr": ("auto_reply", "vacation"),
    "auto-challenge": ("auto_reply", "challenge"),
    "auto-ticket": ("auto_reply", "ticket"),
    "bounce-exchange-fr": ("bounce", ""),
    "bounce-postfix-delayed": ("bounce", ""),
    "bounce-qmail-fr": ("bounce", ""),
    "bounce-spam-free": ("bounce", ""),
    "complaint": ("other", "complaint"),
    "latin-lie": ("reply", ""),
    "list": ("other", "list"),
    "receipt": ("other", "read_receipt"),
    "reply-below-quote": ("reply", ""),
    "reply-gmail-html": ("reply", ""),
    "reply-mobile-orange": ("reply", ""),
    "reply-outlook-fr": ("reply", ""),
}


def test_kind_of_every_sample_is_recognized_with_evidence():
    found = {path.stem: sample(path.stem) for path in SAMPLES.glob("*.eml")}
    assert {name: (one.kind, one.detail) for name, one in found.items()} == KINDS
    assert all(one.evidence and str(one.evidence[0]) for one in found.values())


def test_headers_of_an_outlook_reply_are_read():
    found = sample("reply-outlook-fr")
    assert found.from_address.name == "Amélie Garnier"
    assert found.from_address.address == "a.garnier@batisud.example"
    assert found.tokens == ("case9x",)
    assert [one.address for one in found.cc] == ["direction@batisud.example"]
    assert found.date == datetime(2026, 11, 19, 15, 2, 11, tzinfo=timezone(timedelta(hours=1)))
    assert found.message_id == "AM0PR01@batisud.example"
    assert found.thread_ids == (
        "rappel-2026-044@creances.example",
        "facture-2026-044@creances.example",
    )
    assert found.text == (
        "Bonjour,\n\nLe virement de 1 250,50 € partira vendredi prochain.\n\n"
        "Bien cordialement,\n\nAmélie Garnier"
    )
    assert "contestez" in found.quoted
    assert "10 000 €" in found.quoted


def test_token_survives_a_forwarding_in_the_envelope():
    assert sample("reply-gmail-html").tokens == ("tok55",)
    assert sample("bounce-qmail-fr").tokens == ("k7f2",)
    assert mail(X_Original_To="a+b+c@x.example", To="d@x.example").tokens == ("c",)


def test_html_reply_with_hidden_text_and_script_is_plain():
    found = sample("reply-gmail-html")
    assert found.text == "J'ai déjà payé par chèque le 3 novembre.\n\nLuc"
    assert found.subject == "Re : Facture en retard"


def test_declared_charset_that_lies_does_not_spoil_the_text():
    assert sample("latin-lie").text.startswith("Nous réglerons à réception de l'échéancier, 50 €")
    for charset in (
        "utf-8",
        "us-ascii",
        "iso-8859-1",
        "windows-1252",
        "x-unknown",
        "unicode_escape",
        "",
    ):
        found = mail("payé à Noël", Content_Type=f"text/plain; charset={charset}")
        assert found.text == "payé à Noël", charset


def test_text_encoded_twice_is_repaired():
    twice = "réglé l’été".encode().decode("cp1252")
    assert mail(twice, Content_Type="text/plain; charset=utf-8").text == "réglé l’été"
    assert mail("Ã© et 字", Content_Type="text/plain; charset=utf-8").text == "Ã© et 字"


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_byte_order_mark_wins(codec):
    raw = b"Content-Transfer-Encoding: base64\n\n" + base64.b64encode("payé".encode(codec))
    assert read_mail(raw).text == "payé"


def test_declared_utf_16_and_japanese_are_read():
    for codec in ("utf-16-le", "iso2022_jp"):
        body = base64.b64encode("pay".encode(codec)).decode()
        headers = {"Content_Type": f"text/plain; charset={codec}"}
        assert mail(body, Content_Transfer_Encoding="base64", **headers).text == "pay"


def test_attachments_are_kept_cleaned_and_judged_by_their_bytes():
    kept = {one.name: one for one in sample("attachments").attachments}
    assert list(kept) == [
        "preuve règlement.pdf", "logo.png", "facture.pdf", "virement.html", "attachment-5.eml",
    ]  # fmt: skip
    assert kept["preuve règlement.pdf"].media_type == "application/pdf"
    assert kept["logo.png"].is_inline
    assert kept["facture.pdf"].media_type == "application/x-msdownload"
    assert [one.name for one in kept.values() if one.dangerous] == ["facture.pdf", "virement.html"]
    assert b"300 EUR" in kept["attachment-5.eml"].content


def attachment(content, name="f.bin", kind="application/octet-stream"):
    return read_mail(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: "
        + kind.encode() + b'\nContent-Disposition: attachment; filename="' + name.encode()
        + b'"\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(content) + b"\n--b--\n"
    )  # fmt: skip


def workbook(member, content=b"x"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
        archive.writestr(member, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type", "dangerous"),
    [
        (b"%PDF-1.7 x", "application/pdf", False),
        (b"%PDF-1.7 /JavaScript (x)", "application/pdf", True),
        (b"\xff\xd8\xff\xe0", "image/jpeg", False),
        (b"RIFF\0\0\0\0WEBPx", "image/webp", False),
        (workbook("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
        (workbook("word/vbaProject.bin"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
        (workbook("a.txt"), "application/zip", True),
        (b"MZ\x90", "application/x-msdownload", True),
        (b"#!/bin/sh", "text/x-script", True),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", True),
        (b"<html>", "text/html", True),
        (b"<?xml version='1.0'?><a/>", "application/xml", False),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml", True),
        (b"BEGIN:VCALENDAR", "text/calendar", False),
        (b"a;b;c", "text/plain", False),
        (b"a\0b", "application/octet-stream", True),
        (b"a\x01b", "application/octet-stream", True),
        (b"", "text/plain", False),
    ],
)  # fmt: skip
def test_type_is_read_from_the_bytes(content, media_type, dangerous):
    found = attachment(content, name="f.dat").attachments[0]
    assert (found.media_type, found.dangerous) == (media_type, dangerous)
    assert found.content == content


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\temp\\a.pdf", "a.pdf"), ("a\u202efdp.exe", "afdp.exe"),
        ("con.pdf", "_con.pdf"), ("a*b?.pdf", "a_b_.pdf"), ("...", "attachment-1.pdf"),
        ("", "attachment-1.pdf"), ("x" * 300 + ".pdf", "x" * 96 + ".pdf"), ("y" * 300, "y" * 100),
        (" e\u0301t\u00e9 .pdf", "\u00e9t\u00e9 .pdf"),
    ],
)  # fmt: skip
def test_names_of_files_are_safe(given, clean):
    assert files.clean_name(given, media_type="application/pdf", number=1) == clean


def test_disguised_attachment_is_said():
    found = attachment(b"\x89PNG\r\n\x1a\n", name="facture.pdf")
    assert [one.code for one in found.problems] == ["mail.attachment_disguised"]
    found = attachment(b"\x89PNG\r\n\x1a\n", name="scan", kind="application/pdf")
    assert [one.code for one in found.problems] == ["mail.attachment_disguised"]
    assert attachment(b"%PDF-1", name="facture.pdf").problems == ()


def test_counts_and_sizes_are_limited(monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    found = attachment(b"x" * 1001)
    assert found.attachments == ()
    assert [one.code for one in found.problems] == ["mail.attachment_too_large"]
    part = b'--b\nContent-Disposition: attachment; filename="a.txt"\n\nx\n'
    many = read_mail(b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 25)
    assert len(many.attachments) == files.MAX_ATTACHMENTS
    assert [one.params["count"] for one in many.problems] == [5]


def test_long_text_is_cut_and_said():
    found = mail("a b " * 100_000)
    assert len(found.full_text) <= 200_000
    assert [one.code for one in found.problems] == ["mail.text_cut"]


def test_message_larger_than_the_limit_is_cut_and_said(monkeypatch):
    monkeypatch.setattr("amiable.core.replies.reading.MAX_BYTES", 10)
    assert [one.code for one in mail("hello and more").problems] == ["mail.too_large"]


def test_plain_text_is_preferred_and_html_read_where_it_is_empty():
    def alternative(plain):
        return read_mail(
            b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
            + plain + b"\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--"
        )  # fmt: skip

    assert alternative(b"plain").text == "plain"
    assert alternative(b"  ").text == "html"


def test_mail_without_end_boundary_or_boundary_is_read():
    assert read_mail(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello").text == "hello"
    assert read_mail(b"Content-Type: multipart/mixed\n\nhello").text == "hello"
    assert read_mail(b"Content-Type: x\n\nhello").text == "hello"
    assert read_mail(b"just a text\nwithout header").text == "just a text\nwithout header"
    assert read_mail(b"From: a@b.example\n\n<html><body>hello</body></html>").text == "hello"


def test_message_that_is_one_file_has_that_file():
    found = read_mail(b"Content-Type: application/pdf; name=a.pdf\n\n%PDF-1.4")
    assert [one.name for one in found.attachments] == ["a.pdf"]
    assert found.kind == "reply"


def test_quoted_printable_and_damaged_base64_give_what_can_be_had():
    assert mail("pay=C3=A9", Content_Transfer_Encoding="quoted-printable").text == "payé"
    assert mail("aGVsbG8*!", Content_Transfer_Encoding="base64").text == "hello"
    assert mail("aGVsbG8h\nA", Content_Transfer_Encoding="base64").text == "hello!"


def test_addresses_in_every_spelling():
    found = addresses(
        ['"Simon, Claire" <C.Simon@X.example>, b@x.example (Bob); undisclosed-recipients:;',
         "=?utf-8?q?Am=C3=A9lie?= <a@x.example>, nobody, Group: d@x.example, e@x.example;"]
    )  # fmt: skip
    assert [(one.name, one.address) for one in found] == [
        ("Simon, Claire", "c.simon@x.example"),
        ("Bob", "b@x.example"),
        ("Amélie", "a@x.example"),
        ("", "d@x.example"),
        ("", "e@x.example"),
    ]


def test_encoded_words_of_any_charset_are_decoded():
    assert (
        decoded("=?iso-8859-1?Q?R=E9ponse_?= =?utf-8?B?YXV0b21hdGlxdWU=?=") == "Réponse automatique"
    )
    assert decoded("=?nonsense?q?a=E9?=") == "aé"
    assert decoded("=?utf-8?b?YWJjZ?= x") == "abc x"
    assert decoded("a\u202eb\x00c") == "abc"


def test_message_ids_and_dates_of_bad_programs():
    assert message_ids("<a@b> (x) <c@d>") == ("a@b", "c@d")
    assert message_ids("a@b") == ("a@b",)
    assert message_ids("no id") == ()
    assert moment("Mon, 16 Nov 2026 09:00:00") == datetime(2026, 11, 16, 9, tzinfo=UTC)
    for bad in (
        "",
        "yesterday",
        "Mon, 99 Nov 2026 09:00:00 +0100",
        "1 Jan 1970 00:00:00 +0000",
    ):
        assert moment(bad) is None, bad


def test_file_name_in_pieces_and_percent_encoded():
    def name(parameters):
        raw = f"Content-Type: application/pdf; {parameters}\n\n%PDF-1"
        return read_mail(raw.encode()).attachments[0].name

    assert name('name*0="fac"; name*1="ture.pdf"') == "facture.pdf"
    assert name("name*0*=utf-8''pay%C3%A9; name*1=.pdf") == "payé.pdf"
    assert name("name*=nonsense''pay.pdf") == "pay.pdf"
    assert name('name="a\\"b.pdf"') == "a_b.pdf"


def test_absence_says_until_when_and_whom_to_ask():
    found = absence_in(sample("auto-absence-fr"), on=ON)
    assert found.absent_until == date(2026, 12, 13)  # back on the 14th
    assert found.contact
    assert (found.contact.name, found.contact.address) == ("Paul Henry", "p.henry@mairie.example")
    text = sample("auto-absence-fr").text
    assert [text[start:end] for start, end in found.evidence] == [
        "lundi 14/12",
        "p.henry@mairie.example",
    ]


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("Je suis absent jusqu'au 12 décembre.", date(2026, 12, 12)),
        ("I'll be away until Dec 12.", date(2026, 12, 12)),
        ("En congés du 3 au 12 décembre inclus.", date(2026, 12, 12)),
        ("Back in the office on December 5th.", date(2026, 12, 4)),
        ("Absente du 1er au 15 décembre. Je reviens le 16 décembre.", date(2026, 12, 15)),
        ("Nos bureaux sont fermés du 24/12 au 04/01 inclus.", date(2027, 1, 4)),
        ("L'entreprise sera fermée du 24 décembre 2026 au 3 janvier 2027.", date(2027, 1, 3)),
        ("I will be traveling for work on December 10-31.", date(2026, 12, 31)),
        ("I'm out of the office Friday.", date(2026, 11, 27)),
        ("Absent. Votre facture du 12/11/2026 attendra.", None),
        ("Absent jusqu'au 3 décembre, puis jusqu'au 30 décembre.", None),
        ("Je suis absent.", None),
        ("Absent jusqu'à la semaine prochaine.", None),
    ],
)
def test_last_day_of_an_absence(text, until):
    assert absence_in(mail(text, Auto_Submitted="auto-replied"), on=ON).absent_until == until


def test_absence_in_the_subject_alone():
    found = mail("Thanks", Subject="Away until Dec 12", Auto_Submitted="auto-replied")
    assert absence_in(found, on=ON).absent_until == date(2026, 12, 12)


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        ({"Subject": "Réponse automatique : x"}, "Je suis absent", ("auto_reply", "vacation")),
        ({"Subject": "Re: x", "Return_Path": "<>"}, "En congés", ("auto_reply", "vacation")),
        ({"Subject": "x", "Precedence": "auto_reply"}, "Bonjour", ("auto_reply", "automatic")),
        ({"Subject": "x", "X_Autoreply": "yes"}, "Bonjour", ("auto_reply", "automatic")),
        ({"Subject": "x", "X_Mailer": "vacation 1.2"}, "Bonjour", ("other", "automatic_mail")),
        ({"Subject": "x", "X_POST_MessageClass": "9; Autoresponder"}, "Away", ("other", "automatic_mail")),
        ({"Subject": "Absence", "X_Auto_Response_Suppress": "All"}, "x", ("auto_reply", "vacation")),
        ({"Subject": "Devis", "Auto_Submitted": "auto-generated"}, "x", ("other", "automatic_mail")),
        ({"Subject": "x", "From": "noreply@x.example"}, "Ticket #48211 créé", ("auto_reply", "ticket")),
        ({"Subject": "Re: x", "Auto_Submitted": "no"}, "Je suis absent jusqu'au 3", ("reply", "")),
        ({"Subject": "x"}, "Je suis absent jusqu'au 3, je paie ensuite", ("reply", "")),
        ({"Subject": "Re: x", "List_Id": "<compta.x.example>"}, "Payé hier", ("reply", "")),
        ({"Subject": "x", "Precedence": "bulk"}, "Soldes", ("other", "list")),
        ({"Subject": "x"}, "", ("other", "empty")),
        ({"Subject": "Lu : x"}, "Votre message a été lu le 3", ("other", "read_receipt")),
        ({"Subject": "Re: x", "In_Reply_To": "<a@b>"}, "ok", ("reply", "")),
        ({"Subject": "Re: Undelivered Mail", "From": "postmaster@x.example", "In_Reply_To": "<a@b>"}, "Bonjour, nous paierons", ("reply", "")),
    ],
)  # fmt: skip
def test_who_wrote_is_told_by_headers_before_words(headers, body, kind):
    found = mail(body, **headers)
    assert (found.kind, found.detail) == kind
