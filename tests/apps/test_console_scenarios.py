"""Scenarios in the console without a browser: what may be seen, written and saved, and its cost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from amiable.apps.audit.models import Event
from amiable.apps.dunning.library.scenarios import scenario_import, scenario_text, scenario_version
from amiable.apps.dunning.models import Enrollment, Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.dunning.services import plan_tick
from amiable.core.scenario import Conditions, Step, Window
from amiable.core.shipped import SHIPPED, SME_STANDARD
from amiable.interfaces.console import scenario_forms as forms
from amiable.interfaces.console import scenario_timeline as timeline
from amiable.interfaces.console import scenario_words as words
from amiable.interfaces.console.scenario_fields import SCENARIO, STEP_SPECS
from tests import factories
from tests.browser.portfolio import member

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def organization():
    row = factories.organization("vauban")
    default_scenario(row.pk)
    return row


@pytest.fixture
def manager(organization) -> Client:
    return logged_in(organization, "manager")


def logged_in(organization, role: str) -> Client:
    client = Client()
    client.force_login(member(organization, f"{role}@{organization.slug}.example", role))
    client.cookies["django_language"] = "en"
    return client


def standard(organization) -> Scenario:
    return Scenario.objects.get(organization=organization, code="sme-standard", version=1)


def form_of(organization, scenario: Scenario) -> dict[str, object]:
    """What a browser would post for the editor of a version, in the language of the test."""
    draft = forms.draft_of(scenario_version(organization.pk, scenario.pk))
    data: dict[str, object] = {"newest": draft.newest, "step": [s.key for s in draft.steps]}
    cards = [("", draft.values, SCENARIO)]
    cards += [(f"{step.key}-", step.values, STEP_SPECS) for step in draft.steps]
    for prefix, values, specs in cards:
        for spec in specs:
            value, name = values[spec.path], f"{prefix}{spec.path}"
            if spec.kind == "days":
                data[name], data[f"{name}.side"] = value
            elif spec.kind != "check" or value:
                data[name] = "on" if spec.kind == "check" else value
    return data


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", SHIPPED)
def test_form_says_exactly_what_the_scenario_says(organization, code, language):
    scenario_import(organization.pk, SHIPPED[code])
    row = Scenario.objects.get(organization=organization, code=code)
    with translation.override(language):
        base = scenario_version(organization.pk, row.pk)
        draft = forms.draft_check(organization.pk, forms.draft_of(base))
    assert draft.is_right
    assert draft.definition == SHIPPED[code]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_field_survives_the_form(organization, language):
    step = Step(
        "all", 3, "email", "firm", "reminder_1", "batch", "Mon rappel",
        anchor="issue_date", days="working", fallback=("letter", "registered_letter"),
        recipients=("buyer", "legal"), attachments=("statement",),
        window=Window(("mon", "thu"), 9, 17),
        conditions=Conditions(
            min_amount_minor=150_050, max_amount_minor=900_000, segments=("A", "B c"),
            kinds=("company",), languages=("fr",), creditors=("main",), min_score=1, max_score=9,
            min_stage="friendly", contact_by=("email", "phone"), min_days_since_contact=4,
            min_broken_promises=2,
        ),
    )  # fmt: skip
    last = Step("ask", 5, "task", "firm", name="Demander", anchor="previous_step", task="review")
    odd = replace(
        SME_STANDARD, code="odd", name="Le nôtre", steps=(step, last), catch_up_step="",
        catch_up="one_by_one", show_paused=False, approval_above_minor=0, event_days=0,
        after_broken="after-broken", min_amount_minor=0,
    )  # fmt: skip
    scenario_import(organization.pk, odd)
    row = Scenario.objects.get(organization=organization, code="odd")
    with translation.override(language):
        client = logged_in(organization, "manager")
        client.cookies["django_language"] = language
        data = form_of(organization, row)
        answer = client.post(f"/scenarios/{row.pk}/save/", data)
    assert answer.status_code == 302
    assert Scenario.objects.filter(code="odd").count() == 1  # nothing differs: no new version
    assert scenario_version(organization.pk, row.pk).definition == odd


def test_saving_makes_a_version_and_cases_stay_on_theirs(organization, manager):
    debtor = factories.customer(factories.creditor(organization))
    factories.invoice(debtor)
    plan_tick(organization.pk, on=factories.TODAY)
    row = standard(organization)
    data = {**form_of(organization, row), "3-offset_days": "5", "3-name": "Mon appel"}
    answer = manager.post(f"/scenarios/{row.pk}/save/", data, follow=True)
    second = Scenario.objects.get(organization=organization, version=2)
    assert answer.redirect_chain == [(f"/scenarios/{second.pk}/", 302)]
    changed = second.definition["steps"][2]
    assert (changed["code"], changed["offset_days"], changed["name"]) == ("call_1", 5, "Mon appel")
    assert second.definition["name"] == "SME standard"  # ours stays translatable
    assert second.is_default
    assert Enrollment.objects.get().scenario_id == row.pk
    event = Event.objects.get(organization_id=organization.pk, kind="scenario.saved")
    assert (event.actor, event.payload["version"]) == ("manager@vauban.example", 2)


def test_wrong_draft_is_not_saved_and_nothing_of_it_is_lost(organization, manager):
    row = standard(organization)
    data = form_of(organization, row)
    data |= {
        "min_gap_days": "many",
        "2-name": "Ma relance",
        "2-offset_days": "soon",
        "5-medium": "sms",
        "4-conditions.min_amount_minor": "cent",
        "9-approval": "automatic",
    }
    answer = manager.post(f"/scenarios/{row.pk}/save/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    for kept in ('value="many"', 'value="Ma relance"', 'value="soon"', 'value="cent"'):
        assert kept in page
    for name in ("min_gap_days", "2-offset_days", "4-conditions.min_amount_minor"):
        marked = f'name="{name}" value="[^"]*"[^>]* aria-invalid'
        assert re.search(marked, page), name
    assert "Days must be a whole number, not soon" in page
    assert "Write the amount in digits" in page
    assert Scenario.objects.count() == 1
    # With values that can be read, the rules speak, each at its step.
    data |= {"min_gap_days": "1", "2-offset_days": "9", "4-conditions.min_amount_minor": ""}
    page = manager.post(f"/scenarios/{row.pk}/save/", data).content.decode()
    assert "First call: steps stand in order of their days" in page
    assert "Formal notice: a formal notice needs a person" in page
    assert "Firm letter: there is no text" not in page  # said once the rest is right


def test_text_that_does_not_exist_for_the_medium_is_said_at_its_step(organization, manager):
    row = standard(organization)
    data = {**form_of(organization, row), "5-medium": "sms"}
    page = manager.post(f"/scenarios/{row.pk}/save/", data).content.decode()
    assert "Firm letter: there is no text Firm reminder for Text message" in page
    card = page[page.index('name="5-medium"') : page.index('name="5-approval"')]
    assert "reminder_sms" in card
    assert 'value="reminder_1"' not in card


def test_draft_is_changed_by_its_buttons_without_being_saved(organization, manager):
    row = standard(organization)
    data = form_of(organization, row)

    def order(change: str) -> list[str]:
        answer = manager.post(
            f"/scenarios/{row.pk}/draft/", {**data, "change": change}, headers=HTMX
        )
        assert answer.status_code == 200
        return re.findall(r'name="step" value="(\w+)"', answer.content.decode())

    keys = [str(number) for number in range(1, 11)]
    assert order("") == keys
    assert order("down:1") == ["2", "1", *keys[2:]]
    assert order("up:1") == keys
    assert order("remove:3") == keys[:2] + keys[3:]
    assert order("copy:3") == [*keys[:3], "11", *keys[3:]]
    assert order("add") == [*keys, "11"]
    assert order("remove:zz") == keys
    assert Scenario.objects.count() == 1
    # Without scripts the whole page comes back.
    page = manager.post(f"/scenarios/{row.pk}/draft/", {**data, "change": "add"}).content.decode()
    assert "<!doctype html>" in page
    assert "step_2" in page


def test_draft_never_grows_without_end(organization, manager):
    row = standard(organization)
    data = form_of(organization, row)
    data["step"] = [*data["step"], *(f"z{n}" for n in range(300)), "../x", "1"]
    answer = manager.post(f"/scenarios/{row.pk}/draft/", {**data, "change": "add"}, headers=HTMX)
    assert len(re.findall(r'name="step" value', answer.content.decode())) == 41
    assert manager.post(f"/scenarios/{row.pk}/save/", data).status_code == 422
    assert manager.post(f"/scenarios/{row.pk}/save/", {}).status_code == 422


def test_largest_scenario_passes_through_the_form(organization, manager):
    steps = [
        Step(f"s{day}", day, "email", "friendly", "reminder_2", name=f"Jour {day}")
        for day in range(1, 41)
    ]
    scenario_import(
        organization.pk, replace(SME_STANDARD, code="long", steps=tuple(steps), catch_up_step="")
    )
    row = Scenario.objects.get(organization=organization, code="long")
    data = {**form_of(organization, row), "40-offset_days": "60"}
    assert manager.post(f"/scenarios/{row.pk}/save/", data).status_code == 302
    assert Scenario.objects.get(code="long", version=2).definition["steps"][39]["offset_days"] == 60


def test_preview_shows_the_timeline_and_the_problems_of_the_draft(organization, manager):
    row = standard(organization)
    data = {**form_of(organization, row), "2-offset_days": "2"}
    page = manager.post(f"/scenarios/{row.pk}/preview/", data, headers=HTMX).content.decode()
    assert "D+2" in page
    assert "Nothing is wrong with it" in page
    page = manager.post(
        f"/scenarios/{row.pk}/preview/", {**data, "2-offset_days": "6"}, headers=HTMX
    ).content.decode()
    assert "First call: steps stand in order" in page
    assert 'id="problems-3" hx-swap-oob="true"' in page
    page = manager.post(
        f"/scenarios/{row.pk}/preview/", {**data, "2-offset_days": ""}, headers=HTMX
    ).content.decode()
    assert "Days is missing" in page


def test_draft_overtaken_by_another_version_is_kept_and_asked_about(organization, manager):
    row = standard(organization)
    data = {**form_of(organization, row), "3-offset_days": "5"}
    scenario_import(organization.pk, replace(SME_STANDARD, min_gap_days=3))
    answer = manager.post(f"/scenarios/{row.pk}/save/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Version 2 was saved meanwhile" in page
    assert 'name="newest" value="2"' in page
    answer = manager.post(f"/scenarios/{row.pk}/save/", {**data, "newest": "2"})
    assert answer.status_code == 302
    assert Scenario.objects.get(version=3).definition["steps"][2]["offset_days"] == 5


def test_library_offers_copies_duplicates_and_defaults(organization, manager):
    page = manager.get("/scenarios/").content.decode()
    assert "Key accounts" in page
    manager.post("/scenarios/shipped/key-accounts/copy/")
    assert manager.post("/scenarios/shipped/nothing/copy/").status_code == 404
    assert manager.get("/scenarios/shipped/nothing/").status_code == 404
    row = Scenario.objects.get(organization=organization, code="key-accounts")
    manager.post(f"/scenarios/{row.pk}/default/")
    row.refresh_from_db()
    assert row.is_default
    answer = manager.post(f"/scenarios/{row.pk}/duplicate/")
    copy = Scenario.objects.get(organization=organization, code="key-accounts-copy")
    assert answer.headers["Location"] == f"/scenarios/{copy.pk}/edit/"
    assert copy.name == "Key accounts (copy)"
    manager.post(f"/scenarios/{row.pk}/duplicate/")
    assert Scenario.objects.filter(code="key-accounts-copy-2").exists()


def test_file_is_taken_out_and_in(organization, manager):
    row = standard(organization)
    answer = manager.get(f"/scenarios/{row.pk}/file/")
    assert "sme-standard-1.yaml" in answer.headers["Content-Disposition"]
    assert answer.content.decode() == scenario_text(SME_STANDARD)
    other = factories.organization("other")
    theirs = logged_in(other, "manager")
    text = answer.content.decode().replace("code: sme-standard", "code: ours")
    theirs.post("/scenarios/file/", {"file": SimpleUploadedFile("s.yaml", text.encode())})
    assert Scenario.objects.get(organization=other, code="ours").name == "SME standard"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"code: x\nname: X\nsteps: [{code: a, offset_days: x, medium: fax, stage: firm}]",
         "Line 3: step a: medium cannot be fax"),
        (b"a: &a [1]\nb: *a", "Aliases"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"x" * 10_000_000, "at most"),
        (b"", "steps is missing"),
    ],
)  # fmt: skip
def test_file_that_is_no_scenario_is_refused_with_its_problems(
    organization, manager, content, said
):
    file = SimpleUploadedFile("bad.yaml", content)
    answer = manager.post("/scenarios/file/", {"file": file})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Scenario.objects.count() == 1


def test_file_of_an_older_version_is_said_to_be_one(organization, manager):
    row = standard(organization)
    old = scenario_text(SME_STANDARD).encode()
    scenario_import(organization.pk, replace(SME_STANDARD, min_gap_days=3))
    file = SimpleUploadedFile("old.yaml", old)
    page = manager.post("/scenarios/file/", {"file": file}, follow=True).content.decode()
    assert "SME standard is what version 1 was, and version 2 came after it" in page
    assert Scenario.objects.filter(code=row.code).count() == 3
    # What the organization lacks is found after the file was read, and has its line too.
    lacking = old.replace(b"template: reminder_1", b"template: no_such_text")
    answer = manager.post("/scenarios/file/", {"file": SimpleUploadedFile("x.yaml", lacking)})
    line = lacking.decode().split("template: no_such_text")[0].count("\n") + 1
    assert f"Line {line}: step reminder_1" in answer.content.decode()


def test_what_the_scenario_lacks_is_not_said_twice(organization, manager):
    row = standard(organization)
    page = manager.post(f"/scenarios/{row.pk}/save/", {**form_of(organization, row), "name": ""})
    assert "The scenario: Name is missing." in page.content.decode()


def test_a_reader_looks_but_does_not_edit(organization):
    reader = logged_in(organization, "reader")
    row = standard(organization)
    page = reader.get(f"/scenarios/{row.pk}/").content.decode()
    assert "Differences" not in page
    assert f"/scenarios/{row.pk}/edit/" not in page
    assert "/copy/" not in reader.get("/scenarios/").content.decode()
    assert reader.get(f"/scenarios/{row.pk}/edit/").status_code == 403
    for what in ("draft", "preview", "save", "default", "duplicate"):
        assert reader.post(f"/scenarios/{row.pk}/{what}/").status_code == 403


def test_scenarios_of_another_organization_are_not_found(organization):
    stranger = logged_in(factories.organization("other"), "manager")
    row = standard(organization)
    for what in ("", "file/", "edit/"):
        assert stranger.get(f"/scenarios/{row.pk}/{what}").status_code == 404
    for what in ("draft", "preview", "save", "default", "duplicate"):
        assert stranger.post(f"/scenarios/{row.pk}/{what}/").status_code == 404
    scenario_import(organization.pk, replace(SME_STANDARD, code="secret", name="Notre secret"))
    assert "Notre secret" not in stranger.get("/scenarios/").content.decode()


def test_pages_cost_a_bounded_number_of_queries(
    organization, manager, django_assert_max_num_queries
):
    for number in range(12):
        definition = replace(SME_STANDARD, code=f"s{number % 4}", min_gap_days=number)
        scenario_import(organization.pk, definition)
    row = Scenario.objects.filter(code="s1").order_by("-version").first()
    other = Scenario.objects.filter(code="s1").order_by("version").first()
    data = form_of(organization, row)
    for address in (
        "/scenarios/",
        f"/scenarios/{row.pk}/?with={other.pk}",
        f"/scenarios/{row.pk}/edit/",
    ):
        with django_assert_max_num_queries(20):
            assert manager.get(address).status_code == 200
    with django_assert_max_num_queries(20):
        manager.post(f"/scenarios/{row.pk}/preview/", data, headers=HTMX)
    with django_assert_max_num_queries(40):
        manager.post(f"/scenarios/{row.pk}/save/", {**data, "min_gap_days": "9"})


def test_version_says_in_words_what_it_changes(organization, manager):
    steps = tuple(
        replace(step, offset_days=5, recipients=("manager",)) if step.code == "call_1" else step
        for step in SME_STANDARD.steps
        if step.code != "sms"
    )
    scenario_import(organization.pk, replace(SME_STANDARD, steps=steps))
    first, second = Scenario.objects.order_by("version")
    page = manager.get(f"/scenarios/{second.pk}/?with={first.pk}").content.decode()
    assert "What version 2 changes from 1" in page
    assert "4 days after the due date</del>" in page
    assert "5 days after the due date</span>" in page
    assert "the usual contact</del>" in page
    assert "removed" in page
    unknown = manager.get(f"/scenarios/{second.pk}/?with=999999")
    assert unknown.status_code == 200


def test_words_of_a_users_own_are_not_translated():
    with translation.override("fr"):
        assert words.own("Open") == "Open"  # a message of ours elsewhere, not of a scenario
        assert words.kept(words.own("First reminder")) == "First reminder"
        assert words.own("") == ""


@pytest.mark.parametrize("code", SHIPPED)
def test_timeline_holds_every_step_once(code):
    definition = SHIPPED[code]
    marks = [mark for lane in timeline.lanes(definition) for mark in lane.marks]
    shown = [mark.step.code for mark in marks if mark.step]
    shown += [other.step.code for mark in marks for other in mark.companions]
    assert sorted(shown) == sorted(definition.by_code)
    for lane in timeline.lanes(definition):
        assert [mark.step for mark in lane.marks].count(None) == 1
        assert [mark.day for mark in lane.marks] == sorted(mark.day for mark in lane.marks)
    picture = timeline.picture(definition)
    xs = [dot.x for dot in picture.dots]
    assert xs == sorted(set(xs))
    assert all(0 <= x <= 320 for x in xs)
