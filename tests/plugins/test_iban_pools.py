"""Providers of virtual IBANs: Swan, on a local server that behaves as its documentation says."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from amiable.apps.banking.iban_providers import iban_source, virtual_ibans_fetch
from amiable.apps.payments.models import VirtualIban
from amiable.interfaces.cli.main import amiable
from amiable.plugins.iban_pools import swan
from amiable.plugins.registry import plugins
from tests import factories
from tests.apps.test_virtual_ibans import ibans
from tests.plugins.channels.http_servers import Gateway

PLUGIN = plugins("iban_pools")["swan"]
TODAY = factories.TODAY


class SwanServer:
    """Gives a token to the right client, then pages of the account's virtual IBANs by cursor."""

    def __init__(self, nodes: list[dict]) -> None:
        self.nodes, self.asked = nodes, []

    @contextmanager
    def running(self):
        house = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = house.answer(self.path, dict(self.headers), body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)

    def answer(self, path, headers, body):
        if path == "/oauth2/token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            if form != {
                "client_id": "me",
                "client_secret": "s/cret",
                "grant_type": "client_credentials",
            }:
                return 401, {"error": "invalid_client"}
            return 200, {"access_token": "tok", "token_type": "bearer", "expires_in": 3600}
        if headers.get("Authorization") != "Bearer tok":
            return 401, {"errors": [{"message": "Unauthorized"}]}
        assert path == "/live-partner/graphql"
        asked = json.loads(body)
        self.asked.append(asked["variables"])
        if asked["variables"]["account"] != "acc":
            return 200, {"data": {"account": None}}
        begin = int(asked["variables"]["after"] or 0)
        end = begin + asked["variables"]["first"]
        info = {"hasNextPage": end < len(self.nodes), "endCursor": str(min(end, len(self.nodes)))}
        edges = [{"node": node} for node in self.nodes[begin:end]]
        return 200, {
            "data": {"account": {"virtualIbanEntries": {"pageInfo": info, "edges": edges}}}
        }


def nodes(count: int) -> list[dict]:
    return [
        {"id": f"vib-{n}", "IBAN": iban, "BIC": "SWNBFR22", "status": "Enabled"}
        for n, iban in enumerate(ibans(count))
    ]


def url(port: int, account: str = "acc", secret: str = "s%2Fcret") -> str:
    return f"swan+http://me:{secret}@127.0.0.1:{port}/{account}"


def test_every_page_is_read_and_closed_ones_are_told():
    house = SwanServer([*nodes(250), {**nodes(251)[-1], "status": "Canceled"}])
    with house.running() as port:
        rows = PLUGIN.ibans(PLUGIN.configure(url(port)))
    assert [row.iban for row in rows] == ibans(251)
    assert (rows[0].bic, rows[0].reference, rows[0].is_closed) == ("SWNBFR22", "vib-0", False)
    assert rows[-1].is_closed is True
    assert [asked["after"] for asked in house.asked] == [None, "100", "200"]


@pytest.mark.parametrize(
    ("account", "secret", "says"),
    [("acc", "wrong", "refuses the client id"), ("other", "s%2Fcret", "knows no such account")],
)
def test_what_it_refuses_is_said(account, secret, says):
    with SwanServer(nodes(1)).running() as port, pytest.raises(OSError, match=says) as error:
        PLUGIN.ibans(PLUGIN.configure(url(port, account, secret)))
    assert "wrong" not in str(error.value)


TOKEN = (200, json.dumps({"access_token": "tok"}))
PAGE = {"pageInfo": {"hasNextPage": True, "endCursor": "same"}, "edges": []}


def listed(entries) -> tuple[int, str]:
    return 200, json.dumps({"data": {"account": {"virtualIbanEntries": entries}}})


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([None], "does not answer"),
        ([(500, "")], "answers 500"),
        ([(302, "", {"Location": "http://127.0.0.1/"})], "answers 302"),
        ([(200, "{}")], "no access token"),
        ([(200, json.dumps({"access_token": "a\r\nX: y"}))], "no access token"),
        ([(200, "[1]")], "not what it documents"),
        ([(200, "[" * 100_000)], "no JSON"),
        ([TOKEN, (429, "", {"Retry-After": "60"})], "try again in 60 seconds"),
        ([TOKEN, (200, json.dumps({"errors": [{"message": "Not authorized"}]}))], "Not authorized"),
        ([TOKEN, listed({"edges": 3})], "not the list"),
        ([TOKEN, listed({**PAGE, "edges": [{"node": {}}] })], "not the list"),
        ([TOKEN, listed(PAGE)], "do not end"),
        ([TOKEN, (200, " " * (swan.LARGEST + 1))], "too long"),
    ],
)  # fmt: skip
def test_answers_that_are_none_are_refused_whole(answers, says):
    with Gateway(*answers).running() as port, pytest.raises(OSError, match=says):
        PLUGIN.ibans(PLUGIN.configure(url(port)))


