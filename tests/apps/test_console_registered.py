"""Registered letters in the console and on the command line."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from amiable.apps.messaging.models import DeliveryEvent, Proof
from amiable.apps.tenants.models import Membership, User
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.test_delivery_events import letter, message

pytestmark = pytest.mark.django_db
NUMBER = "2C12345678901"


def member(organization, role="collector"):
    user = User.objects.create_user(
        f"{role}-{organization.slug}", email=f"{role}@x.example", password="pass-word-1234"
    )
    Membership.objects.create(organization=organization, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def sent(debtor):
    return letter(
        debtor, on_date=timezone.localdate() - timedelta(days=30), subject="Mise en demeure"
    )


def ago(days):
    return (timezone.localdate() - timedelta(days=days)).isoformat()


def test_a_letter_goes_from_the_post_office_to_the_receipt_in_the_console(debtor, sent):
    http = member(debtor.organization)
    page = http.get("/registered/").content.decode()
    assert "Mise en demeure" in page
    assert f'action="/registered/{sent.id}/deposit/"' in page
    answer = http.post(
        f"/registered/{sent.id}/deposit/",
        {
            "number": "2C 123 456 7890 1",
            "deposited_on": ago(29),
            "next": "/registered/?state=to_deposit",
        },
    )
    assert answer.url == "/registered/?state=to_deposit"
    answer = http.post(f"/registered/{sent.id}/event/", {"kind": "presented", "at_on": ago(20)})
    assert answer.url == f"/outbox/{sent.id}/"
    page = http.get("/registered/?state=overdue").content.decode()
    assert NUMBER in page
    http.post(f"/registered/{sent.id}/event/", {"kind": "accepted", "at_on": ago(18)})
    scan = SimpleUploadedFile("AR.pdf", b"%PDF-1.4 x", content_type="text/html")
    http.post(f"/registered/{sent.id}/proof/", {"kind": "receipt", "file": scan})
    paper = Proof.objects.get()
    page = http.get(f"/outbox/{sent.id}/").content.decode()
    assert f"/registered/proofs/{paper.id}/" in page
    file = http.get(f"/registered/proofs/{paper.id}/")
    assert file.content == b"%PDF-1.4 x"
    assert file["Content-Disposition"].startswith("attachment")
    assert file["X-Content-Type-Options"] == "nosniff"


def test_what_is_wrong_is_said_and_nothing_is_noted(debtor, sent):
    http = member(debtor.organization)
    for path, data in (
        ("deposit", {"number": "12"}), ("event", {"kind": "presented", "at_on": ago(-2)}),
        ("event", {"kind": "no", "at_on": ago(2)}), ("event", {"kind": "presented", "at_on": "x"}),
        ("proof", {"kind": "receipt", "file": SimpleUploadedFile("a.pdf", b"MZ")}),
        ("proof", {"kind": "receipt", "file": SimpleUploadedFile("a.pdf", b"")}),
        ("proof", {"kind": "receipt"}),
    ):  # fmt: skip
        answer = http.post(f"/registered/{sent.id}/{path}/", data, follow=True)
        assert [m.level_tag for m in answer.context["messages"]] == ["error"], (path, data)
    assert not DeliveryEvent.objects.exists()
    assert not Proof.objects.exists()


def test_a_reader_and_a_stranger_change_and_see_nothing(debtor, sent):
    reader = member(debtor.organization, "reader")
    assert reader.post(f"/registered/{sent.id}/deposit/", {"number": NUMBER}).status_code == 403
    assert "<form" not in reader.get("/registered/").content.decode().split("<main")[1]
    stranger = member(factories.organization("other"))
    stranger.post(f"/registered/{sent.id}/event/", {"kind": "presented", "at_on": ago(2)})
    assert not DeliveryEvent.objects.exists()
    assert stranger.get(f"/outbox/{sent.id}/").status_code == 404
    paper = Proof.objects.create(
        organization=debtor.organization, message=sent, kind="other", filename="x.pdf",
        content=b"%PDF-", content_type="application/pdf", sha256="0" * 64,
        added_at=timezone.now(), added_by="a",
    )  # fmt: skip
    assert stranger.get(f"/registered/proofs/{paper.id}/").status_code == 404


def test_a_consumers_consent_to_electronic_letters_is_noted_and_taken_back(debtor):
    debtor.kind = "consumer"
    debtor.save()
    factories.invoice(debtor)
    http = member(debtor.organization)
    point = debtor.points.get()
    assert f"/points/{point.pk}/consent/" in http.get(f"/customers/{debtor.pk}/").content.decode()
    http.post(f"/points/{point.pk}/consent/", {"consented_on": ago(3)})
    point.refresh_from_db()
    assert point.registered_consent_on.isoformat() == ago(3)
    http.post(f"/points/{point.pk}/consent/?consented_on=")
    point.refresh_from_db()
    assert point.registered_consent_on is None
    http.post(f"/points/{point.pk}/consent/", {"consented_on": ago(-1)})
    point.refresh_from_db()
    assert point.registered_consent_on is None


def test_an_email_has_no_panel_of_a_letter_and_the_empty_list_teaches(debtor):
    http = member(debtor.organization)
    email = message(debtor)
    assert "what-became" not in http.get(f"/outbox/{email.id}/").content.decode()
    assert "blank-icon" in http.get("/registered/").content.decode()
    assert "blank-icon" in http.get("/registered/?state=refused").content.decode()


def test_the_list_costs_the_same_for_many_letters(debtor, django_assert_max_num_queries):
    http = member(debtor.organization)
    for number in range(40):
        letter(debtor, number, on_date=timezone.localdate())
    http.get("/registered/")
    with django_assert_max_num_queries(26):
        http.get("/registered/")


def test_a_file_of_the_post_is_imported_on_the_page_and_on_the_command_line(debtor, sent, tmp_path):
    http = member(debtor.organization)
    http.post(f"/registered/{sent.id}/deposit/", {"number": NUMBER})
    text = f"Numéro de suivi;Date;Statut\n{NUMBER};{ago(9)};Avisé\n2C99999999999;{ago(9)};Avisé\n"
    upload = SimpleUploadedFile("suivi.csv", text.encode())
    check = {"kind": "tracking", "file": upload, "check": "yes"}
    assert "2C99999999999" in http.post("/imports/file/", check).content.decode()
    assert not DeliveryEvent.objects.exists()
    upload.seek(0)
    http.post("/imports/file/", {"kind": "tracking", "file": upload})
    assert DeliveryEvent.objects.get().kind == "presented"
    path = tmp_path / "suivi.csv"
    path.write_text(text + f"{NUMBER};{ago(5)};Distribué\n", encoding="utf-8")
    run = CliRunner().invoke(
        amiable, ["import", "tracking", str(path), "--json"], standalone_mode=False
    )
    assert run.exception is None
    counts = json.loads(run.stdout)["counts"]
    assert (counts["recorded"], counts["repeated"], counts["passed_over"]) == (1, 1, 1)
    listed = CliRunner().invoke(amiable, ["registered", "list", "--json"], standalone_mode=False)
    (row,) = json.loads(listed.stdout)["letters"]
    assert (row["number"], row["state"], row["presented_on"]) == (NUMBER, "accepted", ago(9))
    shown = CliRunner().invoke(
        amiable, ["registered", "list", "--state", "refused"], standalone_mode=False
    )
    assert shown.stdout.strip() == "no registered letter"
    read = CliRunner().invoke(amiable, ["read", str(path)], standalone_mode=False)
    assert [r["kind"] for r in json.loads(read.stdout)["records"]][-1] == "accepted"
