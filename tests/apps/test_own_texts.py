"""Texts that an organization adds to the shipped ones: made, used by a scenario, kept while used."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner
from django.utils import timezone

from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.writing.trials import text_needed_by, text_use
from amiable.apps.messaging.library.own import (
    NewTextError,
    code_of,
    is_written,
    own_media,
    template_create,
)
from amiable.apps.messaging.library.resolution import Place, own_texts
from amiable.apps.messaging.library.templates import (
    place_problem,
    template_places,
    template_save,
    template_withdraw,
)
from amiable.apps.messaging.models import Template
from amiable.apps.messaging.rendering.messages import Material, Rendered, drafts_render
from amiable.core.scenario import Scenario, Step
from amiable.core.scenario_data import ScenarioError
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.messaging_drafts import NOW, draft
from tests.apps.test_console_templates import client

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 20)
LIKE = Place("reminder_2", "email", "fr")


@pytest.fixture
def organization():
    return factories.organization()


def created(organization, name="Relance garage", like=LIKE, **fields) -> Place:
    values = {"like": like, "now": timezone.now(), "actor": "ana@example.org", **fields}
    return template_create(organization.pk, name, **values)


def scenario(template="relance_garage", medium="email", *, version=1) -> Scenario:
    return Scenario("garage", version, "Garage", (Step("one", 5, medium, "friendly", template),))


def test_new_text_is_a_copy_in_every_language_under_a_name_made_of_letters(organization):
    place = created(organization, "Relance « Garage » n° 2 été")
    assert place == Place("relance_garage_n_2_ete", "email", "fr")
    rows = Template.objects.all()
    assert {(row.language, row.version) for row in rows} == {("fr", 1), ("en", 1)}
    assert "Madame, Monsieur" not in rows.get(language="en").text
    assert own_media(organization.pk) == {place.code: {"email"}}
    (listed,) = [each for each in template_places(organization.pk) if each.code == place.code]
    assert set(listed.languages.values()) == {"own"}


@pytest.mark.parametrize(
    ("name", "like", "code"),
    [
        ("", LIKE, "own_text.name"),
        ("2026", LIKE, "own_text.name"),
        ("x" * 41, LIKE, "own_text.name"),
        ("漢字", LIKE, "own_text.name"),
        ("Agency letter", LIKE, "own_text.agency"),
        ("reminder 1", LIKE, "own_text.taken"),
        ("Garage", Place("nothing", "email", "fr"), "own_text.like"),
        ("Garage", Place("call_script", "phone", "fr"), "own_text.like"),
        ("Garage", Place("../labels", "email", "fr"), "own_text.like"),
    ],
)
def test_name_or_model_that_cannot_be_is_refused_in_words(organization, name, like, code):
    with pytest.raises(NewTextError) as refused:
        created(organization, name, like)
    assert refused.value.sentence.code == code
    assert not Template.objects.exists()


def test_a_name_is_given_once_for_a_medium(organization):
    created(organization)
    with pytest.raises(NewTextError):
        created(organization)
    created(organization, like=Place("reminder_sms", "sms", "fr"))
    assert own_media(organization.pk) == {"relance_garage": {"email", "sms"}}
    created(factories.organization(slug="other"))  # of another organization


def test_scenario_takes_an_own_text_and_no_other(organization):
    with pytest.raises(ScenarioError) as refused:
        scenario_import(organization.pk, scenario())
    assert [each.code for each in refused.value.problems] == ["scenario.no_text"]
    created(organization)
    scenario_import(organization.pk, scenario())
    with pytest.raises(ScenarioError):
        scenario_import(organization.pk, scenario(medium="sms"))
    # A letter may be written from the text of an email, as with shipped ones.
    scenario_import(organization.pk, replace(scenario(), steps=(
        Step("one", 5, "email", "friendly", "relance_garage", fallback=("letter",)),)))  # fmt: skip


def test_text_of_another_organization_does_not_count(organization):
    created(factories.organization(slug="other"))
    with pytest.raises(ScenarioError):
        scenario_import(organization.pk, scenario())
    assert place_problem(organization.pk, Place("relance_garage", "email", "fr"))


def test_text_in_one_language_alone_leaves_customers_without_words(organization):
    place = created(organization)
    template_withdraw(organization.pk, replace(place, language="en"), on=ON, actor="ana")
    assert not is_written(own_media(organization.pk), place.code, medium="email")
    with pytest.raises(ScenarioError):
        scenario_import(organization.pk, scenario())


def test_messages_are_written_from_it_and_from_the_nearest_of_it(organization):
    place = created(organization)
    use = text_use(organization.pk, place)
    narrow = replace(place, scenario_code="garage")
    body = "Objet\n{{ hello }}\n\n{{ invoices }}\n\n{{ payment }}\n\n{{ signature }}\n"
    template_save(organization.pk, narrow, body, use=use, now=timezone.now(), actor="ana")
    plain = replace(draft("reminder_1"), template=place.code)
    for scenario_code, subject in (("garage", "Objet"), ("", "2")):
        each = replace(plain, scenario=scenario_code)
        texts = own_texts(organization.pk, [each])
        material = Material(own=texts[each.key])
        found = drafts_render([each], {each.key: material}, organization_id=1, now=NOW)[each.key]
        assert isinstance(found, Rendered)
        assert (found.subject == "Objet") is (subject == "Objet")


def test_text_that_a_scenario_uses_in_any_version_is_kept(organization):
    place = created(organization)
    assert text_needed_by(organization.pk, place) == ""
    scenario_import(organization.pk, scenario())
    scenario_import(organization.pk, scenario("reminder_2", version=2))
    assert text_needed_by(organization.pk, place) == "Garage"
    assert text_needed_by(organization.pk, replace(place, scenario_code="garage")) == ""
    assert text_needed_by(organization.pk, LIKE) == ""


def test_manager_makes_a_text_in_the_console_and_withdraws_it(organization):
    user = client(organization, "manager")
    page = user.get("/templates/").content.decode()
    assert "New text" in page
    answer = user.post("/templates/new/", {"name": "Garage", "like": "reminder_2.email"})
    assert answer.url.startswith("/templates/garage/email/")
    assert user.get(answer.url).status_code == 200
    refused = user.post("/templates/new/", {"name": "Garage", "like": "reminder_2.email"})
    assert refused.url == "/templates/"
    for language in ("fr", "en"):
        user.post(f"/templates/garage/email/{language}/withdraw/")
    assert own_media(organization.pk) == {}


def test_console_keeps_a_text_that_is_used(organization):
    created(organization)
    scenario_import(organization.pk, scenario())
    user = client(organization, "manager")
    user.post("/templates/relance_garage/email/fr/withdraw/")
    assert own_media(organization.pk) == {"relance_garage": {"email"}}
    assert "Garage" in user.get("/templates/relance_garage/email/fr/").content.decode()


def test_only_a_manager_adds_a_text(organization):
    for role in ("collector", "accountant", "reader"):
        user = client(organization, role)
        assert "New text" not in user.get("/templates/").content.decode()
        asked = {"name": "Garage", "like": "reminder_2.email"}
        assert user.post("/templates/new/", asked).status_code == 403


def test_command_adds_a_text(organization):
    asked = ["template", "new", "Relance garage", "--like", "reminder_2"]
    done = CliRunner().invoke(amiable, asked, standalone_mode=False)
    assert done.return_value == 0
    assert "relance_garage email is there" in done.stdout
    again = CliRunner().invoke(amiable, [*asked, "--json"], standalone_mode=False)
    assert again.return_value == 1
    assert "already" in json.loads(again.stdout)["error"]


def test_codes_are_made_of_names():
    assert code_of("Relance garage !") == "relance_garage"
    assert code_of("Été — 2ᵉ") == "ete_2e"
