"""Logo, signature and envelopes of a creditor: taken in safely, seen on what leaves."""

from __future__ import annotations

import json
import struct
import zlib
from email import message_from_bytes, policy

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.queries import MESSAGE_POLICY, message_parts
from amiable.apps.messaging.services import messages_freeze
from amiable.apps.tenants.brand import brand_change, brand_rows, picture_content
from amiable.apps.tenants.models import Creditor
from amiable.apps.tenants.settings import SettingsError
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps.messaging_drafts import NOW, draft
from tests.browser.portfolio import member
from tests.factories import TODAY
from tests.plugins.pictures import png

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "m@x.example"}
LOGO = png(120, 40)


@pytest.fixture
def creditor():
    return factories.creditor(factories.organization())


def change(creditor, **values):
    return brand_change(creditor.organization_id, creditor.id, values, **WHO)


def test_brand_is_kept_audited_and_taken_away(creditor):
    assert change(creditor, logo=LOGO, brand_color="#AA2200", letter_window="din") == (
        "logo", "brand_color", "letter_window")  # fmt: skip
    (row,) = brand_rows(creditor.organization_id)
    assert (row.has_logo, row.brand_color, row.letter_window) == (True, "#aa2200", "din")
    event = Event.objects.get(kind="creditor.brand_changed")
    assert event.actor == "m@x.example"
    assert len(event.payload["changes"]["logo"][1]) == 64  # a digest, no picture
    assert change(creditor, logo=LOGO) == ()
    assert change(creditor, logo=b"") == ("logo",)
    assert picture_content(creditor.organization_id, creditor.id, "logo") is None


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"logo": b"GIF89a"}, "picture.kind"),
        ({"signature_image": LOGO[:-20]}, "picture.broken"),
        ({"brand_color": "red"}, "brand.color"),
        ({"sender_email": "x@"}, "brand.sender"),
        ({"letter_window": "1,2,3,4"}, "window.outside"),
        ({"letter_window": "mine"}, "window.unknown"),
        ({"sms_sender": "36123"}, "sms.sender_advertising"),
        ({"claims_from": "friendly"}, "brand.claims"),
        ({"late_rate_bp": "0"}, "brand.rate"),
        ({"late_rate_bp": "12,345"}, "brand.rate"),
        ({"late_rate_bp": "101"}, "brand.rate"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_written(creditor, values, code):
    with pytest.raises(SettingsError) as refused:
        change(creditor, **{"brand_color": "#010203", **values})
    ((name, sentence),) = refused.value.problems.items()
    assert (name, sentence.code) == (next(iter(values)), code)
    assert str(sentence)
    assert brand_rows(creditor.organization_id)[0].brand_color != "#010203"


def test_claims_are_chosen_with_the_rate_of_the_sales_terms_or_of_the_law(creditor):
    assert change(creditor, claims_from="formal", late_rate_bp="12,5 %", sms_sender="VAUBAN") == (
        "claims_from", "late_rate_bp", "sms_sender")  # fmt: skip
    (row,) = brand_rows(creditor.organization_id)
    assert (row.claims_from, row.late_rate_bp, row.sms_sender) == ("formal", 1250, "VAUBAN")
    assert change(creditor, late_rate_bp="", claims_from="") == ("late_rate_bp", "claims_from")
    assert brand_rows(creditor.organization_id)[0].late_rate_bp is None


def test_creditor_of_another_organization_is_not_found(creditor):
    other = factories.organization("other")
    with pytest.raises(LookupError):
        brand_change(other.id, creditor.id, {"logo": LOGO}, **WHO)
    assert picture_content(other.id, creditor.id, "logo") is None


def frozen(creditor, template, **fields):
    case = factories.case(factories.customer(creditor))
    wanted = draft(template, case=case, key="k", **{"creditor_id": creditor.id, **fields})
    messages_freeze(creditor.organization_id, [wanted], now=NOW)
    return Message.objects.get(organization_id=creditor.organization_id)


def test_email_carries_the_logo_and_is_shown_with_it(creditor):
    change(creditor, logo=LOGO)
    message = frozen(creditor, "reminder_1")
    mail = message_from_bytes(bytes(message.content), policy=policy.default)
    images = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    html = mail.get_body(("html",)).get_content()
    assert f'src="cid:{images[0]["Content-ID"][1:-1]}"' in html
    parts = message_parts(creditor.organization_id, message.id)
    assert 'src="data:image/png;base64,' in parts.html
    assert "cid:" not in parts.html
    assert parts.attachments == []
    assert "img-src data:" in MESSAGE_POLICY


def test_email_without_a_logo_has_no_picture(creditor):
    message = frozen(creditor, "reminder_1")
    assert b"image/" not in bytes(message.content)


def test_agency_shows_no_picture_of_the_creditor(creditor):
    change(creditor, logo=LOGO)
    creditor.organization.is_agency = True
    creditor.organization.save()
    assert b"image/" not in bytes(frozen(creditor, "reminder_1").content)


def test_letter_is_laid_out_for_the_window_of_its_creditor(creditor):
    creditor.organization.letter_window = "edics"
    creditor.organization.save()
    first = frozen(creditor, "reminder_firm")
    change(creditor, letter_window="din")
    case = Case.objects.get()
    wanted = draft("reminder_firm", case=case, key="k2", creditor_id=creditor.id)
    messages_freeze(creditor.organization_id, [wanted], now=NOW)
    second = Message.objects.exclude(id=first.id).get()
    assert first.text == second.text
    assert bytes(first.content) != bytes(second.content)


# Pages and commands


@pytest.fixture
def manager(creditor) -> Client:
    client = Client()
    client.force_login(member(creditor.organization, "manager@vauban.example", "manager"))
    return client


def test_manager_changes_the_look_and_a_reader_does_not(creditor, manager):
    page = f"/settings/creditors/{creditor.id}/"
    data = {"brand_color": "#123456", "sender_email": "relance@vauban.example", "letter_window": "",
            "claims_from": "formal", "late_rate_bp": "12,40",
            "logo": SimpleUploadedFile("logo.png", LOGO, "image/png")}  # fmt: skip
    assert manager.post(f"{page}save/", data).status_code == 302
    creditor.refresh_from_db()
    assert (creditor.brand_color, creditor.sender_email) == ("#123456", "relance@vauban.example")
    assert (creditor.claims_from, creditor.late_rate_bp) == ("formal", 1240)
    assert b'value="12,40"' in manager.get(page).content
    shown = manager.get(f"{page}logo/")
    assert shown["Content-Type"] == "image/png"
    assert manager.get(f"{page}name/").status_code == 404
    reader = Client()
    reader.force_login(member(creditor.organization, "reader@vauban.example", "reader"))
    assert reader.get(page).status_code == 200
    assert reader.post(f"{page}save/", data).status_code == 403
    stranger = Client()
    stranger.force_login(member(factories.organization("other"), "x@y.example", "manager"))
    assert stranger.get(page).status_code == stranger.get(f"{page}logo/").status_code == 404


def test_bad_picture_is_said_at_its_field(creditor, manager):
    data = {"brand_color": "#123456", "logo": SimpleUploadedFile("x.png", b"<svg/>", "image/png")}
    answer = manager.post(f"/settings/creditors/{creditor.id}/save/", data)
    assert answer.status_code == 422
    assert b"brand-logo_error" in answer.content
    assert Creditor.objects.get(id=creditor.id).brand_color != "#123456"


def test_window_is_a_setting_with_a_test_page(creditor, manager):
    assert manager.post("/settings/letters/", {"letter_window": "1,1,1,1"}).status_code == 422
    assert manager.post("/settings/letters/", {"letter_window": "DIN"}).status_code == 302
    creditor.organization.refresh_from_db()
    assert creditor.organization.letter_window == "din"
    page = manager.get("/settings/letters/test-page/")
    assert page.content.startswith(b"%PDF")
    assert manager.get("/settings/letters/test-page/?creditor=nobody").status_code == 404


def call(*arguments):
    return CliRunner().invoke(amiable, arguments, standalone_mode=False)


def test_command_sets_the_look_and_writes_the_test_page(creditor, tmp_path):
    logo, page = tmp_path / "logo.png", tmp_path / "page.pdf"
    logo.write_bytes(LOGO)
    done = call("letter", "brand", creditor.code, "--logo", str(logo), "--window", "din", "--json")
    assert json.loads(done.stdout)["changed"] == ["logo", "letter_window"]
    done = call("letter", "brand", creditor.code, "--logo", "off", "--color", "blue", "--json")
    assert "brand_color" in json.loads(done.stdout)["errors"]
    assert done.return_value == 1
    assert Creditor.objects.get().logo
    done = call("letter", "test-page", "--creditor", creditor.code, "-o", str(page), "--json")
    assert json.loads(done.stdout) == {"file": str(page), "window": "din"}
    assert page.read_bytes().startswith(b"%PDF")
    assert call("letter", "test-page", "--window", "9,9,9,9", "-o", str(page)).return_value == 1


def test_picture_is_unpacked_only_within_its_announced_size(creditor):
    """A bomb: 40 bytes of header announce little, the data would unpack to 100 MB."""
    bomb = zlib.compress(b"\0" * 100_000_000, 9)
    chunk = struct.pack(">I", len(bomb)) + b"IDAT" + bomb
    chunk += struct.pack(">I", zlib.crc32(b"IDAT" + bomb))
    at = LOGO.index(b"IDAT") - 4
    end = LOGO.index(b"IEND") - 4
    with pytest.raises(SettingsError) as refused:
        change(creditor, logo=LOGO[:at] + chunk + LOGO[end:])
    assert refused.value.problems["logo"].code == "picture.broken"
