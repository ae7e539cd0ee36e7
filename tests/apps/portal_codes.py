"""A customer who is asked for a code: where it comes, and a link whose customer had one."""

from __future__ import annotations

import re

from django.utils import timezone

from amiable.apps.cases.codes import code_try
from amiable.apps.cases.links import Link
from amiable.apps.dunning.confirming.codes import code_points, code_send
from amiable.apps.dunning.writing.portal import portal_page
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.routes import configured_routes
from tests.apps.portal_pages import send, today


def code_in(text: str) -> str:
    """The code that a message carries."""
    return re.search(r"\b\d{6}\b", text)[0]


def last_code() -> str:
    """What the built-in outbox shows, where nothing else is configured."""
    return code_in(Message.objects.filter(key__startswith="code/").latest("id").text)


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    from html import unescape

    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found}


def typed(client, address: str, asking: str, code: str = ""):
    """Have a code sent to the first address that a page offers, and type it; `asking` = the page."""
    to = re.search(r'name="to" value="(\w+)"', asking)[1]
    page = send(client, address, **{**hidden(asking), "code_step": "send", "to": to})
    assert page.status_code == 200, page.content.decode()
    fields = hidden(page.content.decode())
    return send(client, address, **{**fields, "code_step": "check", "code": code or last_code()})


def confirmed(page) -> None:
    """The same in a browser (a playwright page): ask for the code, type it."""
    page.locator("[data-code=send] button").click()
    page.locator("[data-code=typed] input[name=code]").fill(last_code())
    page.locator("[data-code=typed] button").click()


def proof_for(link: Link, purpose: str, *, ticket: str) -> str:
    """What a code gives to a customer who types it."""
    now, page, routes = timezone.now(), portal_page(link, on=today()), configured_routes()
    point = code_points(page, routes)[0]
    code_send(page, purpose, name=point.name, ticket=ticket, now=now, routes=routes)
    proof = code_try(link, purpose, typed=last_code(), now=now)
    assert isinstance(proof, str)
    return proof
