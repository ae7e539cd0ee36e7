"""What a text would look like on real messages: the email as a page, the letter as pictures, the
text message in its parts, and what law adds told apart from what was written."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from amiable.apps.messaging.rendering.branding import PLAIN, Brand
from amiable.apps.messaging.rendering.letters import letter_of
from amiable.apps.messaging.rendering.messages import LETTERS, Material, Rendered, drafts_render
from amiable.apps.messaging.writing.claims import claim_blocks
from amiable.apps.messaging.writing.composing import composed
from amiable.apps.messaging.writing.mandates import mandate_blocks
from amiable.apps.messaging.writing.mentions import mention_blocks, mentions_due
from amiable.apps.messaging.writing.scripts import script_of
from amiable.apps.messaging.writing.texts import OwnText, TextError
from amiable.core import sms
from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence
from amiable.plugins.documents.content import Block, Document, text_of
from amiable.plugins.documents.html import cid_of
from amiable.plugins.documents.letter import letter_pictures

MOST_PAGES = 3
DOTS_PER_INCH = 84.0


@dataclass(frozen=True, slots=True)
class View:
    """A message that a text makes. `problem` = why none; then the rest is empty.

    `parts` = its words, each with whether law put them in; `html` = a whole page, to be shown from
    an address of its own; `pages` = pictures (PNG, base64) of the first pages; `size` = of a text
    message, as core.sms.Size.
    """

    medium: str
    kind: str
    subject: str = ""
    parts: tuple[tuple[str, bool], ...] = ()
    html: str = ""
    pages: tuple[str, ...] = ()
    more_pages: bool = False
    size: Mapping[str, Any] | None = None
    problem: Sentence | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON shape with the names of the fields."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "problem": self.problem.to_json() if self.problem else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> View:
        """Inverse of to_json."""
        problem = Sentence.from_json(data["problem"]) if data["problem"] else None
        parts = tuple((text, by_law) for text, by_law in data["parts"])
        return View(**{**data, "parts": parts, "pages": tuple(data["pages"]), "problem": problem})


def view_of(draft: Draft, source: str, *, brand: Brand = PLAIN) -> View:
    """The message of a draft, written from this text, under the creditor's brand."""
    own = OwnText(0, 0, source)
    if draft.medium == "phone":
        return _spoken(draft, own)
    material = Material(own=own, brand=brand)
    now = datetime.combine(draft.on_date, datetime.min.time(), UTC)
    found = drafts_render([draft], {draft.key: material}, organization_id=0, now=now)[draft.key]
    empty = View(draft.medium, draft.customer_kind)
    if not isinstance(found, Rendered):
        return replace(empty, problem=found)
    document = composed(draft, own=own)
    view = replace(empty, subject=found.subject, parts=_parts(draft, document))
    if draft.medium == "sms":
        return replace(view, parts=((found.text, False),), size=asdict(sms.size_of(found.text)))
    if draft.medium in LETTERS:
        return _pictured(view, draft, document, brand)
    return replace(view, html=_html(found.content, brand))


def _spoken(draft: Draft, own: OwnText) -> View:
    """The parts of a script, each under its title."""
    empty = View(draft.medium, draft.customer_kind)
    try:
        script = script_of(draft, own)
    except TextError as error:
        return replace(empty, problem=Sentence("text.broken", {"reason": error.reason}))
    parts = tuple(("\n".join([part.title, *part.lines]), False) for part in script.parts)
    return replace(empty, subject=script.title, parts=parts)


def law_blocks(draft: Draft) -> frozenset[Block]:
    """What law has this message say, whoever wrote its text."""
    mentions = mention_blocks(draft, mentions_due(draft))
    return frozenset((*mandate_blocks(draft), *mentions, *claim_blocks(draft)))


def _parts(draft: Draft, document: Document) -> tuple[tuple[str, bool], ...]:
    by_law = law_blocks(draft)
    alone = replace(document, footer=())
    parts = [
        (text_of(replace(alone, blocks=(block,))).strip("\n"), block in by_law)
        for block in document.blocks
    ]
    # Who writes, and what becomes of the data (GDPR articles 13 and 14).
    return (*parts, *((line, True) for line in document.footer))


def _pictured(view: View, draft: Draft, document: Document, brand: Brand) -> View:
    pages = letter_pictures(letter_of(draft, document, brand=brand), dots_per_inch=DOTS_PER_INCH)
    if isinstance(pages, Sentence):
        return replace(view, problem=pages)
    shown = tuple(b64encode(page).decode() for page in pages[:MOST_PAGES])
    return replace(view, pages=shown, more_pages=len(pages) > MOST_PAGES)


def _html(content: bytes, brand: Brand) -> str:
    mail = cast(EmailMessage, message_from_bytes(content, policy=policy.default))
    body = mail.get_body(("html",))
    html: str = body.get_content() if body else ""
    if brand.logo:  # named by its part of the mail, which a browser does not have
        picture = f"data:image/{brand.logo.kind};base64,{b64encode(brand.logo.content).decode()}"
        html = html.replace(f"cid:{cid_of(brand.logo)}", picture)
    return html
