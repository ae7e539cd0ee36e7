"""Addresses of channels: read by their scheme, and never repeated when they read wrong."""

from __future__ import annotations

import pytest

from amiable.apps.messaging.sending.routes import route_of, routes_from
from amiable.project.checks import check_configuration

WRONG = [
    "smtp://ana:s3cret/word@mail.example:25", "smtp://ana:s3cret@mail.example:port",
    "smtp://ana:s3cret[@mail.example", "smtp://ana:s3cret\u2100@mail.example",
    "ses://AKIA:s3cret/word@eu-west-3", "brevo://:s3cret#word@", "brevo://s3cret@",
    "ses://AKIA:s3cret@eu-west-3?password=s3cret", "mailjet://s3cret:@",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_reads_wrong_shows_nothing_of_its_secret(url, settings):
    with pytest.raises(ValueError, match=r"\w{4}") as refused:
        route_of("email", url)
    assert "s3cret" not in str(refused.value)
    assert len(str(refused.value)) > 20
    settings.CHANNEL_URLS = {**settings.CHANNEL_URLS, "email": url}
    found = [each for each in check_configuration() if each.id == "amiable.E003"]
    assert len(found) == 1
    assert "s3cret" not in str(found)


def test_every_provider_is_reached_by_its_own_scheme():
    for url in ("brevo://:k@", "mailjet://u:k@", "postmark://:k@", "ses://u:k@eu-west-3"):
        code, config = route_of("email", url)
        assert (code, config["scheme"]) == ("email_api", url.partition(":")[0])
    assert routes_from({"email": "BREVO://:k@"}, "")["email"][0] == "email_api"


def test_a_provider_of_email_carries_nothing_else():
    with pytest.raises(ValueError, match="sms begins with"):
        route_of("sms", "brevo://:key@")


MAILGUN = "mailgun://:key@eu"


@pytest.mark.parametrize(
    ("medium", "url", "lacks"),
    [
        ("email", "postmark://:key@", "AMIABLE_HOOK_SECRET"),
        ("email", MAILGUN, "AMIABLE_HOOK_SECRET and signing"),
        ("email", f"{MAILGUN}?signing=k", "AMIABLE_HOOK_SECRET"),
        ("email", "mailersend://:key@", "signing"),
        ("email", "mailersend://:key@?signing=k", ""),
        ("email", "scaleway://p:k@", ""),
        ("email", "smtp://mail.example:25", ""),
        ("sms", "kannel://u:p@127.0.0.1:13013", "AMIABLE_HOOK_SECRET"),
        ("registered_email", "ar24://T:K@app.ar24.fr/api?user=1&otp=JBSWY3DPEHPK3PXP", "AMIABLE_HOOK_SECRET"),
        ("registered_letter", "mercifacteur://ID:K@/?user=17460&from=123456", "webhook"),
    ],
)  # fmt: skip
def test_a_provider_whose_reports_would_be_refused_is_warned_of(medium, url, lacks, settings):
    settings.HOOK_SECRET = ""
    settings.CHANNEL_URLS = {**dict.fromkeys(settings.CHANNEL_URLS, ""), medium: url}
    found = [each.msg for each in check_configuration() if each.id == "amiable.W005"]
    assert [f"{medium}, and {lacks} is missing" in each for each in found] == [True] * bool(lacks)
    settings.HOOK_SECRET = "a long word that nobody guesses"
    left = [each.msg for each in check_configuration() if each.id == "amiable.W005"]
    assert bool(left) == lacks.endswith(("signing", "webhook"))
