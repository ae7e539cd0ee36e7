"""Files of strangers: known by their bytes, without what tells of place and person."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable.plugins.documents.received import FileRefusedError, file_read
from amiable.plugins.scanning import ScannerError, scan, scanner_of
from tests.plugins.pictures import chunk, jpeg, png

PLACE = b"48.8566N 2.3522E"
PNG_HEAD = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
MAIL = b"Received: by mx\r\nFrom: a@b.example\r\nSubject: proof\r\nDate: Sun, 22 Nov 2026 10:00 +0100\r\n\r\nPaid.\r\n"  # fmt: skip


def exif(turned: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, turned, 0)
    body = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + b"\0\0\0\0" + PLACE
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def webp(side: int = 1) -> bytes:
    size = (side - 1).to_bytes(3, "little") * 2
    parts = b"VP8X" + struct.pack("<I", 10) + bytes([0x0C]) + bytes(3) + size
    parts += b"VP8L" + struct.pack("<I", 5) + b"\x2f\0\0\0\0" + b"\0"
    parts += b"EXIF" + struct.pack("<I", len(PLACE)) + PLACE
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def heic(side: int = 64) -> bytes:
    """A picture (item 1) and its Exif (item 2), both in mdat."""
    ispe = box(b"ispe", bytes(4) + struct.pack(">II", side, side))
    iprp = box(b"iprp", box(b"ipco", ispe))
    infe = b"".join(
        box(b"infe", bytes([2, 0, 0, 0]) + struct.pack(">HH", item, 0) + kind + b"\0")
        for item, kind in ((1, b"hvc1"), (2, b"Exif"))
    )
    iinf = box(b"iinf", bytes(4) + struct.pack(">H", 2) + infe)
    head = box(b"ftyp", b"heic" + bytes(4) + b"mif1")

    def whole(start: int) -> bytes:
        places = struct.pack(">HHHII", 1, 0, 1, start, 7)
        places += struct.pack(">HHHII", 2, 0, 1, start + 7, len(PLACE))
        iloc = box(b"iloc", bytes(4) + bytes([0x44, 0]) + struct.pack(">H", 2) + places)
        meta = box(b"meta", bytes(4) + iinf + iprp + iloc)
        return head + meta + box(b"mdat", b"picture" + PLACE)

    return whole(len(whole(0)) - len(PLACE) - 7)


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [
        (jpeg(extra=exif(1)), "image/jpeg", ".jpg"),
        (png(8, 8, extra=chunk(b"tEXt", b"Where\0" + PLACE)), "image/png", ".png"),
        (webp(), "image/webp", ".webp"),
        (heic(), "image/heic", ".heic"),
    ],
)
def test_a_photograph_loses_its_place_and_takes_the_ending_of_what_it_is(content, kind, ending):
    found = file_read("C:\\photos\\damage.exe", content)
    assert (found.content_type, found.name) == (kind, f"damage{ending}")
    assert PLACE not in found.content
    assert found.content[:4] == content[:4]
    # What is clean stays as it is.
    assert file_read("x", found.content).content == found.content


def test_how_the_camera_was_held_is_kept():
    content = file_read("a.jpg", jpeg(extra=exif(6))).content
    assert PLACE not in content
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in content


def test_a_second_picture_behind_the_first_is_left_out():
    twice = jpeg() + jpeg(extra=exif(3))
    assert PLACE not in file_read("a.jpg", twice).content


def test_texts_emails_and_papers_are_taken_as_they_are():
    assert file_read("note.txt", "Payé le 3.".encode()).content_type == "text/plain"
    assert file_read("proof", MAIL).name == "proof.eml"
    assert file_read("a.pdf", b"%PDF-1.7 ...").content_type == "application/pdf"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"", "sent_file.empty"),
        ("photo.jpg", b"MZ\x90\0", "sent_file.kind"),
        ("photo.jpg", b"<html><script>", "sent_file.kind"),
        ("photo.svg", b"<svg xmlns='x'/>", "sent_file.kind"),
        ("a.docx", b"PK\x03\x04word/", "sent_file.kind"),
        ("a.jpg", jpeg()[:-9], "sent_file.damaged"),
        ("a.png", png(8, 8)[:-4], "sent_file.damaged"),
        ("a.webp", webp()[:-2], "sent_file.damaged"),
        ("a.heic", heic()[:60], "sent_file.damaged"),
        (
            "a.eml",
            b"From: a@b.example\r\nSubject: x\r\nDate: now\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
            b'Content-Disposition: attachment; filename="a.exe"\r\n\r\nMZ\r\n--b--\r\n',
            "sent_file.mail_dangerous",
        ),
    ],
)
def test_anything_else_is_refused_with_its_reason(name, content, code):
    with pytest.raises(FileRefusedError) as refused:
        file_read(name, content)
    assert refused.value.sentence.code == code


@pytest.mark.parametrize(
    ("content", "side"),
    [
        (png(8, 8).replace(png(8, 8)[8:33], chunk(b"IHDR", PNG_HEAD)), 40_000),
        (jpeg().replace(struct.pack(">BHHB", 8, 8, 8, 1), b"\x08\xff\xff\xff\xff\x01"), 65_535),
        (webp(40_000), 40_000),
        (heic(40_000), 40_000),
    ],
    ids=["png", "jpeg", "webp", "heic"],
)
def test_a_picture_that_would_fill_the_memory_of_who_looks_at_it_is_refused(content, side):
    with pytest.raises(FileRefusedError) as refused:
        file_read("bomb", content)
    assert refused.value.sentence.code == "sent_file.pixels"
    assert refused.value.sentence.params["width"] == side


def test_the_largest_photograph_of_a_telephone_is_taken():
    head = struct.pack(">IIBBBBB", 16_320, 12_240, 8, 2, 0, 0, 0)
    content = png(8, 8).replace(png(8, 8)[8:33], chunk(b"IHDR", head))
    assert file_read("photo", content).name == "photo.png"


def test_an_empty_file_is_told_by_the_name_it_came_with():
    with pytest.raises(FileRefusedError) as refused:
        file_read("IMG_0815.JPG", b"")
    assert str(refused.value) == "IMG_0815.JPG is empty."


@settings(max_examples=150)
@given(st.sampled_from([jpeg(extra=exif(5)), png(8, 8), webp(), heic(), MAIL]), st.data())
def test_torn_files_are_refused_and_never_fail(content, data):
    at = data.draw(st.integers(0, len(content)))
    torn = content[:at] + data.draw(st.binary(max_size=6)) + content[at + 2 :]
    with contextlib.suppress(FileRefusedError):
        file_read("a", torn)


def scanner(answers: list[bytes]) -> str:
    """A scanner on loopback that gives these answers, one for each file."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            for answer in answers:
                link, _ = server.accept()
                with link:
                    stream = link.makefile("rb")
                    assert stream.read(10) == b"zINSTREAM\0"
                    while size := struct.unpack(">I", stream.read(4))[0]:
                        stream.read(size)
                    link.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_the_scanner_is_asked_and_only_a_clear_yes_counts():
    url = scanner([b"stream: OK\0", b"stream: Eicar-Test-Signature FOUND\0", b"", b"ERROR\0"])
    assert scan(url, b"x" * 200_000) == "clean"
    assert scan(url, b"x") == "infected"
    for _ in range(2):
        with pytest.raises(ScannerError):
            scan(url, b"x")
    with pytest.raises(ScannerError):
        scan("tcp://127.0.0.1:1", b"x", seconds=1)
    assert scanner_of("unix:///run/clamd.ctl") == "/run/clamd.ctl"
    for wrong in ("http://x:1", "tcp://x", "unix://", "tcp://x:y"):
        with pytest.raises(ValueError, match=r"expected|Port"):
            scanner_of(wrong)
