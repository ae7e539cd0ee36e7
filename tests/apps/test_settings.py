"""Settings: checked, audited, undone, felt by the cases at once; by page and by command."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.test import Client

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_preview, plan_tick
from amiable.apps.dunning.settings import settings_change, settings_undo
from amiable.apps.messaging.models import Message
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.settings import SettingsError, settings_of
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.browser.portfolio import member
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
LATER = TODAY + timedelta(days=20)
WHO = {"on": TODAY, "actor": "m@x.example"}


@pytest.fixture
def organization():
    return factories.organization()


@pytest.fixture
def owing(organization):
    """A case that owes and sleeps, and one that owes nothing and sleeps."""
    owner = factories.creditor(organization)
    installment = factories.invoice(factories.customer(owner))
    factories.case(factories.customer(owner, "C002"))
    Case.objects.update(next_plan_on=LATER)
    return Case.objects.get(customer=installment.customer)


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def manager(organization) -> Client:
    return browser(member(organization, "manager@vauban.example", "manager"))


WRONG = [
    ({"bank_data_max_age_days": 0}, "bank_data_max_age_days", "settings.days"),
    ({"bank_data_max_age_days": 400}, "bank_data_max_age_days", "settings.days"),
    ({"min_amount_minor": -1}, "min_amount_minor", "settings.minimum"),
    ({"min_amount_minor": 10**8 + 1}, "min_amount_minor", "settings.minimum"),
    ({"promise_grace_days": -1}, "promise_grace_days", "settings.grace"),
    ({"claim_days": 0}, "claim_days", "settings.claim_days"),
    ({"claim_days": 31}, "claim_days", "settings.claim_days"),
    ({"promise_tolerance_pct": 101}, "promise_tolerance_pct", "settings.tolerance"),
    ({"rest_cents_minor": 501}, "rest_cents_minor", "settings.minimum"),
    ({"rest_fee_minor": -1}, "rest_fee_minor", "settings.minimum"),
    ({"rest_discount_permille": 101}, "rest_discount_permille", "settings.discount"),
    ({"test_recipient": "nobody"}, "test_recipient", "settings.email"),
    ({"test_recipient": "a@b.fr\r\nBcc: c@d.fr"}, "test_recipient", "settings.email"),
    ({"email": "x@"}, "email", "settings.email"),
    ({"phone": "call me"}, "phone", "settings.phone"),
    ({"address": ["x" * 39]}, "address", "settings.address_long"),
    ({"address": ["a"] * 7}, "address", "settings.address_long"),
    ({"is_agency": True}, "address", "settings.agency_address"),
    ({"contact_caps": [{"count": 0, "days": 1}]}, "contact_caps", "settings.cap_numbers"),
    ({"contact_caps": [{"count": 1, "days": 1, "medium": "fax"}]}, "contact_caps",
     "settings.cap_medium"),
    ({"contact_caps": [{"count": 1, "days": 1, "kind": "martian"}]}, "contact_caps",
     "settings.cap_kind"),
    ({"contact_caps": [{"count": 1, "days": 1}, {"count": 2, "days": 1}]}, "contact_caps",
     "settings.cap_twice"),
    ({"contact_caps": [{"count": 1, "days": d} for d in range(1, 14)]}, "contact_caps",
     "settings.caps_many"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "field", "code"), WRONG)
def test_what_cannot_be_is_refused_at_its_field(organization, values, field, code):
    before = settings_of(organization.pk)
    with pytest.raises(SettingsError) as refused:
        settings_change(organization.pk, values, **WHO)
    assert refused.value.problems[field].code == code
    assert str(refused.value.problems[field])
    assert settings_of(organization.pk) == before
    assert not Event.objects.exists()


def test_change_is_noted_with_its_author_and_both_values(organization):
    settings_change(organization.pk, {"bank_data_max_age_days": 5}, **WHO)
    event = Event.objects.get()
    assert (event.kind, event.actor, event.case_id) == ("settings.changed", "m@x.example", None)
    assert event.payload["changes"] == {"bank_data_max_age_days": [None, 5]}


def test_change_of_nothing_notes_nothing(organization):
    assert settings_change(organization.pk, {"promise_grace_days": 3}, **WHO).event is None
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("values", "woken"),
    [
        ({"bank_data_max_age_days": 5}, 1),
        ({"contact_caps": []}, 1),
        ({"min_amount_minor": 2_000}, 1),
        ({"test_recipient": "essais@vauban.example"}, 1),
        ({"promise_grace_days": 5}, 0),  # promises keep what held when they were noted
        ({"phone": "04 72 00 00 00"}, 0),
    ],
)
def test_cases_that_owe_are_looked_at_again_when_decisions_change(owing, values, woken):
    assert settings_change(owing.organization_id, values, **WHO).woken == woken
    assert Case.objects.filter(next_plan_on=TODAY).count() == woken
    owing.refresh_from_db()
    assert (owing.next_plan_on == TODAY) is bool(woken)


def test_cases_of_others_sleep_on(owing):
    other = factories.organization("other")
    settings_change(other.pk, {"contact_caps": []}, **WHO)
    assert not Case.objects.filter(next_plan_on=TODAY).exists()
    assert len(settings_of(owing.organization_id).contact_caps) == 2


def test_waking_any_number_of_cases_costs_the_same(owing, django_assert_max_num_queries):
    owner = owing.customer.creditor
    for number in range(30):
        factories.invoice(factories.customer(owner, f"D{number}", email=""), f"F{number}")
    Case.objects.update(next_plan_on=LATER)
    with django_assert_max_num_queries(18):
        done = settings_change(
            owing.organization_id, {"test_recipient": "essais@vauban.example"}, **WHO
        )
    assert done.woken == 31


def test_only_the_last_change_is_taken_back(organization):
    first = settings_change(organization.pk, {"promise_grace_days": 5}, **WHO)
    second = settings_change(organization.pk, {"phone": "04 72 00 00 00"}, **WHO)
    assert settings_undo(organization.pk, first.event, **WHO).fields == ()
    assert settings_undo(organization.pk, second.event, **WHO).fields == ("phone",)
    now = settings_of(organization.pk)
    assert (now.phone, now.promise_grace_days) == ("", 5)


def test_change_of_another_organization_is_not_taken_back(organization):
    done = settings_change(organization.pk, {"promise_grace_days": 5}, **WHO)
    other = factories.organization("other")
    assert settings_undo(other.pk, done.event, **WHO).fields == ()
    assert settings_of(organization.pk).promise_grace_days == 5


def test_page_saves_says_so_and_takes_it_back(organization, manager):
    answer = manager.post("/settings/bank/", {"bank_data_max_age_days": "5"}, follow=True)
    assert settings_of(organization.pk).bank_data_max_age_days == 5
    event = Event.objects.latest("id").pk
    assert f"/settings/undo/?event={event}" in answer.content.decode()
    manager.post(f"/settings/undo/?event={event}")
    assert settings_of(organization.pk).bank_data_max_age_days is None


def test_page_says_what_is_wrong_and_keeps_what_was_typed(organization, manager):
    answer = manager.post("/settings/bank/", {"bank_data_max_age_days": "4000"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="4000"' in text
    assert 'id="bank-bank_data_max_age_days_error"' in text
    assert settings_of(organization.pk).bank_data_max_age_days is None


def test_limits_are_added_and_removed(organization, manager):
    manager.post("/settings/cap/", {"count": "2", "days": "30", "medium": "sms", "kind": ""})
    added = settings_of(organization.pk).contact_caps[-1]
    assert (added.count, added.days, added.medium, added.kind) == (2, 30, "sms", "")
    manager.post("/settings/caps/remove/", {"count": "1", "days": "1", "medium": "phone"})
    assert [cap.medium for cap in settings_of(organization.pk).contact_caps] == ["", "sms"]


def test_test_mode_needs_the_box_that_says_what_happens(organization, manager):
    asked = {"mode": "on", "test_recipient": "essais@vauban.example"}
    assert manager.post("/settings/test/", asked).status_code == 422
    assert manager.post("/settings/test/", {"confirm": "on"}).status_code == 422
    assert settings_of(organization.pk).test_recipient == ""
    manager.post("/settings/test/", {**asked, "confirm": "on"})
    assert settings_of(organization.pk).test_recipient == "essais@vauban.example"
    for address in ("/", "/customers/", "/actions/", "/outbox/", "/settings/"):
        text = manager.get(address).content.decode()
        assert "data-test-mode" in text, address
        assert "essais@vauban.example" in text, address
    manager.post("/settings/test/", {"mode": "off"})
    assert settings_of(organization.pk).test_recipient
    manager.post("/settings/test/", {"mode": "off", "confirm": "on"})
    assert settings_of(organization.pk).test_recipient == ""
    assert "data-test-mode" not in manager.get("/").content.decode()


@pytest.mark.parametrize("role", ["reader", "collector", "accountant"])
def test_only_managers_change_settings_and_everybody_reads_them(organization, role):
    client = browser(member(organization, "other@vauban.example", role))
    page = client.get("/settings/")
    assert page.status_code == 200
    assert b'type="submit" class="btn btn-primary"' not in page.content
    before = settings_of(organization.pk)
    for part in ("bank", "promises", "agency", "cap", "test", "caps/remove", "undo"):
        answer = client.post(f"/settings/{part}/", {"confirm": "on", "promise_grace_days": "1"})
        assert answer.status_code == 403, part
    assert settings_of(organization.pk) == before


def test_page_costs_a_bounded_number_of_queries(manager, django_assert_max_num_queries):
    manager.get("/settings/")
    with django_assert_max_num_queries(12):
        manager.get("/settings/")


def command(*arguments: str):
    return CliRunner().invoke(amiable, ["settings", *arguments], standalone_mode=False)


def test_command_shows_and_sets_what_the_page_does(organization):
    done = command(
        "set", "bank_data_max_age_days=5", "is_agency=yes", "address=1 rue du Port|44000 Nantes",
        'contact_caps=[{"count": 2, "days": 7, "kind": "consumer"}]', "--json",
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert done.return_value == 0
    assert document["settings"]["contact_caps"] == [
        {"count": 2, "days": 7, "medium": "", "kind": "consumer"}
    ]
    shown = json.loads(command("show", "--json").stdout)
    assert shown == document["settings"]
    stored = settings_of(organization.pk).to_json()
    assert stored.pop("min_amount_minor") == 0
    assert shown.pop("min_amount") == "0.00"
    assert (stored.pop("sms_part_minor"), shown.pop("sms_part_price")) == (8, "0.08")
    assert (stored.pop("rest_cents_minor"), shown.pop("rest_cents")) == (99, "0.99")
    assert (stored.pop("rest_fee_minor"), shown.pop("rest_fee")) == (0, "0.00")
    assert (stored.pop("code_above_minor"), shown.pop("code_above")) == (0, "0.00")
    assert shown == stored
    assert command("set", "bank_data_max_age_days=off").return_value == 0
    assert "bank_data_max_age_days=off" in command("show").stdout


def test_nobody_is_reminded_of_less_than_the_least_sum(owing):
    owner = owing.customer.creditor
    factories.invoice(factories.customer(owner, "C003"), "F3", total_minor=4_000)
    tried = command("set", "min_amount=50.00", "--dry-run", "--json", "--on", TODAY.isoformat())
    document = json.loads(tried.stdout)
    assert (document["changed"], document["cases_below_min_amount"]) == (["min_amount"], 1)
    assert document["settings"]["min_amount"] == "0.00"
    assert not Event.objects.exists()
    assert "1 case with less than min_amount" in command("set", "min_amount=50", "--dry-run").stdout
    assert command("set", "min_amount=50,00", "--on", TODAY.isoformat()).return_value == 0
    assert "min_amount=50.00" in command("show").stdout
    assert Case.objects.filter(next_plan_on=TODAY).count() >= 1
    (small,) = [
        each
        for each in plan_preview(owing.organization_id, on=TODAY)
        if each.facts.customer_id != owing.customer_id
    ]
    assert [skip.sentence.code for skip in small.plan.skips] == ["stop.below_floor"]
    dry = CliRunner().invoke(amiable, ["plan", "--dry-run", "--on", TODAY.isoformat()])
    assert "The 40.00 EUR due is below the 50.00 EUR for which anybody is reminded" in dry.stdout
    assert "1 overdue: minimum" in dry.stdout
    plan_tick(owing.organization_id, on=TODAY)
    assert set(Action.objects.values_list("case_id", flat=True)) == {owing.id}
    for wrong in ("-1", "1.234", "12 USD", "x"):
        done = command("set", f"min_amount={wrong}")
        assert done.return_value == 1 or done.exception is not None


def test_what_show_prints_is_what_set_takes(organization):
    settings_change(organization.pk, {"address": ["1 rue du Port", "44000 Nantes"]}, **WHO)
    lines = command("show").stdout.splitlines()
    assert json.loads(command("set", *lines, "--json").stdout)["changed"] == []


def test_command_refuses_with_the_reason(organization):
    refused = command("set", "promise_tolerance_pct=20", "--json")
    assert refused.return_value == 1
    assert "from 50 to 100" in json.loads(refused.stdout)["errors"]["promise_tolerance_pct"]
    for wrong in ("colour=red", "phone", "is_agency=perhaps", "promise_grace_days=x",
                  'contact_caps={"count": 1}', 'contact_caps=[{"count": "1", "days": 1}]'):  # fmt: skip
        assert command("set", wrong).exception is not None, wrong
    assert Organization.objects.get().promise_tolerance_pct == 95


def test_check_says_which_organizations_are_in_test_mode(organization):
    settings_change(organization.pk, {"test_recipient": "essais@vauban.example"}, **WHO)
    done = CliRunner().invoke(amiable, ["check"], standalone_mode=False)
    assert "acme is in test mode" in done.stdout
    done = CliRunner().invoke(amiable, ["check", "--json"], standalone_mode=False)
    assert json.loads(done.stdout)["test_mode"] == [
        {"organization": "acme", "recipient": "essais@vauban.example"}
    ]
    assert not Message.objects.exists()


def test_the_page_sets_the_least_sum_and_the_cases_feel_it(manager, organization, owing):
    page = manager.get("/settings/").content.decode()
    assert 'name="min_amount_minor"' in page
    assert manager.post("/settings/minimum/", {"min_amount_minor": "2 000,50"}).status_code == 302
    assert settings_of(organization.pk).min_amount_minor == 200_050
    assert "2\u202f000,50" in manager.get("/settings/").content.decode()
    (found,) = plan_preview(organization.pk, on=TODAY + timedelta(days=60), case_ids=[owing.pk])
    assert not found.plan.actions
    assert manager.post("/settings/minimum/", {"min_amount_minor": ""}).status_code == 302
    assert settings_of(organization.pk).min_amount_minor == 0
    refused = manager.post("/settings/minimum/", {"min_amount_minor": "abc"})
    assert refused.status_code == 422
    refused = manager.post("/settings/minimum/", {"min_amount_minor": "2000000"})
    assert (refused.status_code, settings_of(organization.pk).min_amount_minor) == (422, 0)


def test_the_price_of_a_text_is_set_on_the_page_and_by_command(manager, organization):
    assert settings_of(organization.pk).sms_part_minor == 8
    assert manager.post("/settings/sms/", {"sms_part_minor": "0,06"}).status_code == 302
    assert settings_of(organization.pk).sms_part_minor == 6
    assert manager.post("/settings/sms/", {"sms_part_minor": ""}).status_code == 422
    assert manager.post("/settings/sms/", {"sms_part_minor": "11"}).status_code == 422
    run = CliRunner().invoke(amiable, ["settings", "set", "sms_part_price=0.05"])
    assert run.exit_code == 0, run.output
    assert settings_of(organization.pk).sms_part_minor == 5
    assert "sms_part_price=0.05" in CliRunner().invoke(amiable, ["settings", "show"]).output


def test_a_simulation_spends_the_price_of_a_text_that_is_set(organization):
    from amiable.apps.dunning.simulation.tally import usual_costs

    settings_change(organization.pk, {"sms_part_minor": 6}, **WHO)
    assert usual_costs(organization.pk).cost_minor["sms"] == 6
    assert usual_costs(organization.pk).cost_minor["letter"] == 180
