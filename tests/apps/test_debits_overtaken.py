"""A debt paid while its direct debit is with the bank, a holder who died, and the timeline."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.unsettled import unsettled
from amiable.apps.cases.models import Hold
from amiable.apps.dunning.debiting.filing import debit_file_cancel
from amiable.apps.dunning.facts import case_facts
from amiable.apps.insights.timeline import timeline
from amiable.apps.payments.debits.mandates import mandate_revoke
from amiable.apps.payments.debits.queries import debits_overtaken
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from amiable.core.direct_debits import overtaken
from amiable.core.stops import case_stop
from amiable.core.workdays import add_target_days
from tests import factories
from tests.apps import test_direct_debits as debits

pytestmark = pytest.mark.django_db
owner, debtor, item = debits.owner, debits.debtor, debits.item


def paid(item: Installment, amount_minor: int, *, on: date) -> None:
    parts = ((item.pk, amount_minor),)
    came = PaymentIn(item.customer_id, amount_minor, "EUR", on, "p1", parts=parts)
    payment_record(item.organization_id, came, cases={}, on=on, actor="test")


def test_what_is_paid_after_the_file_left_is_told_with_the_remedy(owner, debtor, item):
    debit = debits.sent(owner, debtor, item)
    org, before = owner.organization_id, debit.collect_on - timedelta(days=2)
    assert debits_overtaken(org, on=before) == []
    paid(item, 50_000, on=before)
    (told,) = debits_overtaken(org, on=before, customer_id=debtor.pk)
    assert (told.too_much.amount_minor, told.remedy.code) == (50_000, "debit.recall")
    assert debits_overtaken(org, on=before, customer_id=debtor.pk + 1) == []

    debits.booked(owner, (120_000, {"label": "REMISE PRLV"}), day=debit.collect_on)
    assert debits_overtaken(org, on=debit.collect_on) == []
    (row,) = unsettled(org, on=debit.collect_on)
    assert (row.kind, row.amount.amount_minor) == ("double", 50_000)
    assert row.sentences[0].code == "settle.debited_too"
    assert broken_invariants() == []


def test_taking_the_file_back_leaves_who_paid_out_of_the_next(owner, debtor, item):
    debit = debits.sent(owner, debtor, item)
    before = debit.collect_on - timedelta(days=4)
    paid(item, 120_000, on=before)
    debit_file_cancel(owner.organization_id, debit.file_id, on=before, actor="test")
    assert debits_overtaken(owner.organization_id, on=before) == []
    with pytest.raises(debits.CaseError):
        debits.filed(owner, before)
    debits.look(owner, before)
    debit.refresh_from_db()
    assert debit.state == "withdrawn"


def test_what_can_be_done_depends_on_the_day():
    due = debits.MONDAY
    last = add_target_days(due, 5)
    said = {on: overtaken(due, on=on, reference="X").code for on in (due, last)}
    assert set(said.values()) == {"debit.reverse"}
    assert overtaken(due, on=due - timedelta(days=1), reference="X").code == "debit.recall"
    assert overtaken(due, on=last + timedelta(days=1), reference="X").code == "debit.give_back"


def test_a_holder_who_died_is_asked_for_nothing_until_a_person_looked(owner, debtor, item):
    debit = debits.collected(owner, debtor, item)
    returned = {"end_to_end_id": debit.end_to_end_id, "is_return": True, "return_reason": "MD07"}
    day = debit.collect_on + timedelta(days=3)
    debits.booked(owner, (-120_000, returned), day=day)
    debit.refresh_from_db()
    assert (debit.remedy, debit.asks) == ("estate", True)
    case_id = factories.case(debtor).pk
    assert Hold.objects.get(installment=None, ends_on=None).case_id == case_id
    later = day + timedelta(days=200)
    stop = case_stop(case_facts(owner.organization_id, [case_id], on=later)[case_id], later)
    assert stop is not None
    assert stop.sentence.code == "stop.held_open"


def test_the_timeline_tells_mandates_and_direct_debits(owner, debtor, item):
    debit = debits.collected(owner, debtor, item)
    returned = {"end_to_end_id": debit.end_to_end_id, "is_return": True, "return_reason": "AM04"}
    day = debit.collect_on + timedelta(days=3)
    debits.booked(owner, (-120_000, returned), day=day)
    mandate_revoke(owner.organization_id, debit.mandate_id, on=day, actor="test")
    found = timeline(owner.organization_id, debtor.pk, [factories.case(debtor).pk])
    told = {entry.facts["about"] for entry in found if entry.kind == "debit"}
    assert told == {"announced", "sent", "returned", "planned"}
    about = {entry.facts["about"] for entry in found if entry.kind == "mandate"}
    assert about == {"signed", "revoked"}
