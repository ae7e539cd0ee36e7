"""Scenarios as files: out and in again unchanged, versions never edited, nonsense refused."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

from amiable.apps.audit.models import Event
from amiable.apps.dunning.library.checks import problem_of, scenario_check, template_names
from amiable.apps.dunning.library.scenarios import (
    MAX_BYTES,
    changes,
    scenario_bytes_parse,
    scenario_copy,
    scenario_default,
    scenario_definition,
    scenario_import,
    scenario_lines,
    scenario_parse,
    scenario_text,
    scenario_version,
    shipped_left,
)
from amiable.apps.dunning.models import Scenario
from amiable.apps.dunning.planning import default_scenario
from amiable.core.scenario_data import ScenarioError, scenario_schema
from amiable.core.sentences import CATALOG
from amiable.core.shipped import AFTER_BROKEN, SHIPPED, SME_STANDARD
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.tidy.sources import ROOT

SOFT = """
code: soft
name: Douceur
steps:
- {code: first, offset_days: 5, medium: email, stage: friendly, template: reminder_1}
- {code: call, offset_days: 12, medium: phone, stage: friendly}
"""


def test_exported_scenario_reads_as_itself():
    assert scenario_parse(scenario_text(SME_STANDARD)) == SME_STANDARD


@pytest.mark.django_db
def test_same_scenario_again_is_no_new_version():
    organization = factories.organization()
    assert scenario_import(organization.id, SME_STANDARD) == (1, False)
    assert scenario_import(organization.id, scenario_parse(SOFT)) == (1, True)
    assert scenario_import(organization.id, scenario_parse(SOFT)) == (1, False)
    lines = [(line.code, line.version, line.is_default) for line in scenario_lines(organization.id)]
    assert lines == [("sme-standard", 1, True), ("soft", 1, False)]


@pytest.mark.django_db
def test_changed_scenario_is_a_new_version_and_the_old_one_stays():
    organization = factories.organization()
    default_scenario(organization.id)
    changed = scenario_parse(
        scenario_text(SME_STANDARD).replace("offset_days: 4", "offset_days: 5")
    )
    assert scenario_import(organization.id, changed) == (2, True)
    first = scenario_definition(organization.id, "sme-standard", version=1)
    assert first == SME_STANDARD
    assert default_scenario(organization.id).version == 2


@pytest.mark.django_db
def test_another_scenario_becomes_the_default_when_told():
    organization = factories.organization()
    scenario_import(organization.id, scenario_parse(SOFT), make_default=True)
    assert default_scenario(organization.id).code == "soft"
    assert Scenario.objects.filter(is_default=True).count() == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        "code: x\nname: X\nsteps: []",
        "code: x\nname: X\nsteps: [1]",
        SOFT.replace("offset_days: 5", "offset_days: '5'"),
        SOFT.replace("offset_days: 5", "offset_days: 13"),
        SOFT.replace("email", "pigeon"),
        SOFT.replace("name: Douceur", "name: Douceur\nextra: 1"),
        "a: &a [x]\nb: *a",
        "a: &a [x, *a]",
        SOFT.replace("name: Douceur", "name: Douceur\ncode: hard"),
        SOFT.replace("name: Douceur", "name: 2026-02-30"),
        SOFT.replace("offset_days: 5", "offset_days: " + "9" * 5000),
        SOFT.replace("code: soft", "code: 7"),
        "{" * 5000,
        "? [a]\n: b",
        "\x00",
        'name: "\\0"\ncode: a\nsteps: []',
        "[" * 5000,
        "!!python/object/apply:os.system ['true']",
        "x" * 300_000,
    ],
)
def test_what_is_no_scenario_is_refused(text):
    with pytest.raises(ScenarioError):
        scenario_parse(text)


@pytest.mark.django_db
def test_unknown_scenario_names_those_that_exist():
    with pytest.raises(LookupError, match="sme-standard 1"):
        scenario_definition(factories.organization().id, "other")


ON = factories.TODAY


def refused(organization, text: str) -> dict[tuple[object, str], str]:
    """(step, field) -> code of each problem with importing a text."""
    with pytest.raises(ScenarioError) as caught:
        scenario_import(organization.id, scenario_parse(text))
    found = [problem_of(sentence) for sentence in caught.value.problems]
    return {(each.step, each.field): each.code for each in found}


@pytest.mark.django_db
@pytest.mark.parametrize("code", SHIPPED)
def test_shipped_scenario_reads_as_itself_and_has_its_texts(code):
    assert scenario_parse(scenario_text(SHIPPED[code])) == SHIPPED[code]
    assert scenario_check(factories.organization().id, SHIPPED[code]) == []


def test_a_mebibyte_of_anything_is_refused_at_once():
    bomb = "".join(f"a{i}: &a{i} [{f'*a{i - 1},' * 9}]\n" for i in range(1, 30))
    before = time.monotonic()
    for content in (b"x: 1\n" * 2_000_000, b"\xff\xfe" * 100, bomb.encode(), b"[" * MAX_BYTES):
        with pytest.raises(ScenarioError):
            scenario_bytes_parse(content)
    with pytest.raises(ScenarioError):
        scenario_parse("".join(f"k{i}: {i}\n" for i in range(18_000)))
    assert time.monotonic() - before < 5


def test_problem_of_yaml_says_its_line():
    with pytest.raises(ScenarioError, match="line 3"):
        scenario_parse("code: a\nname: b\n  steps: c\n")


def test_what_the_reader_of_yaml_says_ends_as_a_sentence():
    with pytest.raises(ScenarioError, match=r"range for month\.$"):
        scenario_parse("code: 2026-02-30\n")


@pytest.mark.django_db
def test_empty_file_and_empty_name_say_what_is_missing():
    organization = factories.organization()
    missing = {("", name): "scenario.missing" for name in ("code", "name", "steps")}
    assert refused(organization, "") == missing
    assert refused(organization, SOFT.replace("name: Douceur", 'name: " "')) == {
        ("", "name"): "scenario.missing"
    }


@pytest.mark.django_db
def test_every_problem_says_its_step_field_and_remedy():
    text = (
        SOFT.replace("medium: email", "medium: pigeon")
        .replace("offset_days: 12", "offset_days: soon, extra: 1")
        .replace("name: Douceur", "names: Douceur")
    )
    assert refused(factories.organization(), text) == {
        ("", "names"): "scenario.unknown_field",
        ("", "name"): "scenario.missing",
        ("first", "medium"): "scenario.not_one_of",
        ("call", "offset_days"): "scenario.wrong_type",
        ("call", "extra"): "scenario.unknown_field",
    }


def test_every_problem_has_a_remedy():
    places = {"at_scenario", "at_step", "at_number", "at_part"}
    kinds = {"a_list", "a_number", "a_truth", "a_text"}
    problems = (
        {code.removeprefix("scenario.") for code in CATALOG if code.startswith("scenario.")}
        - places
        - kinds
    )
    assert {code for code in problems if f"remedy.{code}" not in CATALOG} == set()


@pytest.mark.django_db
def test_text_that_does_not_exist_is_refused_with_those_that_do():
    organization = factories.organization()
    text = SOFT.replace("template: reminder_1", "template: reminder_9, fallback: [sms]")
    assert refused(organization, text) == {("first", "template"): "scenario.no_text"}
    with pytest.raises(ScenarioError, match="reminder_1"):
        scenario_import(organization.id, scenario_parse(text))
    assert "reminder_1" in template_names("registered_letter", {})  # a letter of the email's text
    assert "reminder_sms" not in template_names("email", {})
    assert refused(organization, SOFT.replace("reminder_1", "../secret")) == {
        ("first", "template"): "scenario.no_text"
    }


@pytest.mark.django_db
def test_what_would_not_fit_is_refused():
    organization = factories.organization()
    long = SOFT.replace("name: Douceur", f'name: {"x" * 121}\ndescription: "two\\nlines"')
    assert refused(organization, long) == {
        ("", "name"): "scenario.too_long_text",
        ("", "description"): "scenario.too_long_text",
    }
    many = SOFT + "".join(
        f"- {{code: c{i}, offset_days: {i}, medium: phone, stage: firm}}\n" for i in range(20, 60)
    )
    assert refused(organization, many) == {("", "steps"): "scenario.too_many_steps"}
    odd = SOFT.replace(
        "medium: phone",
        "conditions: {min_score: 200, min_amount_minor: 5, max_amount_minor: 4}, medium: phone",
    )
    assert refused(organization, odd) == {
        ("call", "min_score"): "scenario.range",
        ("call", "max_amount_minor"): "scenario.crossed",
    }
    assert refused(organization, SOFT.replace("code: soft", "code: soft\nversion: 10000")) == {
        ("", "version"): "scenario.range"
    }


@pytest.mark.django_db
def test_scenario_after_a_broken_promise_comes_along_and_stays_on_its_version():
    organization = factories.organization()
    soft = scenario_parse(SOFT + "after_broken: after-broken\n")
    scenario_import(organization.id, soft)
    row = Scenario.objects.get(organization=organization, code="soft")
    assert (row.after.code, row.after.version) == ("after-broken", 1)
    changed = replace(AFTER_BROKEN, event_days=30)
    assert scenario_import(organization.id, changed) == (2, True)
    row.refresh_from_db()
    assert row.after.version == 1
    assert scenario_version(organization.id, row.pk).after_newest == 2
    assert scenario_import(organization.id, soft) == (1, False)
    assert scenario_import(organization.id, soft, renew=True) == (2, True)
    assert (
        Scenario.objects.get(organization=organization, code="soft", version=2).after.version == 2
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("after", "code"),
    [
        ("nobody", "scenario.no_such"),
        ("soft", "scenario.after_itself"),
        ("good-payers", "scenario.after_nothing"),
    ],
)
def test_scenario_that_cannot_take_over_is_refused(after, code):
    text = SOFT + f"after_broken: {after}\n"
    assert refused(factories.organization(), text) == {("", "after_broken"): code}


@pytest.mark.django_db
def test_organizations_do_not_see_each_others_scenarios():
    ours, theirs = factories.organization("ours"), factories.organization("theirs")
    scenario_import(theirs.id, replace(AFTER_BROKEN, code="their-after"))
    row = Scenario.objects.get(organization=theirs, code="their-after")
    for call in (
        lambda: scenario_definition(ours.id, "their-after"),
        lambda: scenario_version(ours.id, row.pk),
        lambda: scenario_default(ours.id, row.pk, on=ON, actor="x"),
    ):
        with pytest.raises(LookupError):
            call()
    text = SOFT + "after_broken: their-after\n"
    assert refused(ours, text) == {("", "after_broken"): "scenario.no_such"}


@pytest.mark.django_db
def test_shipped_scenario_is_copied_once():
    organization = factories.organization()
    default_scenario(organization.id)
    assert len(shipped_left(organization.id)) == 7
    copied = scenario_copy(organization.id, "risky", on=ON, actor="camille")
    assert scenario_copy(organization.id, "risky", on=ON, actor="camille") == copied
    assert scenario_version(organization.id, copied).definition == SHIPPED["risky"]
    assert "risky" not in [each.code for each in shipped_left(organization.id)]
    events = Event.objects.filter(organization_id=organization.pk, kind="scenario.saved")
    assert [event.payload for event in events] == [{"code": "risky", "version": 1}]
    with pytest.raises(LookupError, match="key-accounts"):
        scenario_copy(organization.id, "other", on=ON, actor="camille")


def test_difference_between_versions_names_what_changed():
    steps = tuple(
        replace(step, offset_days=5, window=replace(step.window, from_hour=9))
        if step.code == "call_1"
        else step
        for step in SME_STANDARD.steps
        if step.code != "sms"
    )
    found = changes(SME_STANDARD, replace(SME_STANDARD, steps=steps, version=2, min_gap_days=3))
    assert [(each.step, each.kind, each.field) for each in found] == [
        ("", "changed", "min_gap_days"),
        ("sms", "removed", ""),
        ("call_1", "changed", "offset_days"),
        ("call_1", "changed", "window"),
    ]
    assert changes(SME_STANDARD, replace(SME_STANDARD, version=9)) == []


def typed(*words: str, fails: bool = False) -> str:
    done = CliRunner().invoke(amiable, ["scenario", *words], standalone_mode=False)
    assert done.exception is None, done.output
    assert (done.return_value == 1) is fails
    return done.output


@pytest.mark.django_db
def test_file_of_one_organization_enters_another_unchanged(tmp_path):
    factories.organization("a"), factories.organization("b")
    file = tmp_path / "soft.yaml"
    file.write_text(SOFT, "utf-8")
    typed("import", str(file), "--organization", "a")
    file.write_text(SOFT.replace("12", "13"), "utf-8")
    typed("import", str(file), "--organization", "a")
    exported = typed("export", "soft", "--organization", "a")
    file.write_text(exported, "utf-8-sig")
    typed("import", str(file), "--organization", "b")
    assert typed("export", "soft", "--organization", "b") == exported


@pytest.mark.django_db
def test_command_lists_every_problem_and_changes_nothing(tmp_path):
    factories.organization("a")
    file = tmp_path / "bad.yaml"
    file.write_text(SOFT.replace("email", "pigeon").replace("12", "'12'"), "utf-8")
    document = json.loads(typed("import", str(file), "--json", fails=True))
    assert [(p["file"], p["step"], p["field"]) for p in document["problems"]] == [
        (str(file), "first", "medium"),
        (str(file), "call", "offset_days"),
    ]
    assert all(p["remedy"] and p["message"] for p in document["problems"])
    text = typed("import", str(file), fails=True)
    assert "step first: medium cannot be pigeon" in text
    assert not Scenario.objects.exclude(code="sme-standard").exists()


WRONG = """\
code: soft
names: Douceur
steps:
- code: first
  offset_days: 5
  medium: pigeon
  stage: friendly
  conditions:
    min_score: high
    colour: red
