"""Init and check as a user meets them."""

from __future__ import annotations

import pytest

from tests.installation import installation

CHAIN = "audit.every event follows the one before it, unchanged"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One installation for all: tests leave it as they found it."""
    with installation(tmp_path_factory.mktemp("place")) as here:
        here.init()
        yield here


def test_init_refuses_to_guess_what_is_missing(tmp_path):
    with installation(tmp_path) as empty:
        empty.amiable("init", status=2)
        empty.amiable("init", "--name", "X", "--email", "a@b.example", "--iban", "FR00", status=2)
        made = empty.json("init", "--name", "Ça Paie", "--email", "a@b.example")
        assert (made["organization"], made["created"]) == ("ca-paie", True)
        assert len(made["password"]) > 12


def test_init_again_changes_nothing(place):
    assert place.json("init", "--name", "Other", "--email", "b@b.example") == {"created": False}


def test_check_of_a_sound_installation_passes(place):
    report = place.json("check")
    assert report["ok"]
    assert report["broken"] == []
    assert CHAIN in report["invariants"]


def test_check_names_every_broken_invariant(tmp_path):
    with installation(tmp_path) as place:
        _forge(place)
        report = place.json("check", status=1)
    assert [broken["invariant"] for broken in report["broken"]] == [CHAIN]
    assert "content is not what was recorded" in report["broken"][0]["examples"][0]


def _forge(place) -> None:
    place.init()
    place.python(
        "from datetime import date, datetime, UTC\n"
        "from amiable.apps.audit.models import Event\n"
        "Event.objects.create(organization_id=1, kind='x', at=datetime(2026, 1, 1, tzinfo=UTC),"
        " on_date=date(2026, 1, 1), actor='me', hash='forged')\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("AMIABLE_BASE_URL", "nonsense", "amiable.E001"),
        ("AMIABLE_BASE_URL", "https://paie.example.com", "amiable.E002"),
        ("AMIABLE_SMTP_URL", "http://mail.example.com", "amiable.E003"),
        ("AMIABLE_SECRET_KEY", "short", "amiable.E005"),
        ("AMIABLE_SMPT_URL", "smtp://mail.example.com", "amiable.W001"),
    ],
)
def test_check_says_what_is_wrong_with_the_configuration(monkeypatch, name, value, code):
    """In process: the checks read the environment and the settings anew each time."""
    from django.conf import settings

    from amiable.project.checks import check_configuration

    monkeypatch.setenv(name, value)
    if name == "AMIABLE_SMTP_URL":
        monkeypatch.setattr(settings, "CHANNEL_URLS", {"email": value})
    if name == "AMIABLE_BASE_URL":
        monkeypatch.setattr(settings, "BASE_URL", value)
    if name == "AMIABLE_SECRET_KEY":
        monkeypatch.setattr(settings, "SECRET_KEY", value)
    assert code in [message.id for message in check_configuration()]
