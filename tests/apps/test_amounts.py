"""Amounts in forms and on pages have the decimals of their currency."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from amiable.apps.cases.models import Dispute, Promise
from amiable.apps.cases.queries import amounts_currency
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.tenants.models import Membership, User
from amiable.interfaces.console import formats
from amiable.interfaces.console.case_forms import OutcomeForm, PlanForm
from amiable.interfaces.console.forms import DisputeForm, PromiseForm
from amiable.interfaces.console.templatetags.cases import plain_amount
from tests import factories
from tests.factories import TODAY


@pytest.mark.parametrize(
    ("currency", "typed", "amount_minor"),
    [
        ("EUR", "1 252,23", 125_223),
        ("JPY", "125 000", 125_000),
        ("JPY", "¥1,252,230", 1_252_230),
        ("TND", "1 252,230", 1_252_230),
        ("TND", "1,252", 1252),
        ("KWD", "0,5", 500),
    ],
)
def test_an_amount_is_read_with_the_decimals_of_its_currency(currency, typed, amount_minor):
    with translation.override("fr"):
        form = PromiseForm(
            {"case": "1", "amount": typed, "due_on": "2026-12-01"}, currency=currency
        )
        assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == amount_minor
    assert DisputeForm({"amount": typed}, currency=currency).fields["amount"].currency == currency
    for form in (PlanForm({}, currency=currency), OutcomeForm({}, currency=currency)):
        assert form.fields["amount"].currency == currency


@pytest.mark.parametrize(
    ("currency", "typed"), [("JPY", "12,50"), ("EUR", "12,345 6"), ("EUR", "12 USD"), ("EUR", "x")]
)
def test_an_amount_of_another_currency_or_with_more_decimals_is_refused(currency, typed):
    form = PromiseForm({"case": "1", "amount": typed, "due_on": "2026-12-01"}, currency=currency)
    assert "amount" in form.errors


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "TND", "IQD"])
def test_what_a_field_is_filled_with_reads_as_itself(language, currency):
    with translation.override(language):
        typed = plain_amount(1_252, currency)
        form = PromiseForm(
            {"case": "1", "amount": typed, "due_on": "2026-12-01"}, currency=currency
        )
        assert form.is_valid(), form.errors
        assert form.cleaned_data["amount"] == 1_252


def test_amounts_are_shown_with_the_decimals_of_their_currency():
    with translation.override("fr"):
        assert formats.money(125_223, "EUR") == "1\u202f252,23\xa0€"
        assert formats.money(125_223, "JPY") == "125\u202f223\xa0JPY"
        assert formats.money(125_223, "TND") == "125,223\xa0TND"
        assert formats.money(125_223, "IQD") == "125,223\xa0IQD"
    with translation.override("en"):
        assert formats.money(-125_223, "JPY") == "-¥125,223"
        assert formats.money(125_223, "KWD") == "KWD125.223"


@pytest.mark.django_db
def test_promises_disputes_and_calls_about_yens_and_dinars_are_noted_as_typed():
    organization = factories.organization()
    debtor = factories.customer(factories.creditor(organization))
    yens = factories.invoice(
        debtor, "J1", total_minor=90_000, currency="JPY", due=TODAY - timedelta(days=1)
    )
    dinars = factories.invoice(debtor, "T1", total_minor=90_500, currency="TND")
    user = User.objects.create(email="camille@acme.example")
    Membership.objects.create(organization=organization, user=user, role="manager")
    client = Client()
    client.force_login(user)
    in_yens, in_dinars = factories.case(debtor, "JPY"), factories.case(debtor, "TND")
    day = (TODAY + timedelta(days=10)).isoformat()
    client.post("/promises/", {"case": in_yens.id, "amount": "45 000", "due_on": day})
    client.post("/promises/", {"case": in_dinars.id, "amount": "45,250", "due_on": day})
    assert dict(Promise.objects.values_list("case__currency", "amount_minor")) == {
        "JPY": 45_000, "TND": 45_250,
    }  # fmt: skip
    client.post("/disputes/open/", {"installment": yens.id, "reason": "price", "amount": "1 000"})
    client.post("/disputes/open/", {"installment": dinars.id, "reason": "price", "amount": "1,5"})
    assert sorted(Dispute.objects.values_list("amount_minor", flat=True)) == [1_000, 1_500]
    plan_tick(organization.id, on=TODAY)
    assert {
        amounts_currency(organization.id, "action", action.id) for action in Action.objects.all()
    } <= {"JPY", "TND"}
    assert amounts_currency(organization.id, "action", 0) == ""
    assert amounts_currency(factories.organization("other").id, "case", in_yens.id) == ""
