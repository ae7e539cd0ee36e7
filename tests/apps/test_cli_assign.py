"""`amiable assign`: rules as a file, a preview, a move; nonsense refused with what is wrong."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from amiable.apps.dunning.models import AssignmentRule, Enrollment
from amiable.apps.dunning.planning import plan_tick
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.test_enrollments import shipped
from tests.factories import TODAY

pytestmark = pytest.mark.django_db

RULES = """
- scenario: public-bodies
  when: {kinds: [public]}
- scenario: risky
  when:
    segments: [à surveiller]
    min_amount_minor: 50000
"""


@pytest.fixture
def organization():
    owner = factories.creditor(factories.organization())
    shipped(owner.organization)
    row = factories.customer(owner, segment="à surveiller")
    factories.invoice(row, due=TODAY - timedelta(days=9))
    plan_tick(owner.organization_id, on=TODAY)
    return owner.organization


def assign(*arguments: str):
    return CliRunner().invoke(
        amiable, ["assign", *arguments, "--on", TODAY.isoformat()], standalone_mode=False
    )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    return path


def test_rules_go_in_as_a_file_and_come_out_the_same(organization, file):
    assert json.loads(assign("set", str(file), "--json").stdout) == {"rules": 2, "warnings": []}
    listed = json.loads(assign("list", "--json").stdout)
    assert listed["rules"] == json.loads(assign("export", "--json").stdout)
    assert listed["cases"][0]["code"] == "sme-standard"
    file.write_text(assign("export").stdout, "utf-8")
    assert json.loads(assign("set", str(file), "--json").stdout) == {"rules": 2, "warnings": []}
    assert "2. risky: segment à surveiller, at least 500.00 EUR open" in assign("list").stdout


def test_a_preview_writes_nothing_and_the_move_does_what_it_said(organization, file):
    assign("set", str(file))
    seen = json.loads(assign("preview", "--json").stdout)
    assert seen["cases"] == 1
    assert sum(seen["next_contact"].values()) == 1
    assert Enrollment.objects.get().scenario.code == "sme-standard"
    assert "1 case would move" in assign("preview").stdout
    assert json.loads(assign("move", "--json").stdout) == {"moved": 1}
    assert Enrollment.objects.get().scenario.code == "risky"


def test_a_preview_says_why_cases_are_left_alone(organization):
    Enrollment.objects.update(is_manual=True)
    said = assign("preview", "--to", "risky").stdout
    assert "0 cases would move" in said
    assert "1 case left alone: chosen by a person, or drawn for the running experiment" in said
    document = json.loads(assign("preview", "--to", "risky", "--json").stdout)
    assert document["left_alone"] == 1


def test_a_move_names_cases_and_target(organization):
    nothing = assign("move", "--to", "good-payers", "--from", "risky", "--json")
    assert json.loads(nothing.stdout) == {"moved": 0}
    some = assign("move", "--to", "good-payers:1", "--from", "sme-standard:1", "--json")
    assert json.loads(some.stdout) == {"moved": 1}


@pytest.mark.parametrize("target", ["nowhere", "risky:9", "risky:x"])
def test_an_unknown_target_is_wrong_use(organization, target):
    result = assign("preview", "--to", target)
    assert isinstance(result.exception, Exception)
    assert target.split(":")[-1] in str(result.exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {scenario: nowhere}", "there is no scenario nowhere"),
        ("- {scenario: risky, when: {colour: red}}", "there is no field colour"),
        ("scenario: risky", "is a list of rules"),
        ("", "is a list of rules, not nothing"),
        ("- {scenario: risky, since: 2020}", "there is no field since"),
        ("- {when: {kinds: [public]}}", "scenario is missing"),
        ("- {scenario: risky, when: everybody}", "when: fields with their values"),
        ("a: &a [x]\nb: *a", "Aliases"),
        ("[" * 3000, "deeper"),
        ("[" * 40_000 + "]" * 40_000, "deeper"),
        ("- {scenario: risky, scenario: soft}", "Line 1: scenario is written twice"),
        ("- 2026-02-30", "YAML"),
        ("- " + "9" * 5000, "YAML"),
        ("x" * 200_001, "characters"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused_with_what_is_wrong(
    organization, tmp_path, text, said
):
    path = tmp_path / "rules.yaml"
    path.write_text(text, "utf-8")
    result = assign("set", str(path), "--json")
    assert result.return_value == 1
    problems = json.loads(result.stdout)["problems"]
    assert said in " ".join(each["message"] for each in problems)
    assert all(each["remedy"] for each in problems)
    assert all(each["line"] for each in problems if each["code"] != "scenario.too_long")
    assert not AssignmentRule.objects.exists()


@pytest.mark.parametrize("command", ["preview", "move"])
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--segment=surveillé", "No customer has the segment surveillé; there are: à surveiller."),
        ("--creditor=nobody", "There is no creditor nobody; there are: main."),
        (
            "--from=nowhere",
            "There is no scenario nowhere; there are: after-broken, agency-45-days,",
        ),
        ("--from=risky:9", "There is no scenario risky:9; there are: risky:1."),
        ("--from=:1", "':1' names no scenario: write CODE:NUMBER"),
        ("--from=risky:", "'' is not a version: write CODE:NUMBER"),
        ("--rules-give=nowhere", "There is no scenario nowhere; there are:"),
        ("--to=nowhere", "There is no scenario nowhere; there are:"),
    ],
)
def test_a_name_that_does_not_exist_is_wrong_use_and_not_zero_cases(
    organization, command, option, said
):
    done = assign(command, option)
    assert done.exception.exit_code == 2
    assert said in str(done.exception)


WRONG_RULES = """\
- scenario: risky
  when:
    segments: [à surveiller]
    min_score: 101
