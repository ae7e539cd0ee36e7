"""Codes before a signature: attacked, raced, sent once, shown to nobody but who receives them."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import connection
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases import codes
from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.links import Link, link_find, links_revoke
from amiable.apps.cases.models import PlanProposal, PortalCode, Promise
from amiable.apps.cases.policies import policy_set
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.confirming.codes import code_points, code_send
from amiable.apps.dunning.writing.portal import portal_page
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.queries import message_parts, thread_ids
from amiable.apps.messaging.sending.routes import routes_from
from amiable.apps.payments.debits.models import Mandate
from amiable.apps.tenants.models import Creditor, Organization
from amiable.core.plans import Policy
from amiable.core.sentences import Sentence
from amiable.interfaces.portal import limits
from tests.apps.portal_codes import code_in, hidden, last_code, typed
from tests.apps.portal_pages import owing, path_of, send, shown, today
from tests.plugins.smtp_servers import Rogue, keeper

pytestmark = pytest.mark.django_db
NOW = timezone.now()
EMAIL = codes.Address("email", "ap@client.example", "a•••@c•••.example")


@pytest.fixture
def case():
    found = owing(ics="FR72ZZZ123456", phone="04 72 00 00 00")
    policy_set(
        found.organization_id, Policy("automatic", least_part_minor=10_000), creditor_id=None,
        segment="", on=today(), actor="camille",
    )  # fmt: skip
    return found


@pytest.fixture
def link(case) -> Link:
    return link_of(path_of(case))


def link_of(path: str) -> Link:
    found = link_find(path.split("/")[2], on=today())
    assert found
    return found


def drawn(link: Link, *, purpose="plan", ticket="t1", now=NOW, to=EMAIL) -> str:
    return codes.code_draw(link, purpose, to=to, ticket=ticket, now=now).code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def code_of(result: str | Sentence) -> str:
    """The code of a refusal; "" = a proof was given."""
    return "" if isinstance(result, str) else result.code


def asking(client, path: str) -> str:
    """The page that asks where the code of a plan goes."""
    fields = hidden(shown(client, f"{path}plan/?count=3"))
    answer = send(client, f"{path}plan/", **fields)
    assert answer.status_code == 200
    return answer.content.decode()


def test_five_guesses_and_no_sixth_even_of_the_right_code(link):
    code = drawn(link)
    results = [codes.code_try(link, "plan", typed=wrong(code), now=NOW) for _ in range(5)]
    assert [code_of(each) for each in results] == ["code.wrong"] * 4 + ["code.wait"]
    assert code_of(codes.code_try(link, "plan", typed=code, now=NOW)) == "code.wait"
    assert Event.objects.filter(kind="code.locked").count() == 1


def test_after_five_guesses_the_link_waits_whatever_the_purpose_then_goes_on(link):
    code = drawn(link)
    for _ in range(5):
        codes.code_try(link, "plan", typed=wrong(code), now=NOW)
    with pytest.raises(CaseError) as refusal:
        drawn(link, purpose="mandate", ticket="t2")
    assert refusal.value.sentence.code == "code.wait"
    later = NOW + codes.WAIT + timedelta(seconds=1)
    code = drawn(link, ticket="t3", now=later)
    assert code_of(codes.code_try(link, "plan", typed=code, now=later)) == ""


def test_a_code_serves_once_and_its_proof_signs_once(link):
    code = drawn(link)
    proof = codes.code_try(link, "plan", typed=f" {code[:3]} {code[3:]} ", now=NOW)
    assert code_of(codes.code_try(link, "plan", typed=code, now=NOW)) == "code.none"
    assert codes.code_spend(link, "plan", proof=proof, now=NOW).address == "a•••@c•••.example"
    assert not codes.code_proven(link, "plan", proof=proof, now=NOW)
    with pytest.raises(CaseError):
        codes.code_spend(link, "plan", proof=proof, now=NOW)


def test_a_code_is_over_after_ten_minutes_and_a_proof_after_thirty(link):
    code = drawn(link)
    assert (
        code_of(codes.code_try(link, "plan", typed=code, now=NOW + codes.GOOD_FOR)) == "code.none"
    )
    proof = codes.code_try(link, "plan", typed=code, now=NOW + timedelta(minutes=9))
    assert codes.code_proven(link, "plan", proof=proof, now=NOW + timedelta(minutes=38))
    assert not codes.code_proven(link, "plan", proof=proof, now=NOW + timedelta(minutes=40))


def test_code_and_proof_are_of_one_link_and_one_purpose(case, link):
    other, narrow = link_of(path_of(case)), link_of(path_of(case))
    code = drawn(link)
    assert code_of(codes.code_try(other, "plan", typed=code, now=NOW)) == "code.none"
    assert code_of(codes.code_try(link, "mandate", typed=code, now=NOW)) == "code.none"
    proof = codes.code_try(link, "plan", typed=code, now=NOW)
    assert not codes.code_proven(narrow, "plan", proof=proof, now=NOW)
    assert not codes.code_proven(link, "mandate", proof=proof, now=NOW)
    forged = replace(link, organization_id=link.organization_id + 1)
    assert not codes.code_proven(forged, "plan", proof=proof, now=NOW)
    for bad in ("", "x", proof[:-1], proof + "x", proof.swapcase()):
        assert not codes.code_proven(link, "plan", proof=bad, now=NOW)


def test_a_newer_code_ends_the_one_before(link):
    first = drawn(link)
    second = drawn(link, ticket="t2")
    if first != second:
        assert code_of(codes.code_try(link, "plan", typed=first, now=NOW)) == "code.wrong"
    assert code_of(codes.code_try(link, "plan", typed=second, now=NOW)) == ""


def test_nothing_of_a_code_is_kept_but_a_keyed_digest(link, settings):
    code = drawn(link)
    row = PortalCode.objects.get()
    kept = " ".join(str(getattr(row, field.name)) for field in PortalCode._meta.fields)
    assert code not in kept.replace(row.digest, "").replace(row.point, "")
    assert "client.example" not in kept
    settings.SECRET_KEY = "another key"
    assert code_of(codes.code_try(link, "plan", typed=code, now=NOW)) == "code.wrong"


def test_codes_are_compared_in_constant_time(link, monkeypatch):
    compared = []

    def watched(left, right):
        compared.append((len(left), len(right)))
        return left == right

    monkeypatch.setattr(codes, "constant_time_compare", watched)
    code = drawn(link)
    for each in (wrong(code), "", "1" * 5000, "٣٣٣٣٣٣", code):
        codes.code_try(link, "plan", typed=each, now=NOW)
    assert compared == [(64, 64)] * 5  # digests of one length, whatever was typed


def test_a_storm_of_requests_sends_three_and_ten_a_day(link):
    sent = 0
    for minute in range(0, 24 * 60, 4):
        with suppress(CaseError):
            drawn(link, ticket=f"t{minute}", now=NOW + timedelta(minutes=minute))
            sent += 1
        assert sent <= 3 or minute >= 15
    assert sent == 10


def test_an_address_is_spared_whatever_link_asks(case):
    for turn in range(3):
        drawn(link_of(path_of(case)), ticket=f"t{turn}")
    with pytest.raises(CaseError):
        drawn(link_of(path_of(case)), ticket="t9", to=replace(EMAIL, value="AP@client.example"))
    drawn(link_of(path_of(case)), ticket="t10", to=replace(EMAIL, value="other@client.example"))


def test_the_same_form_twice_sends_one_code_and_one_network_not_many(client, case):
    path = path_of(case)
    page = asking(client, path)
    fields = {
        **hidden(page),
        "code_step": "send",
        "to": re.search(r'name="to" value="(\w+)"', page)[1],
    }
    for _ in range(3):
        assert send(client, f"{path}plan/", **fields).status_code == 200
    assert Message.objects.filter(key__startswith="code/").count() == 1
    limits.CODES.counts = dict.fromkeys(limits.CODES.counts, limits.CODES.most)
    assert send(client, f"{path}plan/", **fields).status_code == 429


def test_addresses_are_masked_and_their_names_are_of_one_link(client, case):
    ContactPoint.objects.create(
        organization=case.organization, customer=case.customer, kind="phone", value="06 12 34 56 12"
    )
    ContactPoint.objects.create(
        organization=case.organization, customer=case.customer, kind="phone", value="01 40 00 00 00"
    )
    first, second = path_of(case), path_of(case)
    page = asking(client, first)
    assert "a•••@c•••.example" in page
    assert "06 •• •• •• 12" in page
    assert not re.search(r"client\.example|34 56|01 40|012345", page)
    names = re.findall(r'name="to" value="(\w+)"', page)
    assert len(names) == 2
    assert not set(names) & set(re.findall(r'name="to" value="(\w+)"', asking(client, second)))
    for guess in (*re.findall(r'name="to" value="(\w+)"', asking(client, second)), "", "1"):
        fields = {**hidden(page), "ticket": "", "code_step": "send", "to": guess}
        fields["ticket"] = hidden(asking(client, first))["ticket"]
        assert send(client, f"{first}plan/", **fields).status_code == 422
    assert not PortalCode.objects.exists()


def test_an_address_typed_by_the_visitor_gets_nothing(client, case):
    path = path_of(case)
    fields = {**hidden(asking(client, path)), "code_step": "send"}
    for typed_in in ("thief@evil.example", "email", "+33612345678"):
        assert send(client, f"{path}plan/", **{**fields, "to": typed_in}).status_code == 422
    assert not Message.objects.exists()


def test_no_plan_and_no_mandate_by_the_link_alone(client, case):
    path = path_of(case)
    fields = hidden(shown(client, f"{path}plan/?count=3"))
    for proof in ("", "forged", fields["ticket"]):
        assert 'data-code="send"' in send(
            client, f"{path}plan/", **{**fields, "proof": proof}
        ).content.decode()  # fmt: skip
    assert not PlanProposal.objects.exists()
    assert 'name="iban"' not in shown(client, f"{path}mandate/")
    sent = {"name": "X", "iban": "FR7630006000011234567890189", "span": "on", "scheme": "CORE"}
    for step in ("read", "sign"):
        page = send(client, f"{path}mandate/", step=step, seen="", ticket=fields["ticket"], **sent)
        assert 'data-code="send"' in page.content.decode()
    assert not Mandate.objects.exists()


def test_a_revoked_link_takes_no_code(client, case):
    path = path_of(case)
    page = asking(client, path)
    to = re.search(r'name="to" value="(\w+)"', page)[1]
    page = send(client, f"{path}plan/", **{**hidden(page), "code_step": "send", "to": to})
    fields = {**hidden(page.content.decode()), "code_step": "check", "code": last_code()}
    links_revoke(case.organization_id, case.pk, on=today(), actor="camille")
    assert send(client, f"{path}plan/", **fields).status_code == 404
    assert not Promise.objects.exists()


def test_what_is_signed_keeps_where_and_when_and_never_the_code(client, case):
    path = path_of(case)
    assert typed(client, f"{path}plan/", asking(client, path)).status_code == 303
    proposal = PlanProposal.objects.get()
    assert proposal.code.keys() == {"medium", "address", "sent_at", "confirmed_at"}
    assert proposal.code["address"] == "a•••@c•••.example"
    told = Event.objects.get(kind="plan.signed").payload
    assert told["code"] == proposal.code
    events = Event.objects.filter(kind__startswith="code.").order_by("id")
    assert [event.kind for event in events] == ["code.drawn", "code.confirmed"]
    assert not re.search(r"client\.example", str([event.payload for event in events]))


def test_a_plan_that_changed_meanwhile_is_shown_anew_and_needs_no_second_code(client, case):
    path = path_of(case)
    page = asking(client, path)
    page = re.sub(r'name="seen" value="\w+"', 'name="seen" value="0"', page)
    answer = typed(client, f"{path}plan/", page)
    assert answer.status_code == 422
    assert not PlanProposal.objects.exists()
    again = {**hidden(shown(client, f"{path}plan/?count=3"))}
    again["proof"] = hidden(answer.content.decode())["proof"]
    assert send(client, f"{path}plan/", **again).status_code == 303


def test_the_organization_decides_for_which_plans_and_why_not_for_mandates(client, case):
    path = path_of(case)
    for wanted, above, asked in (("above", 155_000, False), ("above", 154_999, True),
                                 ("never", 0, False), ("always", 0, True)):  # fmt: skip
        Organization.objects.update(code_for_plans=wanted, code_above_minor=above)
        given = codes.is_code_asked(case.organization_id, "plan", amount_minor=155_000)
        assert given == asked
    assert codes.is_code_asked(case.organization_id, "mandate")
    Organization.objects.update(code_for_plans="never", mandate_code_waiver="Signed at the desk")
    fields = hidden(shown(client, f"{path}plan/?count=3"))
    assert send(client, f"{path}plan/", **fields).status_code == 303
    assert PlanProposal.objects.get().code == {}
    assert 'name="iban"' in shown(client, f"{path}mandate/")


def test_without_a_known_address_a_person_is_named(client, case):
    ContactPoint.objects.update(invalid_since=NOW)
    page = asking(client, path_of(case))
    assert 'data-code="nobody"' in page
    assert 'href="tel:04 72 00 00 00"' in page
    assert 'name="to"' not in page


def test_a_medium_that_only_goes_to_a_folder_is_not_offered(case, link, settings):
    ContactPoint.objects.create(
        organization=case.organization, customer=case.customer, kind="phone", value="0612345612"
    )
    page = portal_page(link, on=today())
    settings.CHANNEL_URLS = {**dict.fromkeys(settings.CHANNEL_URLS, ""), "email": "smtp://x:25"}
    routes = routes_from(settings.CHANNEL_URLS, "spool")
    assert [point.to.medium for point in code_points(page, routes)] == ["email"]
    assert code_points(portal_page(replace(link, is_test=True), on=today()), routes) == ()


def configured(settings, port: int, **options):
    query = "&".join(f"{key}={value}" for key, value in {"tls": "none", **options}.items())
    url = f"smtp://127.0.0.1:{port}?{query}"
    settings.CHANNEL_URLS = {**dict.fromkeys(settings.CHANNEL_URLS, ""), "email": url}


def test_it_leaves_at_once_by_smtp_and_is_kept_masked(client, case, settings):
    with keeper() as (server, port):
        configured(settings, port)
        path = path_of(case)
        page = asking(client, path)
        to = re.search(r'name="to" value="(\w+)"', page)[1]
        page = send(client, f"{path}plan/", **{**hidden(page), "code_step": "send", "to": to})
        assert len(server.mails) == 1
    _, recipients, content = server.mails[0]
    assert recipients == ["ap@client.example"]
    mail = message_from_bytes(content, policy=policy.default)
    code = code_in(mail.get_body(("plain",)).get_content())
    assert code not in mail["Subject"]
    assert not re.search(r"FA-1|1[ .]?5?[52]00|€", mail.get_body(("plain",)).get_content())
    row = Message.objects.get(key__startswith="code/")
    parts = message_parts(case.organization_id, row.pk)
    assert (row.state, row.channel, row.attempts) == ("sent", "smtp", 1)
    for kept in (row.text, row.subject, bytes(row.content).decode(), parts.html, str(page.content)):
        assert code not in kept
    assert "••••••" in row.text
    assert thread_ids(case.organization_id, [case.pk])[case.pk] == ()
    fields = {**hidden(page.content.decode()), "code_step": "check", "code": code}
    assert send(client, f"{path}plan/", **fields).status_code == 303


def test_what_does_not_leave_opens_nothing_and_says_so(client, case, settings):
    for replies, state in (({"RCPT": "550 no"}, "failed"), ({"MAIL": "451 later"}, "failed")):
        rogue = Rogue(**replies)
        with rogue.running() as port:
            configured(settings, port)
            path = path_of(case)
            page = asking(client, path)
            to = re.search(r'name="to" value="(\w+)"', page)[1]
            answer = send(client, f"{path}plan/", **{**hidden(page), "code_step": "send", "to": to})
        assert answer.status_code == 422
        assert 'data-code="typed"' not in answer.content.decode()
        assert Message.objects.latest("id").state == state
        assert DeliveryEvent.objects.latest("id").kind == "failed"
        assert not PortalCode.objects.filter(expires_at__gt=timezone.now()).exists()


def test_a_test_goes_to_the_house_and_a_text_message_reveals_nothing(case, link, settings):
    ContactPoint.objects.create(
        organization=case.organization, customer=case.customer, kind="phone", value="0612345612"
    )
    Creditor.objects.update(sms_sender="VAUBAN")
    routes, box = routes_from({}, "spool"), {}
    routes["sms"] = routes["email"] = ("memory", {"box": box})
    page = portal_page(link, on=today())
    point = next(each for each in code_points(page, routes) if each.to.medium == "sms")
    code_send(page, "plan", name=point.name, ticket="a", now=NOW, routes=routes)
    (text,) = box.values()
    assert text.recipient == "+33612345612"
    assert re.search(r"\d{6}", text.content.decode())
    assert not re.search("(?i)dette|debt|facture|invoice|€|plan", text.content.decode())
    Organization.objects.update(test_recipient="us@vauban.example")
    code_send(page, "plan", name=point.name, ticket="b", now=NOW, routes=routes)
    assert [each.recipient for each in box.values()] == ["+33612345612", "us@vauban.example"]


def test_the_page_of_a_code_costs_a_fixed_number_of_queries(
    client, case, django_assert_max_num_queries
):
    path = path_of(case)
    fields = hidden(shown(client, f"{path}mandate/"))
    with django_assert_max_num_queries(45):
        shown(client, f"{path}mandate/")
    for turn in range(20):
        ContactPoint.objects.create(
            organization=case.organization, customer=case.customer, kind="email",
            value=f"p{turn}@client.example",
        )  # fmt: skip
    with django_assert_max_num_queries(45):
        assert shown(client, f"{path}mandate/").count('name="to"') == 6
    assert fields["code_step"] == "send"


def _together(*works) -> list[str]:
    barrier, outcomes = threading.Barrier(len(works)), []

    def run(work) -> None:
        try:
            barrier.wait(timeout=10)
            outcomes.append(code_of(work()))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_confirmations_at_once_one_wins_and_guesses_at_once_are_five(link):
    code = drawn(link)
    tries = [lambda: codes.code_try(link, "plan", typed=code, now=NOW) for _ in range(2)]
    assert _together(*tries) == ["", "code.none"]
    code = drawn(link, ticket="t2", now=NOW + timedelta(seconds=1))
    later = NOW + timedelta(seconds=2)
    guesses = [
        lambda: codes.code_try(link, "plan", typed=wrong(code), now=later) for _ in range(12)
    ]
    _together(*guesses)
    assert PortalCode.objects.latest("id").tries == 5
    assert code_of(codes.code_try(link, "plan", typed=code, now=later)) == "code.wait"
