"""A customer in front of the payment page: a link, its address, and forms sent as a browser does."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.test import Client
from django.utils import timezone

from amiable.apps.cases.links import link_make
from amiable.apps.cases.models import Case
from amiable.interfaces.portal import limits
from tests import factories


def today() -> date:
    return timezone.localdate()


def owing(*, org=None, kind: str = "company", language: str = "fr", **brand) -> Case:
    """A case with 1,200.00 nine days late, 300.00 two days late and 50.00 not yet due."""
    owner = factories.creditor(org or factories.organization(), **brand)
    debtor = factories.customer(owner, kind=kind, language=language)
    on = today()
    factories.invoice(debtor, "FA-1", due=on - timedelta(days=9))
    factories.invoice(debtor, "FA-2", due=on - timedelta(days=2), total_minor=30_000)
    factories.invoice(debtor, "FA-3", due=on + timedelta(days=9), total_minor=5_000)
    return factories.case(debtor, on=on)


def path_of(case: Case, **fields) -> str:
    """The address of a new link of a case."""
    url = link_make(case.organization_id, case.id, on=today(), actor="camille", **fields)
    return "/p/" + url.rstrip("/").rpartition("/")[2] + "/"


def shown(client: Client, path: str, **headers) -> str:
    response = client.get(path, **headers)
    assert response.status_code == 200, (path, response.status_code)
    return plain(response.content.decode())


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def ticket_of(client: Client, path: str) -> str:
    return re.search(r'name="ticket" value="([^"]+)"', shown(client, path))[1]


def send(client: Client, path: str, *, ticket: str = "", **fields):
    """Send the form of a page with its ticket."""
    from urllib.parse import urlencode

    fields = {"ticket": ticket or ticket_of(client, path), **fields}
    form = "application/x-www-form-urlencoded"
    return client.post(path, urlencode(fields), content_type=form)


def no_limits() -> None:
    for limit in limits.LIMITS:
        limit.counts.clear()
