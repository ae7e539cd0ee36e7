"""Emails in old mail programs, in the dark, on phones, and for those who read plain text."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

from amiable.apps.messaging.rendering.branding import Brand
from amiable.apps.messaging.rendering.messages import Material, Rendered, drafts_render
from amiable.apps.messaging.writing.wording import TEXTS
from amiable.core.drafts import Agency, Pledge
from amiable.plugins.documents.content import Document, Paragraph
from amiable.plugins.documents.html import PREHEADER, html_of
from amiable.plugins.documents.pictures import picture_checked
from tests.apps.messaging_drafts import CREDITOR, NOW, ON, draft, line
from tests.plugins.pictures import png

LINK = "https://amiable.example/p/Zx8k2LmQ"
LOGO = Brand(picture_checked(png(120, 40)))
TEMPLATES = sorted({path.name.partition(".")[0] for path in TEXTS.glob("fr/*.email.liquid")})
VOID, INLINE = {"meta", "br", "img"}, {"strong", "a"}
AGENCY = Agency(replace(CREDITOR, name="Recouvrement Lyonnais"), "D-1", ON)


class Page(HTMLParser):
    """The words a reader sees, and everything the page would load or lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.open: list[tuple[str, bool]] = []
        self.feed(html)
        self.words = self.text.split()

    def handle_starttag(self, tag, attributes):
        self.text += "" if tag in INLINE else " "
        values = dict(attributes)
        self.tags.add(tag)
        hidden = "display:none" in (values.get("style") or "") or tag in {"style", "title"}
        if tag not in VOID:
            self.open.append((tag, hidden))
        for name, value in attributes:
            if name in {"src", "background", "srcset", "poster", "data", "action"}:
                self.loaded.append(value)
            elif name == "href":
                self.links.append(value)
            elif "url(" in (value or ""):
                self.loaded.append(value)

    def handle_endtag(self, tag):
        self.text += "" if tag in INLINE else " "
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(hidden for _, hidden in self.open):
            self.text += data
        if self.open and self.open[-1][0] == "style":
            self.loaded += re.findall(r"(?:url\(|@import)[^;}]*", data)


def rendered(template, *lines, material=None, **fields):
    medium = {"medium": "email", "stage": "firm", "recipient": "ap@client.example"}
    base = draft("reminder_1", *lines, key="k")
    wanted = replace(base, template=template, **{**medium, **fields})
    material = material or Material()
    found = drafts_render([wanted], {"k": material}, organization_id=1, now=NOW)["k"]
    assert isinstance(found, Rendered), found
    return message_from_bytes(found.content, policy=policy.default)


def variants(template):
    """An email of a template in each language, plain and with everything that may go along."""
    full = (line(1), line(2, late=3), line(3, group="disputed"), line(4, late=-9, group="upcoming"))
    for language in ("fr", "en"):
        common = {"language": language, "pledge": Pledge(50_000, ON, made_on=ON, received_minor=1),
                  "returned_on": ON, "return_code": "AM04",
                  "agency": AGENCY if template.startswith("agency_") else None}  # fmt: skip
        yield rendered(template, **common)
        yield rendered(template, *full, material=Material(brand=LOGO), payment_link=LINK,
                       credit_minor=700, attachments=("statement",), account=full, **common)  # fmt: skip


def parts(mail):
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("template", TEMPLATES)
def test_plain_text_says_the_same_as_the_page(template):
    for mail in variants(template):
        text, html = parts(mail)
        page = Page(html)
        spoken = [word for word in text.split() if not re.fullmatch(r"-+", word)]
        # The page begins with the sender's name in its band, and hides the address of the link.
        name = (AGENCY.party if template.startswith("agency_") else CREDITOR).name.split()
        assert page.words[: len(name)] == name
        assert page.words[len(name) :] == [word for word in spoken if word != LINK]
        assert page.links == [word for word in spoken if word == LINK]


@pytest.mark.parametrize("template", TEMPLATES)
def test_email_loads_nothing_and_tells_nobody_that_it_was_opened(template):
    for mail in variants(template):
        page = Page(parts(mail)[1])
        own = {f"cid:{part['Content-ID'][1:-1]}" for part in mail.walk() if part["Content-ID"]}
        assert set(page.loaded) == own
        assert set(page.links) <= {LINK}
        assert not page.tags & {"script", "link", "iframe", "object", "embed", "form", "base"}


def test_lists_of_messages_show_the_first_words_that_say_something():
    html = parts(rendered("reminder_1"))[1]
    hidden = re.search(r'<div style="display:none;[^"]*mso-hide:all;">(.*?)</div>', html)[1]
    assert hidden.startswith("Sauf erreur de notre part")
    assert len(hidden) <= PREHEADER + 1
    assert html.index("display:none") < html.index("Bonjour,")
    bare = Document("fr", "x", "y", "#1f4e79", (Paragraph((((("Bonjour", False)),),)),))
    assert "display:none" not in html_of(bare)


def test_page_holds_what_outlook_and_dark_screens_need():
    html = parts(rendered("reminder_1", payment_link=LINK, material=Material(brand=LOGO)))[1]
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 3
    outside = re.sub(r"<!--.*?-->", "", html, flags=re.S)
    assert outside.count("<table") == outside.count("</table>")
    assert html.count("<table") == html.count("</table>")
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "prefers-color-scheme: dark" in html
    assert re.search(r'<td align="center" bgcolor="#1f4e79" [^>]*><a class="button"', html)
    for name in ("page", "card", "panel"):  # colors that dark mode replaces are there as attributes
        assert re.search(rf'class="{name}"[^>]*bgcolor="#', html), name


def test_hostile_texts_open_no_tag_and_no_attribute():
    evil = '"><img src=https://x.example/p.gif onload=x()> </a></div><!--[if mso]>'
    mail = rendered("reminder_1", creditor=replace(CREDITOR, name=evil), payment_link=evil)
    page = Page(parts(mail)[1])
    assert page.loaded == []
    assert "img" not in page.tags
    assert parts(mail)[1].count("<!--[if mso]>") == 3


def test_email_leaves_from_the_sending_address_and_answers_come_to_the_creditor():
    creditor = replace(CREDITOR, sender_email="relance@mail.vauban.example")
    mail = rendered("reminder_1", creditor=creditor)
    assert "relance@mail.vauban.example" in mail["From"]
    assert "compta@vauban.example" in mail["Reply-To"]
    assert mail["Message-ID"].endswith("@mail.vauban.example>")
    plain = rendered("reminder_1")
    assert "compta@vauban.example" in plain["From"]
    assert plain["List-Unsubscribe"] is None
    assert plain["Auto-Submitted"] is None


def test_logo_is_a_part_of_the_page_and_no_attachment():
    mail = rendered("reminder_1", material=Material(brand=LOGO))
    assert mail.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html",
                     "image/png"]  # fmt: skip
    image = list(mail.walk())[-1]
    assert image.get_content() == LOGO.logo.content
    assert image.get_content_disposition() == "inline"
    assert 'alt="Atelier Vauban"' in parts(mail)[1]
