"""Lines of an invoice contested from a telephone without JavaScript, seen at a desk, and given up."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import Case, Dispute
from amiable.apps.receivables.lines import lines_keep
from amiable.apps.receivables.models import Installment
from amiable.core.invoice_lines import LineRow
from tests.apps.portal_pages import path_of
from tests.browser.accessibility import faults
from tests.browser.portfolio import member
from tests.browser.test_disputes import DESK, PHONE, _session, case, phone  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lined(case: Case) -> Case:  # noqa: F811
    item = Installment.objects.get(invoice__number="FA-1")
    rows = (
        LineRow("1", "Oak boards 2.40 m", 50_000, "20", "10", "C62", "50", "OAK", "dried, planed"),
        LineRow("2", "Delivery to the workshop", 50_000, "20", "1", "C62", "500"),
    )
    lines_keep(case.organization_id, {item.invoice_id: rows})
    return case


def looked_at(page: Page, name: str) -> None:
    """Accessible, and no wider than its window."""
    assert faults(page, name) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def contest(page: Page, path: str) -> None:
    page.goto(path + "disagree/")
    page.get_by_role("link", name="Contest only some lines of FA-1").click()
    page.get_by_label("Oak boards 2.40 m", exact=True).check()
    page.get_by_label("How many: Oak boards 2.40 m").fill("3")
    looked_at(page, "the form with lines")
    page.get_by_label("The quantity is not right").check()
    page.get_by_role("button", name="Contest this invoice").click()
    expect(page.get_by_text("You contest €180.00 of it.")).to_be_visible()


def test_lines_are_contested_on_a_telephone_and_the_customer_gives_up(phone, lined):  # noqa: F811
    contest(phone, path_of(lined))
    looked_at(phone, "noted")
    phone.get_by_role("link", name="on its page").click()
    expect(phone.get_by_text("3 of 10")).to_be_visible()
    looked_at(phone, "the dispute with lines")
    phone.get_by_text("I no longer contest this").click()
    looked_at(phone, "the dispute to give up")
    phone.get_by_role("button", name="Yes, I no longer contest it").click()
    expect(phone.get_by_text("No longer contested since")).to_be_visible()
    assert Dispute.objects.get().settled_as == "withdrawn"


def test_the_same_without_javascript_and_the_lines_at_a_desk(browser: Browser, live_server, lined):
    context = browser.new_context(
        base_url=live_server.url, viewport=PHONE, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(path_of(lined) + "disagree/")
    page.get_by_role("link", name="Contest only some lines of FA-1").click()
    page.get_by_label("Delivery to the workshop", exact=True).check()
    page.get_by_label("The quantity is not right").check()
    page.get_by_role("button", name="Contest this invoice").click()
    expect(page.get_by_text("You contest €600.00 of it.")).to_be_visible()
    context.close()
    desk = browser.new_context(base_url=live_server.url, viewport=DESK)
    user = member(lined.organization, "claire", "manager")
    desk.add_cookies([{"name": "sessionid", "value": _session(user), "url": live_server.url}])
    page = desk.new_page()
    page.goto(f"/disputes/{Dispute.objects.get().pk}/")
    expect(page.get_by_text("Delivery to the workshop")).to_be_visible()
    looked_at(page, "lines at a desk")
    desk.close()
