"""docs/howto/add-a-channel.md, followed to the letter: a package of somebody else sends for us."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from django.test import Client

from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.sending.routes import configured_routes, route_of
from amiable.apps.messaging.services import messages_freeze, messages_send
from amiable.plugins.registry import plugins
from tests import factories
from tests.apps.messaging_drafts import NOW, draft
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.test_channels import outgoing

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "add-a-channel.md"
TAKEN = (201, '{"id": "wamid.42"}')
SECRET = "ours and the provider's"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", HOWTO.read_text("utf-8"), flags=re.S)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package of the howto as pip leaves it: a module and its .dist-info."""
    (tmp_path / "amiable_whatsapp.py").write_text(blocks("python")[0], "utf-8")
    points = tomllib.loads(blocks("toml")[0])["project"]["entry-points"]
    info = tmp_path / "amiable_whatsapp-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: amiable-whatsapp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
            for group, entries in points.items()
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    plugins.cache_clear()
    yield tmp_path
    plugins.cache_clear()
    sys.modules.pop("amiable_whatsapp", None)


def report(*statuses, secret=SECRET):
    body = json.dumps(
        {"statuses": [{"id": "wamid.42", "status": s, "at": 1795317072} for s in statuses]}
    )
    return Client().post(
        f"/hooks/channels/whatsapp/?secret={secret}", body, content_type="application/json"
    )


@pytest.mark.django_db
def test_channel_of_another_package_carries_our_messages_and_is_told_what_became_of_them(
    installed, settings
):
    assert plugins("channels")["whatsapp"].label == "WhatsApp"
    case = factories.case(factories.customer(factories.creditor(factories.organization())))
    ids = messages_freeze(
        case.organization_id, [draft("reminder_sms", case=case, key="sms-1")], now=NOW
    )
    provider = Gateway(TAKEN)
    settings.HOOK_SECRET = SECRET
    with provider.running() as port:
        settings.CHANNEL_URLS = {"sms": f"whatsapp+http://33937000000:t0ken@127.0.0.1:{port}"}
        for _ in range(2):
            outcomes = messages_send(
                case.organization_id, ids.values(), now=NOW, routes=configured_routes()
            )
            assert [outcome.state for outcome in outcomes.values()] == ["sent"]
        (order,) = provider.requests
        assert [report("read").status_code, report("sent", "read").status_code] == [200, 200]
        assert report("failed", secret="guess").status_code == 403
    assert order.headers["authorization"] == "Bearer t0ken"
    assert json.loads(order.body)["to"] == "+33612345678"
    assert "Atelier Vauban" in json.loads(order.body)["text"]
    assert Message.objects.get().provider_id == "wamid.42"
    kinds = list(DeliveryEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [(TAKEN, "sent"), ((201, "what?"), "unknown"), ((400, "no"), "failed"), ((401, "who"), "retry"),
     ((503, "later"), "retry"), ((500, "oops"), "unknown"), (None, "unknown")],
)  # fmt: skip
def test_channel_of_the_howto_tells_every_failure_apart(installed, answer, state):
    channel = plugins("channels")["whatsapp"]
    with Gateway(answer).running() as port:
        config = channel.configure(f"whatsapp+http://1:t@127.0.0.1:{port}")
        with channel.session(config) as session:
            assert session.send(outgoing("sms")).state == state
    with channel.session(config) as session:  # nobody is there any more
        assert session.send(outgoing("sms")).state == "retry"


def test_address_of_another_package_routes_a_medium_to_it(installed):
    assert route_of("sms", "whatsapp://1:t@provider.example")[0] == "whatsapp"
    for wrong in ("whatsapp://provider.example", "whatsapp:1"):
        with pytest.raises(ValueError, match="whatsapp://NUMBER:TOKEN"):
            route_of("sms", wrong)
    with pytest.raises(ValueError, match="begins with"):
        route_of("letter", "whatsapp://1:t@provider.example")


def test_two_channels_of_the_same_code_are_refused(installed):
    path = installed / "amiable_whatsapp.py"
    path.write_text(path.read_text().replace('code = "whatsapp"', 'code = "smtp"'))
    with pytest.raises(ValueError, match="smtp"):
        plugins("channels")
