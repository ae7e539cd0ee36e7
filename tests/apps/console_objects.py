"""One object of the portfolio for each parameter of an address of the console."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from amiable.apps.banking.models import Match, Rest, StatementLine
from amiable.apps.cases.handovers import Collector, item_hand_over
from amiable.apps.cases.models import (
    Case,
    Dispute,
    DisputeQuestion,
    Hold,
    PaymentPlan,
    PlanProposal,
    Promise,
)
from amiable.apps.cases.policies import policy_data, policy_set
from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.models import Action, Experiment, RequestCampaign, Scenario, Survey
from amiable.apps.dunning.requesting.drawing import Wish as Asked
from amiable.apps.dunning.requesting.drawing import campaign_draw
from amiable.apps.imports.models import ImportRun, Upload
from amiable.apps.messaging.models import (
    Message,
    Proof,
    Reply,
    ReplyFile,
)
from amiable.apps.payments.decisions import Wish
from amiable.apps.payments.models import (
    Debit,
    DebitFile,
    Mandate,
    RefundFile,
    VirtualIban,
    VirtualIbanAssignment,
)
from amiable.apps.payments.refunds import refund_request
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from amiable.apps.work.models import Job
from amiable.core.plans import Policy
from tests.apps.test_console_payouts import payout_objects


def objects() -> dict[str, int]:
    """One object of the portfolio for each parameter of an address."""
    return {
        "customer_id": Case.objects.first().customer_id,
        "invoice_id": Case.objects.first().customer.invoices.first().pk,
        "installment_id": Case.objects.first().customer.invoices.first().installments.first().pk,
        "hold_id": Hold.objects.first().pk,
        "dispute_id": Dispute.objects.first().pk,
        "question_id": _question(Dispute.objects.first()).pk,
        "holder": "reply",
        "promise_id": Promise.objects.first().pk,
        "plan_id": _plan(Case.objects.first()).pk,
        **_proposal(Case.objects.first()),
        "survey_id": _survey().pk,
        "contact_id": Contact.objects.create(
            organization_id=Case.objects.first().organization_id,
            customer_id=Case.objects.first().customer_id,
            name="Anne Morel",
        ).pk,
        "point_id": ContactPoint.objects.first().pk,
        "fact": "score",
        "action_id": Action.objects.filter(state="todo").first().pk,
        "message_id": Message.objects.first().pk,
        "line_id": StatementLine.objects.filter(state="left").first().pk,
        "match_id": Match.objects.filter(state="proposed").first().pk,
        "run_id": ImportRun.objects.create(
            organization_id=Case.objects.first().organization_id,
            kind="invoices",
            filename="a.csv",
            state="done",
            actor="test",
            on_date=date.today(),
        ).pk,
        "position": 0,
        "rest_id": _rest(Match.objects.filter(state="proposed").first()).pk,
        **_money(Case.objects.first()),
        **_virtual_iban(Case.objects.first()),
        **payout_objects(Case.objects.first()),
        "campaign_id": _campaign(Case.objects.first()).pk,
        "job_id": Job.objects.create(
            organization_id=Case.objects.first().organization_id,
            kind="simulate",
            on_date=date.today(),
        ).pk,
        "upload_id": Upload.objects.create(
            organization_id=Case.objects.first().organization_id,
            kind="statement",
            filename="a.csv",
            size=1,
            actor="test",
        ).pk,
        **_debit(Case.objects.first()),
        "scenario_id": Scenario.objects.first().pk,
        "shipped": "key-accounts",
        "creditor_id": Case.objects.first().customer.creditor_id,
        "picture": "logo",
        "code": "reminder_1",
        "medium": "email",
        "language": "fr",
        **_came_back(Message.objects.first()),
        "experiment_id": Experiment.objects.get_or_create(
            organization_id=Case.objects.first().organization_id,
            ended_on=None,
            defaults={
                "name": "Transports Gaudin",
                "champion": Scenario.objects.first(),
                "started_on": date.today(),
            },
        )[0].pk,
    }


def _campaign(case: Case) -> RequestCampaign:
    """Requests for payment that wait to be confirmed."""
    org, name = case.organization_id, "Transports Gaudin"
    if not RequestCampaign.objects.filter(name=name).exists():
        items = Installment.objects.filter(customer_id=case.customer_id, settled_on=None)
        ids = set(items.values_list("id", flat=True))
        campaign_draw(org, Asked(name), ids, now=timezone.now(), actor="test")
    return RequestCampaign.objects.get(name=name)


def _rest(match: Match) -> Rest:
    """What a payer kept, waiting for an approval."""
    item = Installment.objects.filter(customer_id=match.customer_id).first()
    said = {"reason": "bank_fee", "amount_minor": 500, "state": "waiting", "asked_by": "test"}
    return Rest.objects.get_or_create(
        organization_id=match.organization_id, match=match, installment=item,
        defaults={**said, "asked_on": date.today()},
    )[0]  # fmt: skip


def _virtual_iban(case: Case) -> dict[str, int]:
    """A virtual IBAN that stands for the customer."""
    who = {"organization_id": case.organization_id, "customer": case.customer}
    iban, _ = VirtualIban.objects.get_or_create(
        organization_id=case.organization_id, iban="FR7699901000490000000000163",
        defaults={
            "creditor": case.customer.creditor, "source": "test", "imported_on": date.today(),
        },
    )  # fmt: skip
    held, _ = VirtualIbanAssignment.objects.get_or_create(
        **who, virtual_iban=iban, defaults={"since_on": date.today(), "assigned_by": "test"}
    )
    return {"iban_id": iban.pk, "held_id": held.pk}


def _money(case: Case) -> dict[str, object]:
    """A payment of which a part is to be given back, and an item that was handed over."""
    org, who = case.organization_id, {"on": date.today(), "actor": "test"}
    paid = PaymentIn(case.customer_id, 10_000, case.currency, date.today(), "settle")
    credit = payment_record(org, paid, cases={}, **who).entry_id
    back = {"iban": "FR7630006000011234567890189", "name": "", "amount_minor": 4_000}
    refund = refund_request(org, Wish(credit, 0), cases={}, **back, **who)
    item = Installment.objects.filter(settled_on=None, customer_id=case.customer_id).first()
    collector = Collector("agency", "Transports Gaudin", "handed over")
    return {
        "credit_id": credit,
        "decision_id": refund.pk,
        "refund_file_id": _refund_file(case).pk,
        "item_id": item.pk,
        "handover_id": item_hand_over(org, item.pk, collector, **who),
        "form": "csv",
    }


def _refund_file(case: Case) -> RefundFile:
    """A file for the bank."""
    who = {"organization_id": case.organization_id, "made_by": "Transports Gaudin"}
    return RefundFile.objects.get_or_create(
        **who, reference="RBF000001261120",
        defaults={
            "creditor": case.customer.creditor, "iban": "FR1420041010050500013M02606",
            "execute_on": date.today(), "currency": "EUR", "amount_minor": 1, "count": 1,
            "content": b"", "made_on": date.today(), "made_at": timezone.now(),
        },
    )[0]  # fmt: skip


def _plan(case: Case) -> PaymentPlan:
    """A plan of one instalment to come."""
    of = {"organization_id": case.organization_id, "case": case}
    plan = PaymentPlan.objects.create(**of, agreed_on=date.today(), agreed_by="test")
    due = date.today() + timedelta(days=7)
    Promise.objects.create(**of, plan=plan, amount_minor=1, made_on=date.today(), due_on=due)
    return plan


def _proposal(case: Case) -> dict[str, int]:
    """A plan that waits for a decision, and the policy that says so."""
    org = case.organization_id
    policy = Policy("approval")
    policy_id = policy_set(org, policy, creditor_id=None, segment="", on=date.today(), actor="test")
    proposal, _ = PlanProposal.objects.get_or_create(
        organization_id=org, case=case, state="waiting",
        defaults={
            "parts": [[(date.today() + timedelta(days=7)).isoformat(), 1]], "amount_minor": 1,
            "terms": policy_data(policy), "asked_on": date.today(), "asked_by": "portal",
        },
    )  # fmt: skip
    return {"policy_id": policy_id, "proposal_id": proposal.pk}


def _question(dispute: Dispute) -> DisputeQuestion:
    """A question to a colleague."""
    return DisputeQuestion.objects.get_or_create(
        organization_id=dispute.organization_id, dispute=dispute, name="Marc",
        defaults={
            "question": "Was it delivered?", "digest": "0" * 64, "asked_by": "camille",
            "asked_at": timezone.now(), "expires_on": date.today() + timedelta(days=3),
        },
    )[0]  # fmt: skip


def _debit(case: Case) -> dict[str, int]:
    """A collection in a file, which asks for something, under a mandate."""
    of = {"organization_id": case.organization_id}
    mandate, _ = Mandate.objects.get_or_create(
        **of, rum="AM-1",
        defaults={
            "customer": case.customer, "scheme": "CORE", "holder_name": "Transports Gaudin",
            "holder_iban": "FR7630006000011234567890189", "signed_on": date.today(),
            "signed_how": "paper",
        },
    )  # fmt: skip
    file, _ = DebitFile.objects.get_or_create(
        **of, name="AM1",
        defaults={
            "creditor": case.customer.creditor, "content": b"<x/>", "sha256": "0", "count": 1,
            "amount_minor": 100, "made_on": date.today(), "made_at": timezone.now(),
            "made_by": "test",
        },
    )  # fmt: skip
    debit, _ = Debit.objects.get_or_create(
        **of, end_to_end_id="RF1-1",
        defaults={
            "mandate": mandate, "customer": case.customer, "case_id": case.pk, "file": file,
            "amount_minor": 100, "collect_on": date.today(), "planned_on": date.today(),
            "state": "returned", "asks": True,
        },
    )  # fmt: skip
    return {"debit_id": debit.pk, "debit_file_id": file.pk, "mandate_id": mandate.pk}


def _came_back(message: Message) -> dict[str, int]:
    """An answer with a file, and a proof of what was sent."""
    of = {"organization_id": message.organization_id}
    file = {"filename": "f.pdf", "content_type": "application/pdf", "content": b"%PDF-"}
    answer, _ = Reply.objects.get_or_create(
        **of, external_id="<1@client.example>",
        defaults={"case": message.case, "message": message, "dispute": Dispute.objects.first(),
                  "medium": "email", "source": "mailbox",
                  "sender": "a@client.example", "content": b"", "sha256": "0", "kind": "reply",
                  "received_at": message.frozen_at},
    )  # fmt: skip
    kept, _ = ReplyFile.objects.get_or_create(**of, reply=answer, sha256="0", defaults=file)
    proof, _ = Proof.objects.get_or_create(
        **of, message=message, sha256="0",
        defaults={**file, "kind": "deposit", "added_at": message.frozen_at, "added_by": "claire"},
    )  # fmt: skip
    return {"reply_id": answer.pk, "file_id": kept.pk, "proof_id": proof.pk}


def _survey() -> Survey:
    """A low mark that waits for somebody."""
    action = Action.objects.exclude(message=None).first() or Action.objects.first()
    return Survey.objects.create(
        organization_id=action.organization_id, case_id=action.case_id, action=action,
        asked_on=timezone.localdate(), score=1, answered_at=timezone.now(), note="Trop de courriers",
        task_on=timezone.localdate(),
    )  # fmt: skip
