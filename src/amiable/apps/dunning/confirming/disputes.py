"""The email in which one of us answers a dispute."""

from __future__ import annotations

from datetime import date

from amiable.apps.cases.models import Dispute
from amiable.apps.dunning.confirming.drafting import About, draft_of, facts_of
from amiable.apps.dunning.confirming.leaving import OF_DISPUTE
from amiable.apps.dunning.models import Enrollment
from amiable.apps.dunning.planning import default_scenario, scenario_of
from amiable.core.drafts import Confirmed, Draft
from amiable.core.sentences import Sentence, declare, gettext_noop

TEXT = "dispute_answer"

declare(
    {
        "dispute.mail_settled": gettext_noop(
            "No email: nothing is open of this invoice any more. The answer stands on the payment "
            "page."
        ),
    }
)


def dispute_draft(
    organization_id: int, dispute_id: int, words: str, *, on: date, part: int
) -> Draft | Sentence:
    """What would tell the customer `words` about a dispute, on the case as it is; a Sentence for
    why nothing can be sent. `part` = which answer of the dispute it is."""
    dispute = Dispute.objects.select_related("installment__invoice").get(
        organization_id=organization_id, id=dispute_id
    )
    facts = facts_of(organization_id, dispute.case_id, on=on)
    if isinstance(facts, Sentence):
        return facts
    asked = {x.id: x.open_minor for x in facts.items if x.id == dispute.installment_id}
    if not asked:
        return Sentence("dispute.mail_settled")
    enrolled = Enrollment.objects.filter(organization_id=organization_id, case=dispute.case_id)
    row = enrolled.select_related("scenario__after").first()
    scenario = scenario_of(row.scenario if row else default_scenario(organization_id))
    about = About(f"{OF_DISPUTE}{dispute_id}/{part}", TEXT, facts, scenario, asked)
    confirms = Confirmed(
        kind=TEXT, number=dispute.installment.invoice.number, answer=words, reason=dispute.reason
    )
    draft = draft_of(about, confirms, to=None, on=on)
    return draft if draft.recipient else Sentence("confirm.no_email")
