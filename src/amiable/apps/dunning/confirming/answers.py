"""The email that says to the customer what was said on the payment page.

It goes to the address that the page's link was sent to, else to the customer's usual one: what is
typed on the page never chooses who gets an email.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from amiable.apps.cases.links import Link, link_message
from amiable.apps.dunning.confirming.drafting import About, draft_of, facts_of, reach_of
from amiable.apps.dunning.confirming.leaving import OF_ANSWER
from amiable.apps.dunning.models import Enrollment
from amiable.apps.dunning.planning import default_scenario, scenario_of
from amiable.apps.dunning.writing.recipients import Reach
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.messaging.sending.modes import test_recipient
from amiable.apps.receivables.models import Installment
from amiable.core.call_cases import asked_of
from amiable.core.drafts import Confirmed, Draft, Recipient
from amiable.core.facts import CaseFacts
from amiable.core.scenario import Scenario, Step
from amiable.core.sentences import Sentence, declare, gettext_noop

# The text that confirms each; what needs a person first is confirmed by nobody.
CONFIRMED = {
    "promise": "portal_promise", "dispute": "portal_dispute", "already_paid": "portal_already_paid",
}  # fmt: skip
# Who has the link may say as much as he likes; the mailbox of the customer is not filled by it.
MOST_A_DAY = 5
_ASKED = Step("portal", 0, "email", "friendly")

declare(
    {
        "confirm.enough": gettext_noop(
            "No confirmation: enough of them were written to this customer today."
        ),
        "confirm.test_link": gettext_noop("No confirmation: the link was that of a test."),
    }
)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer given on the payment page. `answer_id` = of the reply it is kept as;
    `installment_id` = what is contested."""

    answer_id: int
    link: Link
    confirms: Confirmed
    installment_id: int | None = None


def answer_draft(answered: Answered, *, on: date) -> Draft | Sentence | None:
    """What would confirm an answer, on the case as it is before the answer counts; None for one
    that nothing confirms, a Sentence for why nothing is sent."""
    link, confirms = answered.link, answered.confirms
    if confirms.kind not in CONFIRMED:
        return None
    if link.is_test and not test_recipient(link.organization_id):
        return Sentence("confirm.test_link")
    if _written(link, on) >= MOST_A_DAY:
        return Sentence("confirm.enough")
    facts = facts_of(link.organization_id, link.case_id, on=on)
    if isinstance(facts, Sentence):
        return facts
    about = About(
        key=f"{OF_ANSWER}{answered.answer_id}",
        text=CONFIRMED[confirms.kind],
        facts=facts,
        scenario=scenario_for(link.organization_id, link.case_id),
        asked=_asked(answered, facts, on=on),
    )
    draft = draft_of(about, confirms, to=reader_of(link, reach_of(facts)), on=on)
    return draft if draft.recipient else Sentence("confirm.no_email")


def answer_is_confirmed(answer: Reply) -> bool:
    """Whether an email that confirms an answer left, or leaves."""
    key = f"{OF_ANSWER}{answer.pk}"
    rows = Message.objects.filter(organization_id=answer.organization_id, key=key)
    return rows.exclude(state__in=[Message.State.WITHDRAWN, Message.State.FAILED]).exists()


def _written(link: Link, on: date) -> int:
    rows = Message.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, on_date=on
    )
    return rows.filter(key__startswith=OF_ANSWER).count()


def scenario_for(organization_id: int, case_id: int) -> Scenario:
    """Of the case: its own texts are those of its scenario."""
    return scenarios_for(organization_id, [case_id])[case_id]


def scenarios_for(organization_id: int, case_ids: Collection[int]) -> dict[int, Scenario]:
    """The scenario of each case, else the organization's default one."""
    rows = Enrollment.objects.filter(organization_id=organization_id, case_id__in=case_ids)
    enrolled = rows.select_related("scenario__after")
    found = {row.case_id: scenario_of(row.scenario) for row in enrolled}
    if len(found) == len(set(case_ids)):
        return found
    usual = scenario_of(default_scenario(organization_id))
    return {case_id: found.get(case_id, usual) for case_id in case_ids}


def _asked(answered: Answered, facts: CaseFacts, *, on: date) -> dict[int, int]:
    """What the answer is about: what is contested; else what is due on the page, in minor units."""
    link, contested = answered.link, answered.installment_id
    if contested is not None:
        return {item.id: item.open_minor for item in facts.items if item.id == contested}
    opened = {item.id: item.open_minor for item in facts.items}
    if link.invoice_id is not None:
        rows = Installment.objects.filter(
            organization_id=link.organization_id, invoice_id=link.invoice_id
        )
        ids = set(rows.values_list("id", flat=True))
        opened = {item_id: minor for item_id, minor in opened.items() if item_id in ids}
    return asked_of(facts, _ASKED, item_ids=opened, on=on) or opened


def reader_of(link: Link, reach: Reach) -> Recipient | None:
    """Whom the link was sent to, as long as that address may be used; None = whoever is usual."""
    message_key = link_message(link)
    rows = Message.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, key=message_key,
        medium="email", is_test=False,
    )  # fmt: skip
    address = rows.values_list("recipient", flat=True).first() if message_key else None
    usable = (point for point in reach.points if point.medium == "email")
    sent = next((p for p in usable if address and p.value.casefold() == address.casefold()), None)
    person = sent or reach.usual("email")
    return Recipient(person.value, person.name, person.role) if person else None
