"""The announcement of a collection, frozen with it: who is debited, how much, when, under which
mandate (rulebook 4.3.3). It leaves with the confirmations, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from amiable.apps.dunning.confirming.answers import scenarios_for
from amiable.apps.dunning.confirming.drafting import About, drafts_of
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_freeze
from amiable.apps.payments.debits.models import Mandate
from amiable.core.direct_debits import masked
from amiable.core.drafts import Confirmed, DebitTerms
from amiable.core.facts import CaseFacts
from amiable.core.sentences import Sentence

TEXT = "debit_notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """A collection to announce; `parts` = ((item, minor units), ...)."""

    key: str
    facts: CaseFacts
    mandate: Mandate
    collect_on: date
    parts: tuple[tuple[int, int], ...]

    @property
    def amount_minor(self) -> int:
        return sum(amount for _, amount in self.parts)


def notices_freeze(
    organization_id: int, notices: Sequence[Notice], *, on: date, now: datetime
) -> dict[str, Sentence | None]:
    """Freeze the announcements, to leave at once; by key, why one cannot be written, else None.

    A customer without an email address that may be used is not announced anything, so that nothing
    is collected unannounced.
    """
    if not notices:
        return {}
    scenarios = scenarios_for(organization_id, {each.facts.case_id for each in notices})
    wanted = [
        (
            About(each.key, TEXT, each.facts, scenarios[each.facts.case_id], dict(each.parts)),
            _confirms(each),
        )
        for each in notices
    ]
    written = drafts_of(organization_id, wanted, on=on)
    reachable = [draft for draft in written if draft.recipient]
    frozen = messages_freeze(organization_id, reachable, now=now)
    ids = [found for found in frozen.values() if isinstance(found, int)]
    Message.objects.filter(id__in=ids, state=Message.State.FROZEN).update(retry_at=now)
    why: dict[str, Sentence | None] = {d.key: Sentence("confirm.no_email") for d in written}
    return why | {
        key: found if isinstance(found, Sentence) else None for key, found in frozen.items()
    }


def terms_of(mandate: Mandate, ics: str) -> DebitTerms:
    """What messages say of a mandate."""
    return DebitTerms(mandate.rum, mandate.scheme, ics, masked(mandate.holder_iban))


def _confirms(notice: Notice) -> Confirmed:
    mandate = notice.mandate
    return Confirmed(
        "debit", notice.amount_minor, notice.collect_on,
        debit=terms_of(mandate, mandate.customer.creditor.ics),
    )  # fmt: skip
