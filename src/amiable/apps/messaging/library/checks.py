"""What keeps a text from being saved: read as written, then tried on samples of every kind.

Takes the time its limits allow: call it through `bounded` for a text that somebody just wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from amiable.apps.messaging.library.problems import Problem, placed, problem
from amiable.apps.messaging.library.samples import Use, samples
from amiable.apps.messaging.library.scanning import scanned
from amiable.apps.messaging.writing.composing import values_of
from amiable.apps.messaging.writing.mentions import WRITTEN_MEDIA, mentions_missing
from amiable.apps.messaging.writing.rules import block_problem, broken_rules
from amiable.apps.messaging.writing.scripts import parts_of
from amiable.apps.messaging.writing.texts import TextError, parse, rendered
from amiable.apps.messaging.writing.wording import language_of
from amiable.core import sms
from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence
from amiable.core.sms_rules import revealing_problem
from amiable.plugins.documents.content import BLOCK, STRONG_OFF, STRONG_ON, clean

_BROKEN = {"text_problem.syntax", "text_problem.limits"}
LONGEST_SUBJECT = 90  # characters
NEEDED = ("invoices", "payment", "signature")


def text_problems(source: str, use: Use) -> list[Problem]:
    """Everything wrong with a text, each once, errors first where they stand."""
    found = scanned(source)
    if not found:
        for draft in samples(use):
            found += [*_tried(source, draft), *_warned(source, draft)]
            # What breaks its limits once is not tried again: each time takes as long.
            if any(each.sentence.code in _BROKEN for each in found):
                break
    unique = {(each.line, str(each.sentence)): each for each in reversed(found)}
    weights = ("error", "warning", "note")
    return sorted(
        unique.values(), key=lambda each: (weights.index(each.weight), each.line, each.column)
    )


def _tried(source: str, draft: Draft) -> Iterator[Problem]:
    """What goes wrong when the text is written for one sample."""
    try:
        subject, body = _rendered(source, draft)
    except TextError as error:
        yield _broken(source, error)
        return
    kind = Sentence(f"text_for.{draft.customer_kind}")
    is_sms = draft.medium == "sms"
    if not is_sms and not clean(subject):
        yield problem(source, "text_problem.no_subject", at=0)
    if BLOCK in subject:
        name = subject.partition(BLOCK)[2].split()[0]
        yield problem(source, "text_problem.block_in_subject", at=0, name=f"{{{{ {name} }}}}")
    if blocked := block_problem(body):
        yield placed(source, blocked, at=_where(source, f"{{{{ {blocked.params['name']}"))
    for broken in broken_rules(draft, subject=subject, body=body):
        yield placed(source, broken.sentence, at=_where(source, broken.words))
    if is_sms:
        yield from _sms(source, draft, body)
    elif draft.medium == "phone":
        yield from _spoken(source, body)
    else:
        yield from _written(source, draft, body, kind)


def _written(source: str, draft: Draft, body: str, kind: Sentence) -> Iterator[Problem]:
    """What an email or a letter has to hold."""
    for name in ("signature",) if draft.confirms else NEEDED:
        if f"{BLOCK}{name}" not in body:
            yield problem(source, "text_problem.no_block", name=f"{{{{ {name} }}}}", kind=kind)
    values = values_of(draft, attached=0, thread_subject="")
    text = clean(body)
    if draft.stage != "formal":
        return
    for name in ("total", "deadline", "creditor", "customer"):
        value = values[name]
        if isinstance(value, str) and clean(value) not in text:
            code = {"total": "no_total", "deadline": "no_deadline"}.get(name, "no_party")
            yield problem(source, f"text_problem.{code}", name=f"{{{{ {name} }}}}", kind=kind)


def _spoken(source: str, body: str) -> Iterator[Problem]:
    """A script has parts, and nothing that only paper shows."""
    if BLOCK in body:
        name = body.partition(BLOCK)[2].split()[0]
        yield problem(source, "text_problem.block_spoken", name=f"{{{{ {name} }}}}")
    if not any(part.title and part.lines for part in parts_of(body)):
        yield problem(source, "text_problem.no_part")


def _sms(source: str, draft: Draft, body: str) -> Iterator[Problem]:
    text = sms.gsm_text(" ".join(_plain(body).split()))
    parts = sms.segments(text)
    if not text:
        yield problem(source, "text_problem.empty")
    if parts > sms.LARGEST_SEGMENTS:
        params = {"segments": parts, "limit": sms.LARGEST_SEGMENTS}
        yield problem(source, "text_problem.sms_long", **params)
    if draft.customer_kind == "consumer":
        names = [sms.gsm_text(clean(party.name)) for party in (draft.creditor, draft.sender)]
        if reveals := revealing_problem(text, names=names):
            first = str(reveals.params["words"]).split(", ")[0]
            yield placed(source, reveals, at=_where(source, first))


def _warned(source: str, draft: Draft) -> Iterator[Problem]:
    """What can be saved and had better be looked at."""
    try:
        subject, body = _rendered(source, draft)
    except TextError:
        return
    kind = Sentence(f"text_for.{draft.customer_kind}")
    if draft.medium == "sms":
        size = sms.size_of(sms.gsm_text(" ".join(_plain(body).split())))
        if size.foreign:
            signs = " ".join(each.sign for each in size.foreign)
            yield placed(
                source,
                Sentence("text_problem.sms_signs", {"signs": signs[:40]}),
                at=_where(source, size.foreign[0].sign),
                weight="warning",
            )
        if 1 < size.parts <= sms.LARGEST_SEGMENTS:
            yield problem(
                source, "text_problem.sms_parts", weight="note", segments=size.parts, kind=kind
            )
    elif len(subject) > LONGEST_SUBJECT:
        yield problem(
            source, "text_problem.long_subject", at=0, weight="warning",
            count=len(subject), limit=LONGEST_SUBJECT,
        )  # fmt: skip
    if draft.medium in WRITTEN_MEDIA and mentions_missing(draft, body):
        yield problem(source, "text_problem.law_adds", weight="note", kind=kind)


def _rendered(source: str, draft: Draft) -> tuple[str, str]:
    language = language_of(draft.language)
    values = values_of(draft, attached=1, thread_subject="")
    return rendered(parse(source, language), values, language=language)


def _broken(source: str, error: TextError) -> Problem:
    """The parser's own words, at its own place."""
    token = getattr(error.__cause__, "token", None)
    at = getattr(token, "start_index", -1)
    reason = str(error).splitlines()[0].rstrip(".")[:200]
    if 0 <= at <= len(source):
        return problem(source, "text_problem.syntax", at=at, reason=reason)
    return problem(source, "text_problem.limits", reason=reason)


def _where(source: str, words: str) -> int:
    """Where rendered words stand in the source, whatever their spaces; -1 = nowhere as such."""
    pattern = r"[\s\u00a0\u202f]+".join(map(re.escape, words.split()))
    match = re.search(pattern, source, re.IGNORECASE) if pattern else None
    return match.start() if match else -1


def _plain(body: str) -> str:
    return body.translate(dict.fromkeys(map(ord, (STRONG_ON, STRONG_OFF)), None))