def test_silence_ends_after_the_timeout():
    with Gateway(3).running() as port:
        config = PLUGIN.configure(url(port))
        config["oauth"] = {**config["oauth"], "timeout": 0.2}
        with pytest.raises(OSError, match="does not answer"):
            PLUGIN.ibans(config)


@pytest.mark.parametrize(
    "wrong",
    [
        "swan://me@live/acc",
        "swan://me:secret@live/",
        "swan://me:secret@live/a/b",
        "swan+http://me:secret@swan.example/acc",
        "swan://me:secret@live/acc?environment=moon",
        "swan://me:secret@live/acc?x=1",
        "https://me:secret@live/acc",
    ],
)
def test_an_address_that_cannot_be_understood_is_refused_without_its_secret(wrong):
    with pytest.raises(ValueError, match=r".") as error:
        iban_source(wrong)
    assert "secret" not in str(error.value).replace("CLIENT_SECRET", "").replace("the secret", "")


def test_the_real_servers_are_reached_over_tls_alone():
    config = PLUGIN.configure("swan://me:secret@sandbox/acc")
    assert (config["oauth"]["host"], config["api"]["host"]) == ("oauth.swan.io", "api.swan.io")
    assert config["path"] == "/sandbox-partner/graphql"
    assert config["oauth"]["secure"]
    assert config["api"]["secure"]


@pytest.mark.django_db
def test_the_pool_is_fetched_whole_and_again_without_a_change(settings):
    owner = factories.creditor(factories.organization())
    with SwanServer(nodes(3)).running() as port:
        settings.VIRTUAL_IBAN_URLS = [url(port) + "?organization=acme&creditor=main"]
        arguments = ["virtual-ibans", "fetch", "--json", "--on", "2026-11-20"]
        first = CliRunner().invoke(amiable, arguments, standalone_mode=False)
        again = virtual_ibans_fetch(owner.organization_id, on=TODAY, actor="test")
    told = json.loads(first.stdout)
    assert (first.return_value, told["created"], told["errors"]) == (0, 3, {})
    assert (again.created, again.unchanged) == (0, 3)
    row = VirtualIban.objects.order_by("id").first()
    assert row.source == "swan+http://127.0.0.1/acc"
    shown = CliRunner().invoke(amiable, ["virtual-ibans", "list", "--json"], standalone_mode=False)
    assert [each["state"] for each in json.loads(shown.stdout)["virtual_ibans"]] == ["free"] * 3


@pytest.mark.django_db
def test_a_wrong_iban_of_the_provider_lets_nothing_in(settings):
    owner = factories.creditor(factories.organization())
    wrong = {**nodes(2)[1], "IBAN": "FR7612345678901234567890123"}
    with SwanServer([nodes(1)[0], wrong]).running() as port:
        settings.VIRTUAL_IBAN_URLS = [url(port), "swan://nobody"]
        counts = virtual_ibans_fetch(owner.organization_id, on=TODAY, actor="test")
    assert sorted(counts.errors) == [
        "AMIABLE_VIRTUAL_IBAN_URLS, number 2",
        "swan+http://127.0.0.1/acc",
    ]
    assert not VirtualIban.objects.exists()


@pytest.mark.django_db
def test_a_provider_of_another_organization_is_not_asked(settings):
    owner = factories.creditor(factories.organization())
    factories.organization("other")
    settings.VIRTUAL_IBAN_URLS = ["swan+http://me:s@127.0.0.1:1/acc?organization=other"]
    counts = virtual_ibans_fetch(owner.organization_id, on=TODAY, actor="test")
    assert (counts.providers, counts.errors) == (0, {})
    settings.VIRTUAL_IBAN_URLS = ["swan+http://me:s@127.0.0.1:1/acc"]
    counts = virtual_ibans_fetch(owner.organization_id, on=TODAY, actor="test")
    assert list(counts.errors.values()) == [["say whose: ?organization=SLUG"]]