- scenario: nowhere
  since: 2020
- when: {max_amount_minor: 5, min_amount_minor: 9}
"""


def test_every_problem_of_a_file_of_rules_says_its_line(organization, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(WRONG_RULES, "utf-8-sig")
    problems = json.loads(assign("set", str(path), "--json").stdout)["problems"]
    assert [(each["step"], each["line"], each["field"]) for each in problems] == [
        (1, 4, "when.min_score"),
        (2, 6, "since"),
        (2, 5, "scenario"),
        (3, 7, "scenario"),
        (3, 7, "when.min_amount_minor"),
    ]
    said = assign("set", str(path)).stdout
    assert f"{path}:4: rule 1, when: min_score must be between 0 and 100" in said


def test_rules_go_through_a_pipe_and_back_unchanged(organization, file):
    assign("set", str(file))
    exported = assign("export").stdout
    done = CliRunner().invoke(
        amiable, ["assign", "set", "-"], input=exported, standalone_mode=False
    )
    assert done.return_value == 0
    assert assign("export").stdout == exported
    nothing = CliRunner().invoke(amiable, ["assign", "set", "-"], input="[]\n")
    assert "0 rules set" in nothing.output
    assert assign("export").stdout == "[]\n"


def test_a_rule_that_nobody_can_meet_yet_is_kept_with_a_warning(organization, file):
    file.write_text(RULES.replace("à surveiller", "A SURVEILLER"), "utf-8")
    said = "rule 2: no customer has A SURVEILLER in segments yet; there are: à surveiller."
    assert json.loads(assign("set", str(file), "--json").stdout) == {"rules": 2, "warnings": [said]}
    assert f"Warning: {said}" in assign("set", str(file)).stdout
    assert AssignmentRule.objects.count() == 2


def test_a_kind_of_customer_that_does_not_exist_is_wrong_use(organization):
    assert "'consumer'" in str(assign("move", "--kind", "consommateur").exception)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_counted_from_is_wrong_use(day):
    result = CliRunner().invoke(amiable, ["plan", "--on", day], standalone_mode=False)
    assert "is not between 1900 and 2199" in str(result.exception)
