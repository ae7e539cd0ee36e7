"""One call before it is made: whom, whether now, the three facts that matter, and what to say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from amiable.apps.dunning.calling.exceptions import started_anyway
from amiable.apps.dunning.calling.listing import Known, calls_known, expected_of
from amiable.apps.dunning.calling.three_facts import three_facts
from amiable.apps.dunning.confirming.calls import spoken_with
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.queries import AgendaLine, action_lines
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.dunning.writing.recipients import Point, chosen, reaches
from amiable.apps.messaging.library.resolution import own_texts
from amiable.apps.messaging.writing.scripts import Script, script_code, script_of
from amiable.apps.messaging.writing.texts import TextError
from amiable.apps.tenants.models import Organization
from amiable.core.call_cases import asked_of, veto
from amiable.core.call_order import Rank, rank
from amiable.core.call_retries import Policy, next_try
from amiable.core.facts import Item
from amiable.core.promises import commitments
from amiable.core.scenario import Step
from amiable.core.sentences import Sentence
from amiable.core.stops import item_stop
from amiable.core.workdays import add_workdays, clock_of

# What a customer usually needs to order a transfer; the collector corrects it.
USUAL_PROMISE_DAYS = 5


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may be called: as known, as dialed, and whose it is."""

    value: str
    address: str
    name: str
    role: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class CallItem:
    """An open item. `is_asked` = the call is about it; `stop` = why it is not to be asked for."""

    item: Item
    days_late: int
    is_asked: bool
    stop: Sentence | None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the fields of the outcomes hold at first."""

    amount_minor: int
    due_on: date
    callback_on: date
    pause_until: date


@dataclass(frozen=True, slots=True)
class CallSheet:
    """Everything on the page of a call. `why_not` = what speaks against calling now, and `own` =
    the customer's local time; `elsewhere` = its clock is another one than ours. `script` None =
    it cannot be written, for `script_problem`. `email` = where a confirmation goes, "" = nowhere;
    `anyway` = why somebody calls today in spite of `why_not`."""

    line: AgendaLine
    language: str
    kind: str
    numbers: tuple[Number, ...]
    why_not: Sentence | None
    own: datetime
    elsewhere: bool
    rank: Rank
    agreed_at: datetime | None
    facts: tuple[Sentence, ...]
    script: Script | None
    script_problem: Sentence | None
    script_place: str
    items: tuple[CallItem, ...]
    attempt: int
    tries: int
    defaults: Defaults
    promised_minor: int
    email: str
    anyway: str


def call_sheet(
    organization_id: int, action_id: int, *, on: date, now: datetime
) -> CallSheet | None:  # fmt: skip
    """The page of an open call, whatever its day; None when it is not open, or not there."""
    found = calls_known(organization_id, on=on, action_ids=[action_id])
    if not found:
        return None
    (known,) = found
    organization = Organization.objects.get(id=organization_id)
    (line,) = action_lines(organization_id, [known.action])
    own = now.astimezone(known.clock)
    # An address of the page that is opened early: the day agreed on is not asked for.
    why_not = veto(
        known.facts, known.call, scenario=known.definition, now=timezone.localtime(now), own=own
    )
    script, problem = _script(organization_id, known, on)
    given = commitments(known.facts, on)
    ranked = rank(expected_of(known, on), on)
    step = known.call.step
    return CallSheet(
        line=line,
        language=known.facts.language,
        kind=known.facts.customer_kind,
        numbers=_numbers(organization, known, line),
        why_not=why_not,
        own=own,
        elsewhere=clock_of(known.facts.holidays_zone) != clock_of(""),
        rank=ranked,
        agreed_at=known.call.agreed_at,
        facts=three_facts(organization_id, known, on=on),
        script=script,
        script_problem=problem,
        script_place=script_code(step.stage, step.anchor),
        items=_items(known, on),
        attempt=known.past.attempts + 1,
        tries=step.tries or organization.call_tries,
        defaults=_defaults(known, organization, own, on),
        promised_minor=sum(s.remaining_minor for s in given.standings if s.state == "running"),
        email=_email(organization_id, known, line.phone),
        anyway=started_anyway(organization_id, action_id, on=on) if why_not else "",
    )


def _email(organization_id: int, known: Known, phone: str) -> str:
    """Where what is agreed would be confirmed."""
    reach = reaches(organization_id, [known.facts.customer_id])[known.facts.customer_id]
    person = spoken_with(reach, phone)
    first = person or chosen(reach, "email", roles=known.call.step.recipients).first
    return first.address if first else ""


def dialed(template: str, value: str) -> str:
    """What starts a call to a number: the template with its figures, a French one with its country
    as E.164 has it."""
    number = re.sub(r"[^0-9+]", "", value.replace("(0)", ""), flags=re.ASCII)
    if re.fullmatch(r"0[1-9][0-9]{8}", number):
        number = f"+33{number[1:]}"
    elif number.startswith("00"):
        number = f"+{number[2:]}"
    return template.replace("{number}", number)


def _numbers(organization: Organization, known: Known, line: AgendaLine) -> tuple[Number, ...]:
    """The number to call first, then the others that may be used."""
    reach = reaches(organization.pk, [known.facts.customer_id])[known.facts.customer_id]
    phones = [point for point in reach.points if point.medium == "phone"]

    def shown(point: Point) -> Number:
        address = dialed(organization.dial_address, point.value)
        return Number(
            point.value, address, point.name, point.role, is_first=point.value == line.phone
        )

    return tuple(sorted(map(shown, phones), key=lambda each: not each.is_first))


def _script(
    organization_id: int, known: Known, on: date
) -> tuple[Script | None, Sentence | None]:  # fmt: skip
    """What to say, from the organization's text for this stage or the shipped one."""
    call, facts = known.call, known.facts
    asked = asked_of(facts, call.step, item_ids=call.item_ids, on=on)
    if not asked:
        return None, Sentence("stop.settled")
    code = script_code(call.step.stage, call.step.anchor)
    step = Step(
        call.step.code, call.step.offset_days, "phone", call.step.stage, code,
        anchor=call.step.anchor, recipients=call.step.recipients,
    )  # fmt: skip
    spoken = Action(key=f"script/{call.action_id}", medium="phone", case_id=facts.case_id)
    ready = Ready(spoken, facts, known.definition, step, asked)
    (draft,) = drafts(organization_id, [ready], on=on)
    try:
        return script_of(draft, own_texts(organization_id, [draft]).get(draft.key)), None
    except TextError as error:
        return None, Sentence("text.broken", {"reason": error.reason})


def _items(known: Known, on: date) -> tuple[CallItem, ...]:
    """What the call is about, oldest first, then what else is open."""
    given = commitments(known.facts, on)
    rows = []
    for item in known.facts.items:
        stop = item_stop(known.facts, item, on, given=given)
        late = (on - item.due_date).days
        is_asked = item.id in known.call.item_ids
        rows.append(CallItem(item, late, is_asked, stop.sentence if stop else None))
    return tuple(sorted(rows, key=lambda row: (not row.is_asked, row.item.due_date, row.item.id)))


def _defaults(known: Known, organization: Organization, own: datetime, on: date) -> Defaults:
    callee = expected_of(known, on)
    zone = known.facts.holidays_zone
    days = max(1, organization.call_retry_days)
    again = next_try(Policy(2, days), tried=1, now=own, zone=zone)
    return Defaults(
        amount_minor=callee.amount_minor,
        due_on=add_workdays(on, USUAL_PROMISE_DAYS, zone=zone),
        callback_on=again.date() if again else on + timedelta(days=1),
        pause_until=on + timedelta(days=organization.claim_days),
    )
