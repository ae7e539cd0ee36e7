"""The draft of an email that confirms: written like any other, asking for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.dunning.writing.recipients import Reach, reaches
from amiable.core.drafts import Confirmed, Draft, Recipient
from amiable.core.facts import CaseFacts
from amiable.core.scenario import Role, Scenario, Step
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "confirm.no_email": gettext_noop(
            "No confirmation: no email address is known that may be used."
        ),
        "confirm.stopped": gettext_noop(
            "No confirmation: nothing is sent to a customer who is insolvent or has died."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class About:
    """What a confirmation is about. `key` = of the message; `text` = the one it is written from;
    `asked` = what is asked for each item, in minor units; `roles` = whom it is for where nobody in
    particular was spoken with."""

    key: str
    text: str
    facts: CaseFacts
    scenario: Scenario
    asked: Mapping[int, int]
    roles: tuple[Role, ...] = ()


def facts_of(organization_id: int, case_id: int, *, on: date) -> CaseFacts | Sentence:
    """The case as it is, or why nothing is confirmed to its customer."""
    facts = case_facts(organization_id, [case_id], on=on)[case_id]
    if facts.insolvent_since or facts.deceased_since:
        return Sentence("confirm.stopped")
    return facts


def reach_of(facts: CaseFacts) -> Reach:
    """How the customer of a case is reached."""
    return reaches(facts.organization_id, [facts.customer_id])[facts.customer_id]


def draft_of(about: About, confirms: Confirmed, *, to: Recipient | None, on: date) -> Draft:
    """The draft, `to` a person (None = whom its roles choose). Its recipient is "" when no address
    may be used."""
    (draft,) = drafts_of(about.facts.organization_id, [(about, confirms)], on=on)
    if to is None:
        return draft
    return replace(
        draft, recipient=to.address, recipient_name=to.name, recipient_role=to.role, copies=(),
        notes=(),
    )  # fmt: skip


def drafts_of(
    organization_id: int, wanted: Sequence[tuple[About, Confirmed]], *, on: date
) -> list[Draft]:
    """The drafts of many, each for whom its roles choose, in a fixed number of queries."""
    ready = [
        Ready(
            Action(key=about.key, medium="email", case_id=about.facts.case_id),
            about.facts,
            about.scenario,
            Step(about.text, 0, "email", "friendly", template=about.text, recipients=about.roles),
            about.asked,
        )
        for about, _ in wanted
    ]
    return [
        replace(
            draft, lines=tuple(line for line in draft.lines if line.group == "due"),
            confirms=confirms,
        )
        for draft, (_, confirms) in zip(drafts(organization_id, ready, on=on), wanted, strict=True)
    ]  # fmt: skip
