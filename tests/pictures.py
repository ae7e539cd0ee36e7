"""What letters and emails look like: the samples of which approved pictures are kept.

Letters are drawn by Typst, emails by Chromium with our font in the place of the reader's, so that
every machine draws the same.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

from amiable.apps.messaging.rendering.branding import Brand
from amiable.apps.messaging.rendering.letters import letter_of
from amiable.apps.messaging.rendering.messages import Material, drafts_render
from amiable.apps.messaging.writing.composing import composed
from amiable.core.claims import Claimed, Reduction, claim
from amiable.core.drafts import Draft, DraftLine
from amiable.core.law.fr import Debt
from amiable.plugins.documents.letter import letter_pictures
from amiable.plugins.documents.pictures import picture_checked
from amiable.plugins.documents.typesetting import FONTS
from amiable.plugins.documents.window import window_of
from tests.apps.messaging_drafts import CREDITOR, CUSTOMER, NOW, ON, draft, line
from tests.plugins.pictures import png

APPROVED = Path(__file__).resolve().parent / "samples" / "pictures"
LINK = "https://amiable.example/p/Zx8k2LmQ7vB3nR9tW5yH1c/"
DOTS = 50  # per inch: text can be told apart, and a page is some 30 kB
WIDTHS, SCHEMES = (600, 360), ("light", "dark")


def brand(window: str = "") -> Brand:
    logo, signature = picture_checked(png(240, 64)), picture_checked(png(160, 48, color=6))
    return Brand(logo, signature, window_of(window))


def letters() -> dict[str, tuple[Draft, Brand]]:
    """Letters by name: each kind of page once."""
    many = tuple(line(i, late=5 + i, total=10_000 + 137 * i) for i in range(1, 40))
    few = (line(41), line(57, late=200, total=480_000, paid=120_000))
    return {
        "letter": (draft("reminder_firm"), brand()),
        "letter-long": (
            draft("reminder_firm", *many, attachments=("statement",), account=many,
                  payment_link=LINK), brand("edics"),
        ),
        "letter-left": (
            draft("formal_notice", language="en", payment_link=LINK,
                  creditor=replace(CREDITOR, brand_color="#ffd500")), brand("din"),
        ),
        "letter-claims": (draft("formal_notice", *few, claims=tuple(map(_claimed, few))), brand()),
        "letter-plain": (
            draft("formal_notice", customer=replace(
                CUSTOMER, name="Syndicat intercommunal d’alimentation en eau potable",
                address_lines=("Résidence les Magnolias bâtiment C", "12 rue de la Croix Blanche"))),
            Brand(),
        ),
    }  # fmt: skip


def _claimed(each: DraftLine) -> Claimed:
    paid = [Reduction(ON - timedelta(days=90), each.paid_minor)] if each.paid_minor else []
    debt = Debt(each.total_minor, each.due_date, ON)
    return Claimed(each.number, each.due_date, claim(debt, paid))


def letter_pages() -> Iterator[tuple[str, bytes]]:
    """Name and PNG of every page of the letters."""
    for name, (each, look) in letters().items():
        pages = letter_pictures(letter_of(each, composed(each), brand=look), dots_per_inch=DOTS)
        assert isinstance(pages, list), pages
        for number, page in enumerate(pages, 1):
            yield f"{name}-{number}", page


def emails() -> dict[str, str]:
    """HTML of emails by name, their pictures in place."""
    drafts = {
        "email": (draft("reminder_1", key="email", payment_link=LINK), Material(brand=brand())),
        "email-several": (
            draft("reminder_last", line(1), line(2, late=12), line(3, group="disputed"),
                  key="email-several", credit_minor=5_000, language="en",
                  creditor=replace(CREDITOR, brand_color="#e87722")), Material(),
        ),
    }  # fmt: skip
    done = drafts_render([each for each, _ in drafts.values()],
                         {name: material for name, (_, material) in drafts.items()},
                         organization_id=1, now=NOW)  # fmt: skip
    return {name: html_of_mail(found.content) for name, found in done.items()}


def html_of_mail(content: bytes) -> str:
    mail = message_from_bytes(content, policy=policy.default)
    html = mail.get_body(("html",)).get_content()
    for part in mail.walk():
        if part["Content-ID"]:
            packed = base64.b64encode(part.get_content()).decode()
            cid = part["Content-ID"].strip("<>")
            html = html.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{packed}")
    return html


def email_pictures(browser) -> Iterator[tuple[str, bytes]]:
    """Name and PNG of every email at every width, light and dark."""
    weights = (("400", "Regular"), ("600 700", "Bold"))
    faces = "".join(_face(weight, name) for weight, name in weights)
    for name, html in emails().items():
        for scheme in SCHEMES:
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 300},
                                        color_scheme=scheme)  # fmt: skip
                page.set_content(html.replace("</head>", f"<style>{faces}</style></head>", 1))
                page.evaluate("document.fonts.ready")
                shot = page.screenshot(full_page=True, animations="disabled")
                page.close()
                yield f"{name}-{width}-{scheme}", shot


def _face(weight: str, name: str) -> str:
    font = base64.b64encode((FONTS / f"Arimo-{name}.ttf").read_bytes()).decode()
    return "".join(
        f"@font-face{{font-family:'{family}';font-weight:{weight};"
        f"src:url(data:font/ttf;base64,{font})}}"
        for family in ("-apple-system", "Segoe UI")
    )


def drawn(browser) -> dict[str, bytes]:
    """Every picture as it is drawn today, by name."""
    return dict([*letter_pages(), *email_pictures(browser)])


# Both pictures cut into tiles; a tile differs when its pixels do by more than `most` on the mean of
# 0 to 255. Returns the places that differ and today's picture with these framed in red.
COMPARE = """async ([before, now, most]) => {
  const load = src => new Promise((done, fail) => {
    const image = new Image(); image.onload = () => done(image); image.onerror = fail;
    image.src = 'data:image/png;base64,' + src; });
  const [a, b] = [await load(before), await load(now)];
  const width = Math.max(a.width, b.width), height = Math.max(a.height, b.height), tile = 16;
  const pixels = image => {
    const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext('2d');
    pen.fillStyle = '#808080'; pen.fillRect(0, 0, width, height); pen.drawImage(image, 0, 0);
    return [pen.getImageData(0, 0, width, height).data, canvas, pen]; };
  const [[one], [two, canvas, pen]] = [pixels(a), pixels(b)];
  const places = []; let total = 0;
  for (let top = 0; top < height; top += tile) for (let left = 0; left < width; left += tile) {
    let sum = 0, count = 0;
    for (let y = top; y < Math.min(top + tile, height); y++)
      for (let x = left; x < Math.min(left + tile, width); x++) {
        const at = 4 * (y * width + x);
        for (let i = 0; i < 3; i++) sum += Math.abs(one[at + i] - two[at + i]);
        count += 3; }
    total += sum;
    if (sum / count > most) { places.push([left, top]);
      pen.strokeStyle = '#e00'; pen.strokeRect(left + .5, top + .5, tile - 1, tile - 1); } }
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  let text = ''; for (const byte of bytes) text += String.fromCharCode(byte);
  return {sizes: [[a.width, a.height], [b.width, b.height]], places,
          mean: total / (3 * width * height), marked: btoa(text)};
}"""
# Drawn by other versions of the same programs, edges of letters differ a little.
TILE_MEAN, WHOLE_MEAN = 14, 1.0


def compared(page, approved: bytes, now: bytes) -> tuple[str, bytes]:
    """Where two pictures differ, in words ("" = nowhere), and today's with the places framed."""
    packed = [base64.b64encode(each).decode() for each in (approved, now)]
    found = page.evaluate(COMPARE, [*packed, TILE_MEAN])
    old, new = (tuple(size) for size in found["sizes"])
    said = [f"{old[0]} x {old[1]} pixels became {new[0]} x {new[1]}"] if old != new else []
    if found["places"]:
        shown = ", ".join(f"({x}, {y})" for x, y in found["places"][:8])
        said.append(f"{len(found['places'])} places differ, at {shown}")
    if found["mean"] > WHOLE_MEAN:
        said.append(f"the whole differs by {found['mean']:.2f} of 255 on the mean")
    return "; ".join(said), base64.b64decode(found["marked"])