- {offset_days: 12, medium: phone, stage: friendly}
- third
"""
MISUSED = """\
code: soft
name: Douceur
after_broken: nowhere
steps:
- code: first
  offset_days: 5
  medium: email
  stage: friendly
  template: no_such_text
- {code: last, offset_days: 9, medium: registered_letter, stage: formal,
   template: formal_notice, approval: automatic}
"""


@pytest.mark.django_db
def test_every_problem_of_a_scenario_file_says_its_line(tmp_path):
    factories.organization("a")
    file = tmp_path / "bad.yaml"

    def lines(text: str) -> list[tuple[int, object, str]]:
        file.write_text(text, "utf-8")
        document = json.loads(typed("import", str(file), "--json", fails=True))
        assert all(each["file"] == str(file) for each in document["problems"])
        return [(each["line"], each["step"], each["field"]) for each in document["problems"]]

    assert lines(WRONG) == [
        (2, "", "names"),
        (1, "", "name"),
        (6, "first", "medium"),
        (10, "first", "conditions.colour"),
        (9, "first", "conditions.min_score"),
        (11, 2, "code"),
        (12, 3, ""),
    ]
    assert f"{file}:12: step number 3: fields with their" in typed("import", str(file), fails=True)
    assert lines(MISUSED.replace("automatic", "manual")) == [
        (9, "first", "template"),
        (3, "", "after_broken"),
    ]
    assert lines(MISUSED) == [(11, "last", "approval")]
    assert "Set the approval to manual" in typed("import", str(file), fails=True)
    assert lines(SOFT.replace("call", "first")) == [(6, "first", "code")]
    assert lines("code: soft\nname: X\nversion: 2026-02-30\n") == [(3, "", "")]
    assert lines("") == [(1, "", name) for name in ("code", "name", "steps")]
    assert lines("- 1\n") == [(1, "", "")]


def test_problems_of_thousands_of_fields_are_placed():
    with pytest.raises(ScenarioError) as refused:
        scenario_parse("".join(f"k{i}: {i}\n" for i in range(15_000)))
    assert problem_of(refused.value.problems[-4]).line == 15_000


@pytest.mark.django_db
def test_an_older_version_handed_in_again_is_said_to_be_one(tmp_path):
    organization = factories.organization("a")
    file = tmp_path / "soft.yaml"
    scenario_import(organization.id, scenario_parse(SOFT))
    file.write_text(typed("export", "soft"), "utf-8")
    assert json.loads(typed("import", str(file), "--json")) == {
        "code": "soft", "version": 1, "created": False, "equals_version": 1, "default": False,
        "message": "Douceur already exists, as version 1: nothing is changed.",
    }  # fmt: skip
    assert Scenario.objects.filter(code="soft").count() == 1
    scenario_import(organization.id, scenario_parse(SOFT.replace("12", "14")))
    document = json.loads(typed("import", str(file), "--json"))
    assert (document["version"], document["created"], document["equals_version"]) == (3, True, 1)
    assert document["message"] == (
        "Douceur is what version 1 was, and version 2 came after it: it is imported once more, "
        "as version 3."
    )
    assert "nothing is changed" in typed("import", str(file))
    assert typed("import", str(file), "--default").endswith(
        "already exists, as version 3. New cases start on it.\n"
    )
    assert Event.objects.filter(kind="scenario.default").count() == 1


@pytest.mark.django_db
def test_command_offers_and_copies_shipped_scenarios():
    factories.organization("a")
    assert "risky (shipped)" in typed("list")
    assert "registered_letter" in typed("show", "risky")
    assert "imported as version 1" in typed("import", "--shipped", "risky")
    assert "risky (shipped)" not in typed("list")
    lines = json.loads(typed("list", "--json"))
    assert [line["code"] for line in lines if not line["is_shipped"]] == ["risky", "sme-standard"]
    for words in (["--shipped", "none"], [], ["--shipped", "risky", __file__]):
        done = CliRunner().invoke(amiable, ["scenario", "import", *words])
        assert done.exit_code == 2


def test_schema_is_printed():
    assert json.loads(typed("schema")) == scenario_schema()
    assert "version" not in scenario_schema()["required"]


@pytest.mark.django_db
def test_example_of_the_howto_is_a_scenario():
    page = (ROOT / "docs" / "howto" / "write-a-scenario.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    definition = scenario_parse(example)
    assert scenario_import(factories.organization().id, definition) == (1, True)
    assert scenario_parse(scenario_text(definition)) == definition
