"""The texts that the shipped scenarios name: every medium, fallback, language and kind."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from pypdf import PdfReader

from amiable.apps.messaging.rendering.messages import Material, Rendered, drafts_render
from amiable.apps.messaging.rendering.statements import LARGEST_LINES, statement_of
from amiable.apps.messaging.writing.mandates import MANDATE_MARK
from amiable.apps.messaging.writing.texts import text_exists
from amiable.core.drafts import Agency, Draft, Party, Pledge, Recipient
from amiable.core.scenario import Scenario, Step
from amiable.core.sentences import Sentence
from amiable.core.shipped import SHIPPED
from amiable.core.sms import gsm_text, segments
from amiable.plugins.documents.mime import Attachment
from amiable.plugins.documents.statement import statements_pdf
from tests.apps.messaging_drafts import NOW, ON, RECIPIENTS, draft, line

KINDS, LANGUAGES = ("company", "consumer", "public"), ("fr", "en")
STEPS = [(s, step) for s in SHIPPED.values() for step in s.steps if step.template]
MESSAGES = [(s, step, medium) for s, step in STEPS for medium in (step.medium, *step.fallback)]
WRITTEN_ON_PAPER = ("letter", "registered_letter")
FORMAL = {"formal_notice", "agency_formal"}
# Where the tone reaches the consequences of not paying.
CONSEQUENCES = FORMAL | {
    "reminder_last", "subscription_last", "promise_broken_last", "public_letter", "agency_last",
}  # fmt: skip
PARTY = Party(
    "Recouvrement Lyonnais", ("24 quai Rambaud",), "69002", "Lyon",
    email="dossiers@lyonnais.example", phone="04 78 00 00 00",
)  # fmt: skip
AGENCY = Agency(PARTY, "RF60C000123", date(2026, 11, 2))
ACCOUNT = (
    line(42, 30), line(51, 12), line(57, -9, group="upcoming"), line(33, 64, group="disputed"),
    line(35, 48, group="promised"), line(36, 95, group="planned"), line(37, 15, group="held"),
)  # fmt: skip


def message(scenario: Scenario, step: Step, medium: str, **fields) -> Draft:
    """A draft of a shipped step, by one of its media."""
    early = step.stage == "preventive"
    agency = step.template.startswith("agency_")
    first = replace(AGENCY, first_letter_on=None)
    values = {
        "key": "-".join((scenario.code, step.code, medium, *map(str, fields.values())))[:190],
        "template": step.template,
        "medium": medium,
        "stage": step.stage,
        "recipient": RECIPIENTS.get(medium, ""),
        "lines": (line(42, -6 if early else 30),),
        "attachments": step.attachments,
        "account": ACCOUNT if "statement" in step.attachments else (),
        "agency": (first if step.template == "agency_first" else AGENCY) if agency else None,
        **fields,
    }
    return replace(draft("reminder_1"), **values)


def variants(scenario: Scenario, step: Step, medium: str) -> Iterator[Draft]:
    """Kinds and languages, one and several invoices, with and without what came before."""
    several = ACCOUNT if step.stage != "preventive" else (line(1, -5), line(2, -9))
    pledges = (
        None,
        Pledge(80_000, date(2026, 11, 10), date(2026, 11, 2), 20_000),
        Pledge(80_000, date(2026, 11, 10), None, 0, True, date(2026, 12, 10), 80_000),
    )
    for number, (kind, language) in enumerate((k, x) for k in KINDS for x in LANGUAGES):
        given = message(
            scenario, step, medium, customer_kind=kind, language=language,
        )  # fmt: skip
        bare = replace(
            given, key=f"{given.key}-bare", previous_contact_on=None, deadline_on=None,
            creditor=replace(given.creditor, phone="", iban="", bic="", signatory=""),
            account=(), pledge=pledges[number % 3],
        )  # fmt: skip
        many = replace(
            given, key=f"{given.key}-many", lines=several, credit_minor=1_000,
            pledge=pledges[(number + 1) % 3], returned_on=ON - timedelta(days=2),
            return_code=("AM04", "MD01", "ZZ99")[number % 3], recipient_name="Nadia Perrin",
        )  # fmt: skip
        yield from (given, bare, many)


EVERY = [x for scenario, step, medium in MESSAGES for x in variants(scenario, step, medium)]


def render(*drafts: Draft, materials=None):
    return drafts_render(drafts, materials or {}, organization_id=1, now=NOW)


def text(given: Draft, **materials) -> str:
    (found,) = render(given, **materials).values()
    assert isinstance(found, Rendered), str(found)
    return found.text


@pytest.fixture(scope="module")
def every():
    """Every draft with its message; of the letters, one in nine (pages take time)."""
    screen = [x for x in EVERY if x.medium not in WRITTEN_ON_PAPER]
    paper = [x for x in EVERY if x.medium in WRITTEN_ON_PAPER]
    chosen = [*screen, *paper[::9]]
    files = (Attachment("FA1.pdf", b"%PDF-1.4"),)
    materials = {
        x.key: Material(files)
        for x in screen
        if x.medium == "email" and "invoices" in x.attachments
    }
    found = render(*chosen, materials=materials)
    assert len(found) == len(chosen)
    return [(given, found[given.key]) for given in chosen]


def words(given: Draft) -> str:
    """The words of a message on paper, without laying out its pages: those of its email."""
    return text(replace(given, medium="email", recipient=RECIPIENTS["email"]))


def test_every_step_has_a_text_for_its_medium_and_its_fallbacks_in_every_language():
    assert len(SHIPPED) == 8
    for scenario, step, medium in MESSAGES:
        assert text_exists(step.template, medium), (scenario.code, step.code, medium)
    assert not text_exists("reminder_1", "sms")
    assert not text_exists("unknown", "email")
    assert not text_exists("../labels", "email")


def test_every_message_of_every_scenario_renders(every):
    assert len(every) > 600
    for given, found in every:
        assert isinstance(found, Rendered), (given.key, str(found))
        assert not re.search(r"[\x00-\x08]|\{\{|\{%|None|  \n| ,| \.", found.text), (
            given.key, found.text)  # fmt: skip
        if given.medium == "sms":
            assert gsm_text(found.text) == found.text
            assert segments(found.text) <= 2, (given.key, found.text)
        else:
            assert found.subject
            assert found.subject[0] != " "
        if given.medium == "email":
            mail = message_from_bytes(found.content, policy=policy.default)
            assert f'lang="{given.language}"' in mail.get_body(("html",)).get_content()
        if given.medium in WRITTEN_ON_PAPER:
            assert found.content.startswith(b"%PDF")


def test_all_texts_compose_for_all_variants_on_paper_too():
    paper = [x for x in EVERY if x.medium in WRITTEN_ON_PAPER]
    assert len(paper) > 400
    for given in paper:
        assert words(given)


def test_a_letter_never_speaks_of_a_message_and_an_email_never_of_a_letter(every):
    wrong = {
        True: r"ce message|répondez|Bonjour|this message|reply to|Hello|Cordialement|joint",
        False: r"cette lettre|en tête de|Madame, Monsieur|this letter|Yours faithfully",
    }
    for given, found in every:
        on_paper = given.medium in WRITTEN_ON_PAPER
        assert not re.search(wrong[on_paper], found.text), (given.key, found.text)


def test_consumer_is_never_asked_for_a_fee_or_a_business_indemnity(every):
    for given, found in every:
        if given.customer_kind == "consumer":
            assert not re.search(
                r"40\s*€|€\s*40|L441|pénalit|penalt|indemnit|frais de (dossier|relance)", found.text
            ), given.key


def test_consumer_text_message_names_no_amount_and_no_debt(every):
    for given, found in every:
        if given.customer_kind == "consumer" and given.medium == "sms":
            assert not re.search(
                r"€|\d,\d\d|factur|invoice|dette|debt|impay|unpaid|régl|paiement|payment|promi",
                found.text, re.I,
            ), found.text  # fmt: skip
            assert given.creditor.name in found.text


def test_consumer_is_offered_instalments_in_every_written_reminder(every):
    way_out = (
        r"plusieurs fois|échelonn|solution|adapter|situation|échéances que vous pourrez tenir|"
        r"instalments|adapt|dates that you can keep"
    )
    for given, found in every:
        if (given.customer_kind, given.stage == "preventive") == ("consumer", False):
            assert given.medium == "sms" or re.search(way_out, found.text), given.key


def test_public_body_is_not_threatened_with_a_formal_notice_before_its_step(every):
    for given, found in every:
        if given.customer_kind == "public" and given.template not in FORMAL:
            assert not re.search(r"mise en demeure|formal notice", found.subject + found.text), (
                given.key)  # fmt: skip


def test_public_body_is_asked_about_documents_and_chorus_pro():
    for step in SHIPPED["public-bodies"].steps:
        if step.template in {"public_preventive", "public_reminder_1"}:
            for language in LANGUAGES:
                said = text(
                    message(SHIPPED["public-bodies"], step, "email", customer_kind="public",
                            language=language)
                )  # fmt: skip
                assert "Chorus Pro" in said
        if step.template == "public_letter":
            said = words(message(SHIPPED["public-bodies"], step, "letter", customer_kind="public"))
            assert "R2192-31" in said
            assert "D2192-35" in said


def test_penalties_between_businesses_are_named_only_from_the_consequences_on(every):
    for given, found in every:
        if given.template not in CONSEQUENCES:
            assert "L441-10" not in found.text, given.key
            assert "R2192" not in found.text, given.key


def test_formal_notice_to_a_consumer_names_the_mediator_and_a_way_out():
    for template in ("formal_notice", "agency_formal"):
        scenario, step = next(x for x in STEPS if x[1].template == template)
        for language in LANGUAGES:
            given = message(
                scenario, step, "registered_letter", customer_kind="consumer", language=language
            )
            said = words(given)
            assert "L612-1" in said
            assert re.search(r"échelonné|échelonnement|instalments", said)


def test_every_written_message_says_what_to_do_when_payment_crossed_it(every):
    for given, found in every:
        if given.medium != "sms" or given.customer_kind != "consumer":
            assert re.search(
                r"ignor|ne pas en tenir compte|sans objet|disregard|is void", found.text
            ), given.key


def test_promise_is_thanked_for_and_named_with_its_amount_and_day():
    pledge = Pledge(80_000, date(2026, 11, 10), date(2026, 11, 2), 20_000)
    for template in ("promise_broken", "promise_broken_last", "promise_broken_sms"):
        scenario, step = next(x for x in STEPS if x[1].template == template)
        for language, thanks in (("fr", r"remercions|merci de votre"), ("en", r"[Tt]hank you")):
            medium = "sms" if step.medium == "sms" else "email"
            said = text(message(scenario, step, medium, language=language, pledge=pledge))
            said = said.replace("\u00a0", " ")
            assert re.search(thanks, said)
            assert re.search(r"800[,.]00", said)
            assert re.search(r"10 (novembre|November) 2026", said)
            if medium == "email":
                assert re.search(r"200[,.]00", said)


def test_missed_instalment_names_the_next_one():
    pledge = Pledge(80_000, date(2026, 11, 10), None, 0, True, date(2026, 12, 10), 60_000)
    scenario, step = next(x for x in STEPS if x[1].template == "instalment_missed")
    said = text(message(scenario, step, "email", pledge=pledge)).replace("\u00a0", " ")
    assert "L’échéance suivante reste fixée au 10 décembre 2026, pour 600,00 €." in said


@pytest.mark.parametrize(
    ("code", "said", "asks_account"),
    [
        ("AM04", "le solde du compte ne permettait pas l’opération ce jour-là", False),
        ("AC04", "le compte est clos", True),
        ("MD01", "mandat de prélèvement", True),
        ("MS02", "sans motif précisé", False),
        ("ZZ99", "la banque n’a pas pu l’exécuter", False),
        ("", "le 18 novembre 2026. La somme", False),
    ],
)
def test_returned_payment_is_explained_in_words_and_never_by_its_code(code, said, asks_account):
    scenario, step = next(x for x in STEPS if x[1].template == "payment_returned")
    given = message(scenario, step, "email", returned_on=date(2026, 11, 18), return_code=code)
    found = text(given).replace("\u00a0", " ")
    assert said in found
    assert not code or code not in found
    assert ("coordonnées bancaires ont changé" in found) is asks_account


def test_greeting_names_the_person_unless_several_are_written_to():
    scenario, step, medium = MESSAGES[0]
    given = message(scenario, step, medium, recipient_name="Nadia Perrin")
    assert text(given).startswith("Bonjour Nadia Perrin,")
    several = replace(given, copies=(Recipient("dg@client.example", "Paul Roy", "director"),))
    assert text(several).startswith("Bonjour,")


# What goes with a message


def statement_step(medium: str = "email", **fields) -> Draft:
    scenario, step = next(x for x in STEPS if x[1].code == "statement_1")
    return message(scenario, step, medium, **fields)


def pages(pdf: bytes, last: int = 9) -> str:
    found = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages[-last:])
    return found.replace("\u202f", " ").replace("\u00a0", " ")


def test_statement_goes_with_the_email_and_the_text_says_so():
    given = statement_step(credit_minor=5_000)
    (found,) = render(given).values()
    mail = message_from_bytes(found.content, policy=policy.default)
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "releve-de-compte-2026-11-20.pdf"
    assert "Un relevé de votre compte est joint à ce message." in found.text
    said = pages(file.get_content())
    for part in (
        "Relevé de compte au 20 novembre 2026", "FA2026-0036", "95 jours", "contestée", "annoncée",
        "échéancier", "en examen", "à échoir", "RF83 FA20 2600 42", "−50,00 €", "Solde de votre compte",
        "8 715,61 €", "Plus de 90 jours",
    ):  # fmt: skip
        assert part in said, part


def test_statement_follows_the_letter_on_pages_of_its_own():
    (found,) = render(statement_step("letter", language="en")).values()
    assert "A statement of your account follows this letter." in found.text
    reader = PdfReader(io.BytesIO(found.content))
    assert "Statement of account as of" in reader.pages[-1].extract_text()
    assert "FA2026-0057" in reader.pages[-1].extract_text()


def test_no_statement_is_announced_when_there_is_none():
    for medium in ("email", "letter"):
        assert "relevé" not in text(statement_step(medium, account=()))


def test_statement_that_cannot_be_printed_keeps_back_no_email():
    given = statement_step()
    (found,) = render(replace(given, customer=replace(given.customer, name="日本商事"))).values()
    assert isinstance(found, Rendered)
    assert "relevé" not in found.text


def test_statement_of_two_thousand_invoices_takes_seconds_and_more_are_summed_up():
    lines = tuple(line(n, n % 200 - 20) for n in range(LARGEST_LINES + 50))
    started = time.process_time()
    (pdf,) = statements_pdf([statement_of(statement_step(account=lines))])
    assert time.process_time() - started < 10
    assert isinstance(pdf, bytes)
    assert len(pdf) < 3_000_000
    said = pages(pdf, last=2)
    assert "50 autres factures" in said
    assert "2 567 071,50 €" in said  # 2,050 x 1,252.23


# Agencies


def agency_message(template: str, medium: str, **fields) -> Draft:
    scenario, step = next(x for x in STEPS if x[1].template == template)
    return message(scenario, step, medium, **fields)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("medium", ["letter", "email"])
def test_first_letter_of_an_agency_states_what_the_law_asks(medium, kind, language):
    given = agency_message("agency_first", medium, customer_kind=kind, language=language)
    said = re.sub(r"[\u00a0\u202f\n]", " ", text(given))
    for part in (
        "Recouvrement Lyonnais, 24 quai Rambaud, 69002 Lyon",
        "Atelier Vauban, 12 rue des Forges, 69007 Lyon",
        "FR14 2004 1010 0505 0001 3M02 606",
        "Les frais de recouvrement entrepris sans titre exécutoire restent à la charge du "
        "créancier, sauf s’ils concernent un acte dont l’accomplissement est prescrit par la loi "
        "au créancier. Toute stipulation contraire est réputée non écrite, sauf disposition "
        "législative contraire.",
        "Cependant, le créancier qui justifie du caractère nécessaire des démarches entreprises "
        "pour recouvrer sa créance peut demander au juge de l’exécution de laisser tout ou partie "
        "des frais ainsi exposés à la charge du débiteur de mauvaise foi.",
        MANDATE_MARK, "R124-1", "RF60C000123",
        *({"fr": ("activité de recouvrement amiable", "Principal", "Intérêts", "accessoires",
                  "Vous devez payer la somme de 1 252,23 €"),
           "en": ("amicable collection", "Principal", "Interest", "accessories",
                  "You have to pay €1,252.23")}[language]),
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize("template", ["reminder_1", "agency_reminder", "promise_broken"])
def test_no_text_can_leave_the_statements_out(template):
    first = replace(AGENCY, first_letter_on=None)
    said = text(agency_message(template, "email", agency=first))
    assert MANDATE_MARK in said
    assert "sans titre exécutoire" in said


@pytest.mark.parametrize(
    "template", ["agency_reminder", "agency_last", "agency_formal", "agency_sms", "reminder_2"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_later_messages_recall_the_day_and_reference_of_the_first_letter(template, language):
    medium = "sms" if template == "agency_sms" else "letter"
    said = text(agency_message(template, medium, agency=AGENCY, language=language))
    said = said.replace("\u00a0", " ")
    assert {"fr": "2 novembre 2026", "en": "2 November 2026"}[language] in said
    assert "RF60C000123" in said
    assert MANDATE_MARK not in said
    assert "Recouvrement Lyonnais" in said
    assert "Atelier Vauban" in said


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agency": None}, "message.not_agency"),
        ({"agency": replace(AGENCY, party=replace(PARTY, address_lines=(), city="", postcode=""))},
         "message.agency_identity"),
        ({"creditor": Party("Atelier Vauban", email="a@b.example")}, "message.agency_creditor"),
    ],
)  # fmt: skip
def test_agency_without_what_the_law_asks_sends_nothing_and_says_why(change, code):
    (found,) = render(replace(agency_message("agency_first", "letter"), **change)).values()
    assert isinstance(found, Sentence)
    assert found.code == code
    assert str(found)


def test_no_text_message_of_an_agency_leaves_before_its_first_letter():
    first = replace(AGENCY, first_letter_on=None)
    (found,) = render(agency_message("agency_sms", "sms", agency=first)).values()
    assert found.code == "message.agency_first"


def test_agency_announces_nothing_that_only_the_creditor_decides(every):
    threats = r"tribunal|juridiction|court\b|huissier|bailiff|assignation|saisi[er]"
    for given, found in every:
        if given.template.startswith("agency_"):
            # The law quoted in the first letter speaks of a judge; what we write does not.
            said = found.text.partition("Article L111-8")[0]
            assert not re.search(threats, said), given.key


def test_agency_message_leaves_in_the_name_of_the_agency():
    (found,) = render(agency_message("agency_reminder", "email")).values()
    mail = message_from_bytes(found.content, policy=policy.default)
    assert mail["From"].addresses[0].addr_spec == "dossiers@lyonnais.example"
    assert "Recouvrement Lyonnais\npour Atelier Vauban" in found.text
