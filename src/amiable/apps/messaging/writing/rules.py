"""What no text of an organization's own may say, whatever its conditions: looked at when it is
saved, on samples, and again on each message before it is frozen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.content import BLOCK, clean

declare(
    {
        "rule.link": gettext_noop(
            "“{words}” leads elsewhere: addresses of pages do not belong in a text, the link to "
            "pay is put in by itself."
        ),
        "rule.html": gettext_noop("“{words}” would be read as it stands: a text holds no HTML."),
        "rule.consumer_fee": gettext_noop(
            "“{words}” may not be said to a consumer: no penalty, no indemnity and no fee is ever "
            "asked of one (C. com. L441-10 is for businesses; CPCE L111-8)."
        ),
        "rule.consumer_threat": gettext_noop(
            "“{words}” may not be said to a consumer: it threatens what nobody can do without a "
            "court's decision (C. conso L121-7)."
        ),
        "rule.formal": gettext_noop(
            "A formal notice has to say so: the words “{words}” are missing (C. civ. 1344)."
        ),
        "rule.names_nobody": gettext_noop(
            "The message does not say who writes: {name} is missing."
        ),
        "rule.block_inside": gettext_noop(
            "{{{{ {name} }}}} has to stand alone on its line, without a filter."
        ),
        "rule.block_twice": gettext_noop("{{{{ {name} }}}} appears twice."),
    }
)

_LINK = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://\S*|\bwww\.\S*|\b(?:mailto|javascript|data):\S+"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,20}/\S*",
    re.IGNORECASE,
)
_HTML = re.compile(r"</?[a-z!][^<>\n]{0,100}>", re.IGNORECASE)
_FEE = re.compile(
    r"(?<![\d.,\u00a0\u202f])40\s*(?:€|euros?\b)|€\s*40(?!\d|[.,]\d)|L\.?\s?441-(?:10|6)\b"
    r"|p[ée]nalit\w*|\bpenalt\w*|indemnit\w*"
    r"|frais\s+de\s+(?:relance|dossier|recouvrement|gestion|retard|mise en demeure)"
    r"|\b(?:late|collection|recovery|reminder|admin\w*|processing)[ -](?:fee|charge|cost)s?\b",
    re.IGNORECASE,
)
_THREAT = re.compile(
    r"\bhuissiers?\b|commissaires? de justice|\bsaisies?\b|poursuites? p[ée]nales?|\bfichage\b"
    r"|tribunal correctionnel|d[ée]p[ôo]t de plainte|\bbailiffs?\b|\bseiz(?:e|ure)\w*"
    r"|\bprosecut\w*|\bblacklist\w*|\bcriminal\b",
    re.IGNORECASE,
)
_FORMAL = re.compile(r"mises? en demeure|met(?:tons|s|tre|tant)? en demeure", re.IGNORECASE)
_BLOCK_LINE = re.compile(rf"^[ \t]*{BLOCK}([a-z]+)[ \t]*$")


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a rendered text breaks; `words` = those at fault, "" when some are missing."""

    sentence: Sentence
    words: str = ""


def broken_rules(draft: Draft, *, subject: str, body: str) -> Iterator[Broken]:
    """What a rendered text says and may not, or has to say and does not. Names are left aside: a
    firm may be called anything."""
    text = _without_names(draft, f"{subject}\n{body}")
    consumer = draft.customer_kind == "consumer"
    looks: Mapping[str, re.Pattern[str] | None] = {
        "rule.link": _LINK,
        "rule.html": _HTML,
        "rule.consumer_fee": _FEE if consumer else None,
        "rule.consumer_threat": _THREAT if consumer else None,
    }
    for code, pattern in looks.items():
        if pattern and (match := pattern.search(text)):
            words = clean(match[0])[:80]
            yield Broken(Sentence(code, {"words": words}), words)
    said = draft.medium in {"sms", "phone"} or _FORMAL.search(text)
    if draft.stage == "formal" and not said:
        yield Broken(Sentence("rule.formal", {"words": "mise en demeure"}))
    name = clean(draft.sender.name)
    if draft.medium == "sms" and name not in body:
        yield Broken(Sentence("rule.names_nobody", {"name": name}))


def block_problem(body: str) -> Sentence | None:
    """Why the blocks of a rendered body cannot be laid out: each stands alone on a line, once."""
    seen = set()
    for line in body.split("\n"):
        if BLOCK not in line:
            continue
        alone = _BLOCK_LINE.match(line)
        name = alone[1] if alone else line.partition(BLOCK)[2].partition(BLOCK)[0].split(" ")[0]
        if not alone:
            return Sentence("rule.block_inside", {"name": name[:40].lower()})
        if name in seen:
            return Sentence("rule.block_twice", {"name": name})
        seen.add(name)
    return None


def _without_names(draft: Draft, text: str) -> str:
    parties = [draft.creditor, draft.customer, *([draft.agency.party] if draft.agency else [])]
    for name in sorted({clean(party.name) for party in parties}, key=len, reverse=True):
        if name:
            text = text.replace(name, "•")
    return text
