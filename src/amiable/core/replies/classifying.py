"""`classify`: what a reply proposes, with the words that show it and the facts it states."""

from __future__ import annotations

from datetime import date

from amiable.core.replies.absences import absence_in
from amiable.core.replies.facts import facts_of
from amiable.core.replies.features import features
from amiable.core.replies.mail import IncomingMail
from amiable.core.replies.model import merged, shipped
from amiable.core.replies.proposals import Facts, Intent, Language, Proposal
from amiable.core.replies.wording import language_of

# Below this a second intent is noise to the person who reads the list.
MENTIONED = 0.30
MAX_INTENTS = 4


def classify_text(
    text: str, *, on: date, language: Language = "", currency: str = "EUR"
) -> Proposal:
    """What the writer of these words wants; `text` = his own words, without quotes.

    `on` = the day he wrote, against which "Friday" is read; `currency` = that of amounts without
    one. `language` "" is guessed.
    """
    spoken = language or language_of(text)
    if not text.strip():
        return Proposal("unsure", 0, language=spoken)
    model = shipped()
    found = list(features(text))
    chances = model.chances(text, found)
    ranked = sorted(chances, key=lambda label: (-chances[label], label))
    intents: list[Intent] = []
    for label in ranked[:MAX_INTENTS]:
        if chances[label] < MENTIONED and intents:
            break
        facts, places = facts_of(text, label, on=on, language=spoken, currency=currency)
        spans = merged([*model.reasons(found, label), *places])
        intents.append(Intent(label, model.percent(chances[label]), spans, facts))
    first = intents[0]
    if not model.is_sure(first.label, chances[first.label]):
        return Proposal("unsure", first.confidence_pct, (), Facts(), tuple(intents), spoken)
    return Proposal(
        label=first.label,
        confidence_pct=first.confidence_pct,
        spans=first.spans,
        facts=first.facts,
        intents=tuple(intents),
        language=spoken,
    )


def classify(
    mail: IncomingMail, language: Language = "", *, on: date, currency: str = "EUR"
) -> Proposal:
    """What an incoming mail proposes. Spans are places in `mail.text`.

    An automatic answer of absence is one by its headers, whatever its words; one of no known sort
    may say that somebody has left. Bounces, receipts, complaints and other machine mail propose
    nothing: they are facts of their own.
    """
    if mail.kind == "auto_reply" and mail.detail == "vacation":
        away = absence_in(mail, on=on)
        facts = Facts(day=away.absent_until, contact=away.contact)
        spoken = language or language_of(mail.text)
        intent = Intent("absence", 99, away.evidence, facts)
        return Proposal("absence", 99, away.evidence, facts, (intent,), spoken)
    found = classify_text(mail.text, on=on, language=language, currency=currency)
    left = mail.detail == "automatic" and found.label == "wrong_contact"
    return found if mail.kind == "reply" or left else Proposal("unsure", 0, language=found.language)
