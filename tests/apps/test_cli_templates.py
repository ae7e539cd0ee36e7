"""`amiable template`: texts out as files and in again, refused with every problem at its line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from amiable.apps.messaging.models import Template
from amiable.interfaces.cli.main import amiable
from tests import factories

pytestmark = pytest.mark.django_db

TEXT = (
    "Objet\n{{ hello }}\n\nMerci de régler.\n\n{{ invoices }}\n\n{{ payment }}\n\n{{ signature }}\n"
)


@pytest.fixture
def owner():
    return factories.creditor(factories.organization())


def template(*arguments: str):
    return CliRunner().invoke(amiable, ["template", *arguments], standalone_mode=False)


@pytest.fixture
def file(owner, tmp_path):
    path = tmp_path / "fr" / "reminder_1.email.liquid"
    path.parent.mkdir()
    path.write_text(TEXT, "utf-8")
    return path


def test_text_goes_in_as_a_file_and_comes_out_the_same(file, tmp_path):
    first = json.loads(template("import", str(file), "--json").stdout)
    assert first == {"files": [{"file": str(file), "version": 1, "created": True}]}
    again = json.loads(template("import", str(file), "--json").stdout)
    assert again["files"][0]["created"] is False
    out = tmp_path / "out"
    files = json.loads(template("export", str(out), "--json").stdout)["files"]
    assert files == [str(out / "fr" / "reminder_1.email.liquid")]
    assert (out / "fr" / "reminder_1.email.liquid").read_text("utf-8") == TEXT


def test_shipped_texts_come_out_to_start_from_and_pass_the_check(file, tmp_path):
    out = tmp_path / "out"
    files = json.loads(template("export", str(out), "--shipped", "--json").stdout)["files"]
    assert len(files) == 114
    checked = template("check", str(out / "en" / "courtesy_1.email.liquid"))
    assert (checked.return_value, checked.stdout) == (0, "Nothing is wrong.\n")


def test_list_and_show_say_whose_text_it_is(owner, file):
    assert "reminder_1 email: fr shipped, en shipped" in template("list").stdout
    assert template("show", "reminder_1").stdout.startswith("shipped\n")
    template("import", str(file), "--creditor", "main")
    listed = template("list").stdout
    assert f"creditor {owner.pk}, fr" in listed
    shown = json.loads(template("show", "reminder_1", "--creditor", "main", "--json").stdout)
    assert (shown["version"], shown["text"]) == (1, TEXT)
    assert [each["version"] for each in shown["versions"]] == [1]
    general = json.loads(template("show", "reminder_1", "--json").stdout)
    assert (general["version"], general["from"]) == (0, None)


def test_refused_file_names_every_problem_and_the_others_are_kept(file):
    broken = file.with_name("reminder_2.email.liquid")
    broken.write_text("Objet\n{{ montant }}\n{% if deadline %}\n", "utf-8")
    told = template("import", str(broken), str(file))
    assert told.return_value == 1
    assert f"{broken}:2:4: error: There is no value “montant”; did you mean total?" in told.stdout
    assert f"{broken}:3:3: error:" in told.stdout
    assert list(Template.objects.values_list("code", flat=True)) == ["reminder_1"]
    found = json.loads(template("check", str(broken), "--json").stdout)["files"][0]["problems"]
    assert found[0]["code"] == "text_problem.unknown_field_near"
    assert (found[0]["line"], found[0]["column"]) == (2, 4)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("reminder_1.txt", b"x", "is not named"),
        ("unknown.email.liquid", b"x", "no text unknown"),
        ("reminder_1.sms.liquid", b"x", "no text reminder_1 by sms"),
        ("reminder_1.email.liquid", b"\xff\xfe", "no text in UTF-8"),
    ],
)
def test_file_that_is_no_text_is_wrong_use(file, name, content, said):
    other = file.with_name(name)
    other.write_bytes(content)
    assert said in str(template("check", str(other)).exception)


def test_unknown_creditor_is_wrong_use(file):
    told = template("import", str(file), "--creditor", "nobody")
    assert "there are: main" in str(told.exception)
