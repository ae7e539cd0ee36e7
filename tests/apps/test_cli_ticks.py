"""`amiable plan --dry-run`: who gets what, when and why, without writing anything."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_tick
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WEDNESDAY, THURSDAY = TODAY - timedelta(days=2), TODAY - timedelta(days=1)


def dry_run(on, *more: str) -> str:
    arguments = ["plan", "--dry-run", "--on", on.isoformat(), *more]
    return CliRunner().invoke(amiable, arguments, standalone_mode=False).stdout


def test_amounts_of_the_dry_run_have_their_currency_and_its_decimals():
    owner = factories.creditor(factories.organization())
    debtor = factories.customer(owner)
    factories.invoice(debtor, "J1", total_minor=1_200, currency="JPY")
    factories.invoice(debtor, "T1", total_minor=90_500, currency="TND")
    said = dry_run(TODAY)
    assert "The 1200 JPY due is below the minimum of 1500 JPY worth a message." in said
    (action,) = json.loads(dry_run(TODAY, "--json"))["actions"]
    assert (action["amount"], action["currency"]) == ("90.500", "TND")


def test_an_action_that_already_waits_keeps_its_own_day_in_the_dry_run():
    owner = factories.creditor(factories.organization())
    factories.invoice(factories.customer(owner), due=TODAY - timedelta(days=3))
    (new,) = json.loads(dry_run(WEDNESDAY, "--json"))["actions"]
    assert (new["due_on"], new["state"]) == (WEDNESDAY.isoformat(), "new")
    Case.objects.update(next_plan_on=WEDNESDAY)
    plan_tick(owner.organization_id, on=WEDNESDAY)
    (waiting,) = json.loads(dry_run(THURSDAY, "--json"))["actions"]
    assert (waiting["due_on"], waiting["state"]) == (WEDNESDAY.isoformat(), "approved")
    said = dry_run(THURSDAY)
    assert said.startswith(WEDNESDAY.isoformat())
    assert "waits to leave" in said
    assert Action.objects.get().due_on == WEDNESDAY
