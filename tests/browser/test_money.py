"""Money to settle in a browser: accessible and narrow enough, worked through from the keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.handovers import Collector, item_hand_over
from amiable.apps.customers.models import Customer
from amiable.apps.payments.decisions import Wish
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.refunds import refund_request
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.queries import installment_balances, open_items
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in
from tests.browser.keys import tap

pytestmark = pytest.mark.browser
IBAN = "FR7630006000011234567890189"


def received(story, n: int, amount_minor: int = 5_000, **more):
    """Money of the n-th customer that pays nothing yet; its credit entry."""
    customer = story.customers[n]
    fields = {"payer_name": customer.name, "payer_iban": IBAN, **more}
    incoming = PaymentIn(customer.pk, amount_minor, "EUR", _today(), f"m{n}", **fields)
    return payment_record(story.organization.pk, incoming, cases={}, **_who()).entry_id


def money(story) -> list[int]:
    """One credit of several kinds, and a refund to make; the credits."""
    organization = story.organization.pk
    credits_ = [received(story, n) for n in (0, 1, 2)]
    credits_.append(received(story, 3, payer_name="Holding Zed"))
    judged = story.customers[4]
    Customer.objects.filter(pk=judged.pk).update(insolvent_since=_today() - timedelta(days=3))
    credits_.append(received(story, 4))
    item = open_items(organization, [story.customers[2].pk])[0]
    item_hand_over(organization, item.id, Collector("agency", "Martin", "parti"), **_who())
    refund_request(
        organization, Wish(credits_[1], 0), amount_minor=2_000, iban=IBAN, name="Béranger",
        cases={}, **_who(),
    )  # fmt: skip
    return credits_


def _today():
    return timezone.localdate()


def _who() -> dict:
    return {"on": _today(), "actor": "camille@vauban.example"}


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_money_is_accessible_and_fits(browser: Browser, live_server, story, width: str):
    nothing_yet = "/bank/money/"
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = _look(page, nothing_yet)
    credits_ = money(story)
    for address in (
        "/bank/money/",
        "/bank/money/?kind=insolvent",
        f"/bank/money/{credits_[0]}/?q=a",
        f"/bank/money/{credits_[4]}/",
        f"/customers/{story.customers[2].pk}/",
    ):
        problems += _look(page, address)
    context.close()
    assert problems == []


def _look(page: Page, address: str) -> list[str]:
    page.goto(address)
    return faults(page)


def test_suggestions_are_taken_from_the_keyboard_and_undone(page: Page, story):
    credit = received(story, 0)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/bank/money/")
    tap(page, "j")
    tap(page, "v")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-row]")).to_have_count(0)
    taken = CreditDecision.objects.get(credit_id=credit)
    assert (taken.kind, taken.amount_minor) == ("allocated", 5_000)
    paid = taken.credit.allocations.get().installment_id
    balances = installment_balances(story.organization.pk, [paid])
    page.locator(f"form[action='/bank/money/decisions/{taken.pk}/undo/'] button").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-row]")).to_have_count(1)
    after = installment_balances(story.organization.pk, [paid])
    assert after[paid] == balances[paid] + 5_000
    assert complaints == []


def test_refund_goes_from_the_credit_to_the_list_and_out(page: Page, story):
    credit = received(story, 0)
    page.goto(f"/bank/money/{credit}/")
    page.locator("form[action$='/refund/'] button[type=submit]").click()
    page.wait_for_load_state("networkidle")
    refund = CreditDecision.objects.get(credit_id=credit)
    assert (refund.iban, refund.amount_minor) == (IBAN, 5_000)
    page.locator(f"form[action='/bank/money/decisions/{refund.pk}/made/'] button").click()
    page.wait_for_load_state("networkidle")
    refund.refresh_from_db()
    assert refund.made_on == _today()
