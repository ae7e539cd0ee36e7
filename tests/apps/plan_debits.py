"""Payment plans that are collected by direct debit, for tests: agreed, with the email that
announces all of their days."""

from __future__ import annotations

from datetime import date, timedelta

from amiable.apps.cases import services as cases
from amiable.apps.cases.models import PaymentPlan, PlanProposal
from amiable.apps.cases.policies import policy_data, policy_of
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.confirming.plans import plan_confirm
from amiable.apps.dunning.debiting.means import debit_means
from amiable.apps.payments.debits.models import Mandate
from tests import factories
from tests.apps.test_direct_debits import MONDAY, at, leave, look, signed


def agreed(
    debtor: Customer, amount_minor: int, *, count: int = 4, every: str = "month",
    on: date = MONDAY, mandate: Mandate | None = None,
) -> PaymentPlan:  # fmt: skip
    """A plan under the customer's mandate; its email has left, its debits are announced."""
    mandate = mandate or signed(debtor, on=on)
    organization_id, case = debtor.organization_id, factories.case(debtor)
    means = debit_means(organization_id, debtor.pk, currency="EUR", on=on)
    assert means is not None
    terms = cases.PlanTerms(
        amount_minor, count, on, every, mandate_id=mandate.pk, soonest=means.soonest
    )
    parts = cases.plan_schedule(organization_id, case.pk, terms, on=on)
    plan_id = cases.plan_record(
        organization_id, case.pk, instalments=parts, on=on, actor="portal", mandate_id=mandate.pk
    )
    proposal = PlanProposal.objects.create(
        organization_id=organization_id, case=case, state="agreed", asked_on=on, asked_by="portal",
        terms=policy_data(policy_of(organization_id, case.pk)), amount_minor=amount_minor,
        parts=[[part.due_on.isoformat(), part.amount_minor] for part in parts], plan_id=plan_id,
        mandate_id=mandate.pk, decided_on=on,
    )  # fmt: skip
    plan_confirm(proposal, on=on, now=at(on) - timedelta(hours=1))
    look(debtor.creditor, on)
    leave(debtor.creditor, on)
    return PaymentPlan.objects.get(pk=plan_id)
