"""Strangers, machines and impatient people in front of the payment page."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.db import connection, connections
from django.test import Client, RequestFactory

from amiable.apps.cases.links import LENGTH, links_revoke
from amiable.apps.cases.models import Dispute, Hold, PaymentLink, Promise
from amiable.apps.messaging.models import Reply
from amiable.interfaces.portal import limits
from amiable.interfaces.portal.tickets import ticket, ticket_name
from amiable.project.logs import TokenFilter, scrubbed
from tests import factories
from tests.apps.portal_pages import owing, path_of, send, shown, ticket_of, today

RACE = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="a shared in-memory database does not wait for locks"
)
FORM = "application/x-www-form-urlencoded"
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}


def facts() -> tuple[int, int, int, int]:
    return tuple(model.objects.count() for model in (Promise, Dispute, Hold, Reply))


def week() -> str:
    return (today() + timedelta(days=7)).isoformat()


def test_unknown_expired_and_revoked_links_get_the_very_same_answer(client, case):
    expired, revoked = path_of(case), path_of(case)
    rows = PaymentLink.objects.order_by("id")
    rows.filter(id=rows[0].id).update(expires_on=today() - timedelta(days=1))
    links_revoke(case.organization_id, case.id, link_id=rows[1].id, on=today(), actor="camille")
    answers = [client.get(path) for path in (expired, revoked, f"/p/{'a' * LENGTH}/")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


@pytest.mark.parametrize(
    "end", ["", "later/", "disagree/", "paid/", "told/abc/", "logo/", "statement.pdf",
            "statement.xlsx", "invoices/1/", "no/such/page"],
)  # fmt: skip
def test_without_a_valid_token_every_address_is_missing(client, db, end):
    answer = client.get(f"/p/{'a' * LENGTH}/{end}")
    assert answer.status_code == 404
    assert "Link" not in answer.headers


@pytest.mark.parametrize(
    "token", ["'", "%00", "a" * 5000, "..%2f..", "é" * 22, "%ff%fe", "%f0%9f%92%b6", "-1", " "]
)
def test_strange_tokens_are_missing_and_break_nothing(client, db, token):
    assert client.get(f"/p/{token}/").status_code in {404, 400}


def test_nothing_is_found_in_more_queries_than_something_else(client, case, path):
    links_revoke(case.organization_id, case.id, on=today(), actor="camille")
    from django.test.utils import CaptureQueriesContext

    counts = []
    for address in (path, f"/p/{'b' * LENGTH}/"):
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        counts.append(len(asked))
    assert counts == [1, 1]


def test_a_get_changes_no_fact_however_often_it_is_asked(client, case, path):
    before = case.next_plan_on
    for end in ("", "?chosen=1", "later/", "disagree/", "paid/", "statement.pdf"):
        for agent in ("Mozilla/5.0", "Barracuda", "BitdefenderLinkScanner"):
            assert client.get(f"{path}{end}", headers={"user-agent": agent}).status_code == 200
    assert client.head(path).status_code == 200
    case.refresh_from_db()
    assert facts() == (0, 0, 0, 0)
    assert PaymentLink.objects.get().first_used_on is None
    assert case.next_plan_on == before


def test_touching_the_page_is_noted_once_and_only_with_its_ticket(client, case, path):
    assert client.post(f"{path}used/", "ticket=wrong", content_type=FORM).status_code == 400
    assert PaymentLink.objects.get().first_used_on is None
    sent = urlencode({"ticket": ticket_of(client, f"{path}later/")})
    assert client.post(f"{path}used/", sent, content_type=FORM).status_code == 204
    assert PaymentLink.objects.get().first_used_on == today()


def test_somebody_of_the_house_who_looks_is_not_the_customer(client, case, path, django_user_model):
    client.force_login(django_user_model.objects.create(username="c", email="c@vauban.example"))
    sent = urlencode({"ticket": ticket_of(client, f"{path}later/")})
    assert client.post(f"{path}used/", sent, content_type=FORM).status_code == 204
    assert PaymentLink.objects.get().first_used_on is None


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "trace"])
def test_other_methods_are_refused(client, path, method):
    assert getattr(client, method)(path).status_code == 405
    assert client.post(path).status_code == 405
    assert client.get(f"{path}used/").status_code == 405


def test_the_address_of_paying_opened_by_itself_leads_to_the_first_page(client, path):
    response = client.get(f"{path}pay/")
    assert (response.status_code, response.headers["Location"]) == (302, path)


def test_a_form_without_its_ticket_changes_nothing(client, case, path):
    other = path_of(owing(org=factories.organization("other")))
    theirs = ticket_of(client, f"{other}later/")
    old = signing.dumps([PaymentLink.objects.first().id, "x"], salt="another")
    for wrong in ("wrong", theirs, old, "x" * 10_000, ""):
        sent = urlencode({"ticket": wrong, "kind": "promise", "day": week(), "amount": "10"})
        assert client.post(f"{path}later/", sent, content_type=FORM).status_code == 422
    assert facts() == (0, 0, 0, 0)


def test_a_ticket_ends_after_a_day(monkeypatch):
    made = ticket(7)
    assert ticket_name(made, 7)
    assert ticket_name(made, 8) is None
    assert ticket_name(made[:-1], 7) is None
    monkeypatch.setattr("amiable.interfaces.portal.tickets.GOOD_FOR", -1)
    assert ticket_name(made, 7) is None


def test_large_and_strange_bodies_are_refused_unread(client, path):
    large = b"note=" + b"x" * 30_000
    assert client.post(f"{path}paid/", large, content_type=FORM).status_code == 413
    assert client.post(f"{path}paid/", b"{}", content_type="application/json").status_code == 415
    file = client.post(f"{path}later/", {"note": "x"})  # multipart
    assert file.status_code == 415
    assert facts() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "promise", "day": "2026-99-99", "amount": "10"},
        {"kind": "promise", "day": "other", "other": "x", "amount": "10"},
        {"kind": "promise", "day": week(), "amount": "0"},
        {"kind": "promise", "day": week(), "amount": "-5"},
        {"kind": "promise", "day": week(), "amount": "9" * 40},
        {"kind": "promise", "day": week(), "amount": "1e9"},
        {"kind": "promise", "day": week(), "amount": "10 USD"},
        {"kind": "promise", "day": week(), "amount": "٣"},
        {"kind": "promise", "day": week(), "amount": "10", "note": "x" * 1001},
        {"kind": "promise", "day": week(), "amount": "10", "note": "a\x00b"},
        {"kind": "hardship", "note": "x" * 1001},
        {},
    ],
)
def test_what_cannot_be_is_refused_and_shown_again(client, case, path, fields):
    answer = send(client, f"{path}later/", **fields)
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content
    assert facts() == (0, 0, 0, 0)


def test_an_invoice_of_somebody_else_cannot_be_contested(client, case, path):
    stranger = factories.customer(factories.creditor(factories.organization("other"), "x"), "C9")
    foreign = factories.invoice(stranger)
    for wanted in (foreign.id, 10**30, "x", ""):
        answer = send(client, f"{path}disagree/", item=wanted, reason="price")
        assert answer.status_code == 422
    assert facts() == (0, 0, 0, 0)


def test_what_was_said_is_shown_behind_its_own_case_only(client, case, path):
    place = send(client, f"{path}later/", kind="hardship").headers["Location"]
    name = place.rstrip("/").rpartition("/")[2]
    other = path_of(owing(org=factories.organization("other")))
    assert client.get(f"{other}told/{name}/").status_code == 404


def test_every_answer_carries_the_headers_that_keep_it_apart(client, path):
    for address in (path, f"{path}later/", f"{path}statement.pdf", "/p/none/", "/p/a/b/c"):
        answer = client.get(address)
        assert HEADERS.items() <= dict(answer.headers).items(), address
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
        assert not answer.cookies


def test_somebody_who_tries_many_tokens_is_stopped_and_others_are_not(client, path, monkeypatch):
    monkeypatch.setattr(limits.MISSES, "most", 5)
    tried = [client.get(f"/p/{number:022d}/").status_code for number in range(6)]
    assert tried[0] == 404
    assert tried[-1] == 429
    assert client.get(path).status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.9").get("/p/none/").status_code == 404


def test_one_page_cannot_be_asked_without_end(path, monkeypatch):
    monkeypatch.setattr(limits.BY_TOKEN, "most", 3)
    codes = [Client(REMOTE_ADDR=f"192.0.2.{n}").get(path).status_code for n in range(4)]
    assert codes == [200, 200, 200, 429]


def test_one_address_cannot_ask_without_end(client, path, monkeypatch):
    monkeypatch.setattr(limits.BY_ADDRESS, "most", 3)
    assert [client.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/p/none/").status_code == 429  # nothing is told of it either


def test_forms_are_counted_by_link(client, path, monkeypatch):
    monkeypatch.setattr(limits.FORMS, "most", 2)
    codes = [
        client.post(f"{path}paid/", "ticket=x", content_type=FORM).status_code
        for _ in range(limits.FORMS.most + 1)
    ]
    assert (codes[0], codes[-1]) == (422, 429)


def test_what_breaks_says_so_kindly_and_tells_nothing(client, path, monkeypatch):
    monkeypatch.setattr("amiable.interfaces.portal.guard.portal_page", lambda *a, **k: 1 / 0)
    answer = client.get(path)
    assert answer.status_code == 500
    assert "Un problème est survenu".encode() in answer.content
    assert HEADERS.items() <= dict(answer.headers).items()
    assert b"ZeroDivision" not in answer.content


def test_a_window_begins_anew_and_memory_is_bounded(monkeypatch):
    limit = limits.Limit(most=1, seconds=10)
    assert [limit.allows("a", now=100.0) for _ in range(2)] == [True, False]
    assert limit.allows("a", now=110.0)
    monkeypatch.setattr(limits, "MOST_KEPT", 50)
    for number in range(500):
        limit.allows(str(number), now=111.0)
    assert len(limit.counts) <= 50


def test_who_asks_is_told_by_as_many_proxies_as_there_are(settings):
    def asked(remote: str, forwarded: str = "") -> str:
        headers = {"x-forwarded-for": forwarded} if forwarded else {}
        return limits.address_of(RequestFactory(headers=headers).get("/", REMOTE_ADDR=remote))

    assert asked("198.51.100.7", "1.2.3.4") == "198.51.100.7"  # anybody can write this header
    settings.PROXIES = 1
    assert asked("127.0.0.1", "9.9.9.9, 198.51.100.7") == "198.51.100.7"
    assert asked("127.0.0.1") == "127.0.0.1"
    assert asked("2001:db8::1:2:3:4") == asked("2001:db8::9:9:9:9")
    assert asked("no address") == "no address"


def test_tokens_never_reach_a_log(client, path, caplog):
    token = path.split("/")[2]
    handler = logging.StreamHandler(stream := __import__("io").StringIO())
    handler.addFilter(TokenFilter())
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        client.get(f"{path}told/none/")
        client.put(path)
        client.get(f"{path}nothing/here")
        try:
            raise ValueError(f"boom at {path}")
        except ValueError:
            logger.exception("while %s", path)
    finally:
        logger.removeHandler(handler)
    assert "boom at /p/…/" in stream.getvalue()
    assert token not in stream.getvalue()
    assert "/p/color/1f4e79.css" in scrubbed("GET /p/color/1f4e79.css")


def test_every_handler_of_the_installation_leaves_tokens_out(settings):
    handlers = settings.LOGGING["handlers"]
    assert all("tokens" in handler["filters"] for handler in handlers.values())
    assert settings.LOGGING["loggers"]["django"]["handlers"] == []


@RACE
@pytest.mark.django_db(transaction=True)
def test_two_promises_at_the_same_moment_are_one(client):
    case = owing()
    path = path_of(case)
    tickets = [ticket_of(client, f"{path}later/") for _ in range(2)]
    codes: list[int] = []
    gate = threading.Barrier(2)

    def promise(used: str) -> None:
        try:
            gate.wait()
            answer = send(
                Client(), f"{path}later/", ticket=used, kind="promise", day=week(), amount="1550"
            )
            codes.append(answer.status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=promise, args=(used,)) for used in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 422]
    assert (Promise.objects.count(), Reply.objects.count()) == (1, 1)


@RACE
@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_the_same_moment_is_said_once(client):
    case = owing()
    path = path_of(case)
    used = ticket_of(client, f"{path}later/")
    codes: list[int] = []
    gate = threading.Barrier(3)

    def ask() -> None:
        try:
            gate.wait()
            codes.append(send(Client(), f"{path}later/", ticket=used, kind="hardship").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [303, 303, 303]
    assert (Hold.objects.count(), Reply.objects.count()) == (1, 1)
    assert shown(client, path)
