"""What people do in the console, done by a browser as they would."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.banking import services as banking
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases.models import Hold
from amiable.apps.dunning.models import Action
from amiable.apps.imports.models import ImportRun
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.browser.keys import tap
from tests.browser.portfolio import PASSWORD

pytestmark = pytest.mark.browser

BROKEN_CSV = (
    "Client;Numéro de facture;Date d'émission;Date d'échéance;Montant TTC\n"
    "Menuiserie Duval;FX-1;01/10/2026;31/10/2026;1 252,23\n"
    "Menuiserie Duval;FX-2;32/10/2026;31/10/2026;100,00\n"
    "Menuiserie Duval;FX-3;01/10/2026;31/10/2026;cent\n"
)


def test_logging_in_needs_the_right_password(browser: Browser, live_server, story):
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto("/customers/")
    page.get_by_label("Adresse électronique").fill("Camille@vauban.example ")
    page.get_by_label("Mot de passe").fill("wrong")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clients")
    page.get_by_role("button", name="Votre compte").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("button", name="Se connecter")).to_be_visible()
    page.context.close()


def test_language_and_theme_are_kept(page: Page):
    page.goto("/customers/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Clients")
    page.get_by_role("button", name="EN: switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    expect(page.locator("body")).to_contain_text("€7,513.38")
    page.get_by_role("button", name="Dark colours").click()
    page.goto("/items/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_list_follows_what_is_typed_whatever_the_accents(page: Page):
    page.goto("/customers/")
    expect(page.locator("tbody tr")).to_have_count(6)
    page.locator("#customers-q").press_sequentially("beranger", delay=30)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Ateliers Béranger")
    expect(page.locator("#customers-q")).to_be_focused()
    assert "q=beranger" in page.url


def test_actions_are_approved_from_the_keyboard(page: Page):
    page.goto("/actions/")
    first = Action.objects.filter(state="to_approve").count()
    assert first >= 2
    tap(page, "j")
    tap(page, "x")
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    tap(page, "a")
    expect(page.get_by_role("status").last).to_contain_text("1 action est approuvée")
    assert Action.objects.filter(state="to_approve").count() == first - 1
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("status").last).to_contain_text("1 approbation est reprise")
    assert Action.objects.filter(state="to_approve").count() == first
    tap(page, "j")
    tap(page, "Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/"))


def test_refusing_needs_a_reason(page: Page):
    page.goto("/actions/")
    page.get_by_label("Tout", exact=True).check()
    page.get_by_text("Refuser…").click()
    page.get_by_role("button", name="Refuser", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Dites pourquoi")
    page.get_by_label("Tout", exact=True).check()
    page.get_by_text("Refuser…").click()
    page.get_by_label("Pourquoi pas").fill("Client reçu hier")
    page.get_by_role("button", name="Refuser", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("refusées")
    assert not Action.objects.filter(state="to_approve").exists()


def test_call_is_noted_with_its_outcome(page: Page):
    page.goto("/actions/?tab=calls")
    page.get_by_text("Noter le résultat").first.click()
    page.get_by_label("Résultat").first.select_option("no_answer")
    page.get_by_role("button", name="Enregistrer").first.click()
    expect(page.locator("#toasts")).to_contain_text("Le résultat est noté")
    assert Action.objects.get(medium="phone", state="done").result == "no_answer"


def test_import_with_errors_shows_the_report(page: Page):
    page.goto("/imports/")
    file = {"name": "factures.csv", "mimeType": "text/csv", "buffer": BROKEN_CSV.encode()}
    page.locator("#import-file").set_input_files(file)
    page.get_by_role("button", name="Vérifier sans importer").click()
    expect(page.locator("#preview")).to_contain_text("2 erreurs")
    expect(page.locator("#preview tbody tr").first).to_contain_text("32/10/2026")
    assert not ImportRun.objects.exists()
    page.get_by_label("Prendre les bonnes lignes").check()
    page.get_by_role("button", name="Importer", exact=True).click()
    page.wait_for_url(re.compile(r"/imports/\d+/"))
    expect(page.get_by_role("main")).to_contain_text("Importé en partie")
    errors = page.get_by_role("region", name="Liste des erreurs")
    expect(errors.locator("tbody tr")).to_have_count(2)
    expect(errors).to_contain_text("Écrivez-la comme 31/12/2026")
    with page.expect_download() as download:
        page.get_by_role("link", name="Lignes rejetées à corriger").click()
    assert download.value.suggested_filename == "factures-rejected.csv"
    assert "FX-2" in download.value.path().read_text("utf-8-sig")


def test_proposal_is_confirmed_and_undone(page: Page):
    page.goto("/bank/?state=proposed")
    tap(page, "j")
    tap(page, "v")
    expect(page.locator("#toasts")).to_contain_text("Confirmé")
    line = StatementLine.objects.get(label__contains="ACOMPTE")
    assert line.state == "posted"
    page.locator("#toasts").get_by_role("button", name="Annuler").click()
    expect(page.locator("#toasts")).to_contain_text("de nouveau ouvertes")
    line.refresh_from_db()
    assert line.state == "new"


def test_one_of_equal_invoices_is_chosen_in_the_box(page: Page, story):
    debtor = story.customers[1]
    day = timezone.localdate()
    rents = [
        factories.invoice(
            debtor, f"LOY-{i:02}", total_minor=77_700, due=day - timedelta(days=90 - i)
        )
        for i in range(1, 13)
    ]
    said = StatementEntry(1, day, day, 77_700, "EUR", "VIREMENT LOYER", payer_name=debtor.name)
    record = StatementRecord(
        account="FR1420041010050500013M02606", currency="EUR", opening_minor=0,
        closing_minor=77_700, opening_on=day, closing_on=day, reference="L", entries=(said,),
    )  # fmt: skip
    organization = story.organization.pk
    banking.statement_import(organization, [record], source="l", on=day, actor="t")
    banking.lines_match(organization, on=day)
    page.goto("/bank/?state=proposed")
    line = page.locator("li.bank-line").filter(has_text="VIREMENT LOYER")
    box = line.locator("select[name=installment]")
    expect(box).to_have_count(1)
    expect(box.locator("option")).to_have_count(12)
    expect(box).to_have_value(str(rents[0].pk))
    box.select_option(str(rents[4].pk))
    line.locator("form:has(select[name=installment]) button[data-confirm]").click()
    expect(page.locator("#toasts")).to_be_visible()
    match = Match.objects.get(line__label="VIREMENT LOYER", state="posted")
    assert match.allocations[0]["installment"] == rents[4].pk


def test_unknown_line_is_assigned_by_hand(page: Page, story):
    line = StatementLine.objects.get(label__contains="0099")
    page.goto(f"/bank/lines/{line.pk}/?q=gaudin")
    page.get_by_role("link", name="Transports Gaudin").click()
    page.get_by_label("FA-0005").check()
    page.get_by_role("button", name="Affecter").click()
    expect(page.locator("#toasts")).to_contain_text("Affecté")
    match = Match.objects.get(line=line, state="posted")
    assert match.customer == story.customers[5]
    assert match.allocations[0]["amount_minor"] == 98_765


def test_hold_is_placed_and_taken_back(page: Page, story):
    page.goto(f"/customers/{story.customers[0].pk}/")
    page.get_by_text("Une suspension").click()
    page.locator("#hold-reason").fill("Avoir en cours")
    page.get_by_role("button", name="Suspendre").click()
    expect(page.get_by_role("main")).to_contain_text("Suspendu jusqu’à nouvel ordre")
    assert Hold.objects.filter(reason="Avoir en cours", ends_on=None).exists()
    page.locator("#toasts").get_by_role("button", name="Annuler").click()
    expect(page.locator("#toasts")).to_contain_text("levée")
    assert not Hold.objects.filter(reason="Avoir en cours", ends_on=None).exists()


def test_navigation_opens_on_a_phone(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    link = page.get_by_role("link", name="Banque")
    expect(link).not_to_be_in_viewport()
    page.get_by_role("button", name="Ouvrir la navigation").click()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Banque")
