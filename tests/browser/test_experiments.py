"""Experiments in the browser: planned with a forecast, followed with a picture, stopped."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import Case
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.experiment.changes import Design, experiment_start
from amiable.apps.dunning.models import Enrollment, Experiment, ExperimentMember
from amiable.apps.dunning.planning import default_scenario
from amiable.apps.receivables.models import Entry, Installment, Invoice
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in
from tests.browser.portfolio import Portfolio

pytestmark = pytest.mark.browser


def lived(story: Portfolio, payers: int = 1_000, *, faster_days: int = 6) -> int:
    """An experiment of three months with that many payers; the challenger's pay sooner."""
    today = story.today
    organization = story.organization
    experiment = experiment_start(
        organization.pk,
        Design("Courriers plus fermes", challenger="risky"),
        on=today - timedelta(days=95),
        actor="camille@vauban.example",
    )
    dice = random.Random(12)
    owner = story.customers[0].creditor
    customers = Customer.objects.bulk_create(
        Customer(organization=organization, creditor=owner, code=f"X{i}", name=f"Client {i}")
        for i in range(payers)
    )
    cases = Case.objects.bulk_create(
        Case(organization=organization, customer=customer) for customer in customers
    )
    default = default_scenario(organization.pk)
    Enrollment.objects.bulk_create(
        Enrollment(organization=organization, case=case, scenario=default, started_on=today)
        for case in cases
    )
    members, invoices, items = [], [], []
    for i, (customer, case) in enumerate(zip(customers, cases, strict=True)):
        arm = dice.choices(("champion", "challenger", "holdout"), (45, 45, 10))[0]
        drawn = today - timedelta(days=94 - i * 60 // payers)
        members.append(
            ExperimentMember(
                organization=organization, experiment_id=experiment, case=case, arm=arm,
                payer_group=f"customer:{customer.pk}", assigned_on=drawn,
            )
        )  # fmt: skip
        habit = dice.gauss(16, 9)
        for number, due in (("old", drawn - timedelta(days=70)), ("new", drawn)):
            sooner = faster_days if arm == "challenger" and number == "new" else 0
            late = habit + dice.gauss(0, 5) - sooner
            paid = due + timedelta(days=max(0, round(late)))
            invoices.append(
                Invoice(
                    organization=organization, customer=customer, number=f"{number}-{i}",
                    issue_date=due - timedelta(days=30), due_date=due,
                    total_minor=dice.randrange(10_000, 300_000),
                )
            )  # fmt: skip
            items.append((invoices[-1], paid if paid < today else None))
    ExperimentMember.objects.bulk_create(members)
    _owed(invoices, items)
    return experiment


def _owed(invoices: list[Invoice], items: list[tuple[Invoice, date | None]]) -> None:
    Invoice.objects.bulk_create(invoices)
    rows = Installment.objects.bulk_create(
        Installment(
            organization_id=invoice.organization_id, invoice=invoice,
            customer_id=invoice.customer_id, due_date=invoice.due_date, settled_on=paid,
        )
        for invoice, paid in items
    )  # fmt: skip
    Entry.objects.bulk_create(
        Entry(
            organization_id=row.organization_id, customer_id=row.customer_id, installment=row,
            invoice_id=row.invoice_id, kind="invoice", amount_minor=row.invoice.total_minor,
            on_date=row.invoice.issue_date, source="test",
        )
        for row in rows
    )  # fmt: skip


def test_the_forecast_follows_the_form_before_anything_starts(page: Page, story):
    page.goto("/experiments/")
    forecast = page.locator("#forecast")
    expect(forecast).to_contain_text("565")
    page.locator("#experiment-effect").fill("3")
    page.locator("#experiment-effect").blur()
    expect(forecast).to_contain_text("251")
    page.locator("#experiment-holdout").fill("60")
    page.locator("#experiment-holdout").blur()
    expect(forecast).to_contain_text("90")
    assert not Experiment.objects.exists()


def test_an_experiment_is_started_and_stopped_by_hand(page: Page, story):
    page.goto("/experiments/")
    page.locator("#experiment-name").fill("Courriers plus fermes")
    page.locator("input[name=with_running]").check()
    page.locator("form[action='/experiments/start/'] button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Courriers plus fermes")
    assert ExperimentMember.objects.count() > 3
    page.locator("#stop-reason").fill("Assez vu")
    page.locator("#stop-move").select_option("champion")
    page.locator("form[action='/experiments/stop/'] button").click()
    expect(page.locator("table")).to_contain_text("Courriers plus fermes")
    assert Experiment.objects.get().stop_reason == "Assez vu"


def test_the_winner_is_named_in_front_and_drawn(page: Page, story):
    experiment = lived(story)
    page.goto(f"/experiments/{experiment}/")
    conclusion = page.locator(".conclusion")
    expect(conclusion).to_have_class("notice notice-good conclusion mb-0")
    page.locator("canvas").first.scroll_into_view_if_needed()
    drawn = "Chart.getChart(document.querySelector('canvas')).data.datasets[2].data.length"
    assert page.evaluate(drawn) > 20
    page.locator("details.data-table summary").first.click()
    expect(page.locator("details.data-table tbody tr").first).to_be_visible()


def test_a_draw_that_is_not_balanced_says_so_and_numbers_agree(page: Page, live_server, story):
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    experiment = lived(story, 40)
    page.goto(f"/experiments/{experiment}/")
    main = page.get_by_role("main")
    expect(main).to_contain_text("The draw is not balanced: the groups differ in")
    expect(main).to_contain_text("Not alike, by chance")
    expect(main).to_contain_text("40 cases were drawn, of 40 payers")
    expect(page.locator(".conclusion")).to_contain_text("565 needed")
    expect(main).to_contain_text("two groups of the same size need 565 payers each")
    expect(main).to_contain_text("346 in the smaller one are enough once there are 1,557")


@pytest.mark.looks
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_experiments_are_accessible(
    browser: Browser, live_server, story, width: str, theme: str
):
    # The policy forbids the foreign script that does the checking: it is lifted here only.
    context = logged_in(browser, live_server.url, story)
    context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []

    def look(address: str) -> None:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        problems.extend(faults(page))

    look("/experiments/")
    experiment = lived(story, 400)
    look("/experiments/")
    look(f"/experiments/{experiment}/")
    context.close()
    assert not problems, "\n".join(problems)


def test_pages_of_experiments_keep_to_their_policy(page: Page, story):
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(f"{page.url}: {m.text}"))
    page.on("pageerror", lambda e: complaints.append(f"{page.url}: {e}"))
    experiment = lived(story, 300)
    for address in ("/experiments/", f"/experiments/{experiment}/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
    assert not complaints, "\n".join(complaints)
