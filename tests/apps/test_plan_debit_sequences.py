"""Whatever happens to a plan that is collected, in whatever order: no more is collected than is open,
nothing twice, and nothing once the plan is over."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import PaymentPlan, Promise
from amiable.apps.cases.queries import words_given
from amiable.apps.cases.services import CaseError
from amiable.apps.payments.debits.mandates import live_mandates, mandate_revoke
from amiable.apps.payments.debits.models import Debit, DebitItem
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.queries import installment_balances
from tests import factories
from tests.apps.plan_debits import agreed
from tests.apps.test_direct_debits import ICS, MONDAY, booked, filed, look, signed

pytestmark = pytest.mark.django_db
DAYS = 70
ASKED = ("planned", "announced")


class Life:
    """A plan of one customer, what happens to it by chance, and what must hold after each day."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.owner = factories.creditor(factories.organization(), ics=ICS)
        self.debtor = factories.customer(self.owner)
        due = MONDAY - timedelta(days=30)
        self.items = [
            factories.invoice(self.debtor, "FA-1", due=due),
            factories.invoice(self.debtor, "FA-2", total_minor=30_000, due=due),
        ]
        agreed(self.debtor, 150_000, count=4, every="week")
        self.org, self.done = self.owner.organization_id, Counter[str]()

    def open(self) -> dict[int, int]:
        return installment_balances(self.org, [item.pk for item in self.items])

    def happens(self, day: date) -> None:
        ways = ["rest"] * 4 + ["pay", "file", "file", "change", "revoke"]
        if self.done["change"] or day < MONDAY + timedelta(days=15):
            ways.remove("change")
        way = self.chance.choice(ways)
        with suppress(CaseError):  # nothing to hand over, nothing to spread
            getattr(self, f"_{way}")(day)
            self.done[way] += 1
        self._bank(day)

    def _rest(self, day: date) -> None:
        """A day on which nobody does anything."""

    def _pay(self, day: date) -> None:
        left = [(item_id, minor) for item_id, minor in self.open().items() if minor > 0]
        for item_id, minor in left[:1]:
            amount = self.chance.choice([1, minor // 4 + 1, 37_500, minor])
            parts = ((item_id, min(amount, minor)),)
            paid = PaymentIn(self.debtor.pk, min(amount, minor), "EUR", day, f"p{day}", parts=parts)
            payment_record(self.org, paid, cases={}, on=day, actor="bank")

    def _file(self, day: date) -> None:
        filed(self.owner, day)

    def _change(self, day: date) -> None:
        terms = cases.PlanTerms(40_000, 2, day + timedelta(days=20))
        cases.plan_change(
            self.org, PaymentPlan.objects.latest("id").pk, terms, on=day, actor="test"
        )

    def _revoke(self, day: date) -> None:
        live = live_mandates(self.org, {self.debtor.pk}, on=day).get(self.debtor.pk)
        if live is None:
            signed(self.debtor, on=day)
        elif self.chance.random() < 0.3:
            mandate_revoke(self.org, live.pk, on=day, actor="test")

    def _bank(self, day: date) -> None:
        """Books what fell due, and now and then takes something back."""
        came = Debit.objects.filter(state="sent", collect_on__lte=day)
        lines = [
            (each.amount_minor,
             {"end_to_end_id": each.end_to_end_id, "payer_name": "X", "label": "PRLV"})
            for each in came
        ]  # fmt: skip
        for each in Debit.objects.filter(
            state="collected", collect_on__range=(day - timedelta(days=5), day - timedelta(days=1))
        ):
            if self.chance.random() < 0.15:
                code = self.chance.choice(["AM04", "AM04", "MS03"])
                told = {"end_to_end_id": each.end_to_end_id, "is_return": True}
                lines.append((-each.amount_minor, {**told, "return_reason": code}))
                self.done["return"] += 1
        if lines:
            booked(self.owner, *lines, day=day)

    def check(self, day: date) -> None:
        running = ["planned", "announced", "sent"]
        of_part: Counter[int] = Counter()
        for debit in Debit.objects.filter(part_id__isnull=False):
            if debit.state in {*running, "collected"}:
                of_part[debit.part_id] += debit.amount_minor
        for part in Promise.objects.filter(id__in=of_part):
            assert of_part[part.pk] <= part.amount_minor, (day, part.pk, self.done)
        asked, sent = Counter[int](), Counter[int]()
        for item in DebitItem.objects.filter(debit__state__in=running).select_related("debit"):
            (asked if item.debit.state in ASKED else sent)[item.installment_id] += item.amount_minor
        for item_id, minor in self.open().items():
            assert asked[item_id] <= max(0, minor - sent[item_id]), (day, item_id, self.done)
        self._plans(day)
        assert broken_invariants() == []

    def _plans(self, day: date) -> None:
        case_id = PaymentPlan.objects.values_list("case_id", flat=True).first()
        for plan in words_given(self.org, [case_id], on=day)[case_id].plans:
            ids = [part.id for part in plan.parts]
            if plan.state in {"cancelled", "broken", "kept"}:
                left = Debit.objects.filter(part_id__in=ids, state__in=ASKED)
                assert not left.exists(), (day, plan.state, self.done)
            for debit in Debit.objects.filter(part_id__in=ids, state__in=[*ASKED, "sent"]):
                (part,) = [each for each in plan.parts if each.id == debit.part_id]
                if debit.planned_on <= part.due_on:
                    assert part.state in {"running", "kept", "cancelled"}, (day, part, self.done)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_nothing_is_collected_twice_nor_too_much(seed):
    life, day = Life(seed), MONDAY
    while day < MONDAY + timedelta(days=DAYS):
        day += timedelta(days=life.chance.choice([1, 1, 2, 3]))
        life.happens(day)
        look(life.owner, day)
        life.check(day)
