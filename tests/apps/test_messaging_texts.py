"""What the shipped texts say, to whom, and what they never say."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from email import message_from_bytes, policy
from itertools import product

import pytest

from amiable.apps.messaging.rendering.messages import (
    Material,
    Rendered,
    drafts_render,
    recipient_problem,
)
from amiable.apps.messaging.writing.texts import TextError, parse, rendered
from amiable.apps.messaging.writing.wording import date_text, money_text, short_date
from amiable.core.sentences import Sentence
from amiable.core.sms import gsm_text, segments
from amiable.plugins.documents.mime import Attachment
from tests.apps.messaging_drafts import CREDITOR, CUSTOMER, NOW, ON, STAGES, draft, line

KINDS, LANGUAGES = ("company", "consumer", "public"), ("fr", "en")
EVERY = [
    draft(template, key=f"{template}-{kind}-{language}", customer_kind=kind, language=language)
    for template, kind, language in product(STAGES, KINDS, LANGUAGES)
]
THREATS = {
    "fr": r"huissier|saisie|poursuites? pénales?|contentieux|fichage|tribunal correctionnel",
    "en": r"bailiff|seizure|prosecut|blacklist|criminal",
}


def render(*drafts, materials=None):
    return drafts_render(drafts, materials or {}, organization_id=1, now=NOW)


def text(given, **materials) -> str:
    (found,) = render(given, **materials).values()
    assert isinstance(found, Rendered), found
    return found.text


@pytest.fixture(scope="module")
def every():
    found = render(*EVERY)
    return {given.key: (given, found[given.key]) for given in EVERY}


def test_every_text_renders_for_every_kind_of_customer_in_both_languages(every):
    assert len(every) == 7 * 3 * 2
    for given, found in every.values():
        assert isinstance(found, Rendered), (given.key, found)
        assert not re.search(r"[\x00-\x08]|\{\{|\{%|None|  \n", found.text), given.key
        assert found.subject or given.medium == "sms"


def test_consumer_is_never_asked_for_business_indemnities(every):
    for given, found in every.values():
        if given.customer_kind == "consumer":
            assert not re.search(r"40\s*€|€\s*40|L441|pénalit|penalt|indemnit", found.text), (
                given.key
            )


def test_law_is_named_with_its_article_where_it_applies(every):
    for language in LANGUAGES:
        notice = {kind: every[f"formal_notice-{kind}-{language}"][1].text for kind in KINDS}
        assert "L441-10" in notice["company"]
        assert "R2192-31" in notice["public"]
        assert "1231-6" in notice["consumer"]
        assert "1344-1" in notice["consumer"]


def test_no_text_threatens_what_law_does_not_allow(every):
    for given, found in every.values():
        assert not re.search(THREATS[given.language], found.text, re.I), given.key


def test_every_reminder_says_to_ignore_it_when_payment_crossed(every):
    wanted = {
        "fr": r"ignor|ne pas (en )?tenir compte|sans objet",
        "en": r"disregard|ignore|void",
    }
    for given, found in every.values():
        if not (given.medium == "sms" and given.customer_kind == "consumer"):
            assert re.search(wanted[given.language], found.text), given.key


def test_text_message_to_a_consumer_shows_no_amount_and_no_debt_on_the_lock_screen(every):
    for language in LANGUAGES:
        found = every[f"reminder_sms-consumer-{language}"][1].text
        assert "Atelier Vauban" in found
        assert not re.search(r"€|1\s?252|factur|invoice|dette|debt|impay|unpaid|due", found, re.I)


def test_text_messages_are_one_or_two_parts_of_the_plain_alphabet(every):
    for given, found in every.values():
        if given.medium == "sms":
            assert gsm_text(found.text) == found.text
            assert segments(found.text) <= 2
            assert found.recipient == "+33612345678"


def test_formal_notice_holds_what_practice_asks_of_it():
    given = draft("formal_notice", line(42, 30, paid=25_223), line(43, 12, total=4_800))
    words = text(given)
    for part in (
        "mettons en demeure", "mise en demeure", "SIREN 732\u00a0829\u00a0320",
        "SIREN 404\u00a0833\u00a0048", "FA2026-0042", "FA2026-0043", "252,23\u00a0€",
        "1\u202f048,00\u00a0€", "au plus tard le 1er\u00a0décembre 2026",
        "FR14 2004 1010 0505 0001 3M02 606", "RF60 C000 123", "juridiction compétente",
        "contestation", "04 72 00 00 00", "Claire Fontaine", "Le 20\u00a0novembre 2026",
    ):  # fmt: skip
        assert part in words, part
    assert "intérêts échus" not in words


def test_reminder_reads_as_written():
    words = text(draft("reminder_1", line(42, 30), line(57, 1, total=50_000)))
    assert words == (
        "Bonjour,\n\n"
        "Sauf erreur de notre part, nous n’avons pas encore reçu le règlement des factures "
        "ci-dessous, arrivées à échéance. Il s’agit sans doute d’un simple oubli. Le montant à "
        "régler est de 1\u202f752,23\u00a0€.\n\n"
        "Facture      Échéance    Retard      Reste dû\n"
        "---------------------------------------------\n"
        "FA2026-0042  21/10/2026  30\u00a0jours  1\u202f252,23\u00a0€\n"
        "FA2026-0057  19/11/2026  1\u00a0jour      500,00\u00a0€\n"
        "---------------------------------------------\n"
        "Total à régler                     1\u202f752,23\u00a0€\n\n"
        "Pour régler par virement\n"
        "  Titulaire du compte   Atelier Vauban\n"
        "  IBAN                  FR14 2004 1010 0505 0001 3M02 606\n"
        "  Montant               1\u202f752,23\u00a0€\n"
        "  Référence à rappeler  RF60 C000 123\n\n"
        "Une question, un désaccord, une difficulté passagère\u202f? Répondez simplement à ce "
        "message\u00a0: nous vous répondrons rapidement.\n\n"
        "Si votre règlement a croisé ce message, merci de l’ignorer.\n\n"
        "Cordialement,\nClaire Fontaine\nAtelier Vauban\n\n"
        "-- \nAtelier Vauban · 12 rue des Forges · 69007 Lyon · SIREN 732\u00a0829\u00a0320\n"
        "Atelier Vauban traite vos coordonnées pour le suivi et le recouvrement de ses factures. "
        "Vos droits d’accès, de rectification et d’opposition s’exercent auprès de "
        "compta@vauban.example.\n"
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((line(1, 30),), ("la facture ci-dessous reste impayée", "avec un retard de 30 jours")),
        ((line(1, 1), line(2, 1)), ("les factures ci-dessous restent impayées", "1 jour.")),
    ],
)
def test_singular_and_plural_agree(lines, words):
    found = text(draft("reminder_last", *lines))
    for part in words:
        assert part in found


def test_credit_is_shown_and_deducted_and_other_items_stand_apart():
    given = draft(
        "reminder_2", line(1, 30), line(2, -5, group="upcoming"), line(3, 40, group="disputed"),
        credit_minor=25_223,
    )  # fmt: skip
    found = text(given)
    assert "Total des factures" in found
    assert "−252,23\u00a0€" in found
    assert "Montant               1\u202f000,00\u00a0€" in found
    assert found.index("FA2026-0001") < found.index("à échoir prochainement")
    assert found.index("à échoir prochainement") < found.index("FA2026-0002")
    assert found.index("contestées") < found.index("FA2026-0003")


@pytest.mark.parametrize(
    "given",
    [
        draft("reminder_1", line(1, -3, group="upcoming")),
        draft("reminder_1", line(1, 3, group="disputed")),
        draft("reminder_1", line(1, 3), credit_minor=125_223),
        draft("reminder_preventive", line(1, -3, group="upcoming"), credit_minor=200_000),
    ],
)
def test_nothing_due_is_nothing_to_ask_for(given):
    (found,) = render(given).values()
    assert isinstance(found, Sentence)
    assert found.code == "message.nothing_due"


def test_items_reminded_by_another_message_are_listed_but_not_asked_again():
    found = text(draft("reminder_1", line(1, 2), line(2, 30, group="reminded")))
    assert found.index("Total à régler") < found.index("Déjà rappelées")
    assert "Montant               1\u202f252,23\u00a0€" in found


@pytest.mark.parametrize("group", ["due", "upcoming"])
def test_preventive_message_announces_what_falls_due(group):
    found = text(draft("reminder_preventive", line(1, -15, group=group)))
    assert "arrive prochainement à échéance" in found
    assert "Total à échoir" in found
    assert "Retard" not in found


def test_too_heavy_attachments_are_left_out_and_the_text_does_not_promise_them():
    given = draft("reminder_1")
    heavy = {given.key: Material((Attachment("a.pdf", b"x" * 7_000_000),))}
    (found,) = render(given, materials=heavy).values()
    assert "joint" not in found.text
    assert len(found.content) < 100_000


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (0, None),
        (1, "Une des 3 factures est jointe à ce message."),
        (2, "2 des 3 factures sont jointes à ce message."),
        (3, "Les factures sont jointes à ce message."),
    ],
)
def test_message_says_exactly_what_is_attached(files, said):
    given = draft("reminder_2", line(1), line(2), line(3), attachments=("invoices",))
    pdfs = tuple(Attachment(f"FA{n}.pdf", b"%PDF-1.4") for n in range(files))
    words = text(given, materials={given.key: Material(pdfs)})
    assert (said in words) if said else ("joint" not in words)


def test_follow_up_keeps_the_subject_but_the_last_reminder_speaks_for_itself():
    material = Material(thread_subject="Re: Facture FA-1", references=("<1@x.example>",))
    second, last = draft("reminder_2"), draft("reminder_last")
    found = render(second, last, materials={second.key: material, last.key: material})
    assert found[second.key].subject == "Re: Facture FA-1"
    assert found[last.key].subject.startswith(
        "Dernier rappel avant mise en demeure\u00a0: 1\u202f252"
    )
    for key in (second.key, last.key):
        assert b"In-Reply-To: <1@x.example>" in found[key].content


def test_email_declares_its_language_and_both_forms_say_the_same():
    (found,) = render(draft("reminder_1", language="en")).values()
    mail = message_from_bytes(found.content, policy=policy.default)
    html = mail.get_body(("html",)).get_content()
    assert '<html lang="en"' in html
    for part in ("FA2026-0042", "€1,252.23", "FR14 2004 1010 0505 0001 3M02 606"):
        assert part in html
        assert part in found.text
    assert mail["Reply-To"].addresses[0].addr_spec == CREDITOR.email


def test_markup_of_ours_in_a_name_is_only_text():
    evil = "A\x02B\x03 \x04payment **x** {{ total }} {% if %}"
    found = text(draft("reminder_1", creditor=replace(CREDITOR, name=evil)))
    assert "AB payment **x** {{ total }} {% if %}" in found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": "x"}, "message.no_email"),
        ({"creditor": replace(CREDITOR, email="")}, "message.no_sender"),
        ({"template": "unknown"}, "text.broken"),
        ({"template": "../../../etc/passwd"}, "text.broken"),
        ({"medium": "phone"}, "message.medium"),
    ],
)
def test_draft_that_cannot_be_rendered_is_explained(change, code):
    (found,) = render(replace(draft("reminder_1"), **change)).values()
    assert isinstance(found, Sentence)
    assert found.code == code
    assert str(found)
    assert Sentence.from_json(found.to_json()) == found


def test_recipient_problem_is_told_before_rendering():
    assert recipient_problem(draft("reminder_sms", recipient="04 72 00 00 00")).code == (
        "message.no_mobile"
    )
    bare = replace(CUSTOMER, address_lines=())
    assert recipient_problem(draft("reminder_firm", customer=bare)).code == "address.incomplete"
    assert recipient_problem(draft("reminder_1")) is None


def test_unprintable_name_stops_its_letter_only():
    bad = draft("reminder_firm", key="bad", customer=replace(CUSTOMER, name="日本商事"))
    found = render(bad, draft("reminder_firm", key="good"))
    assert found["bad"].code == "letter.unprintable"
    assert found["good"].content.startswith(b"%PDF")


# The language of amounts and dates


@pytest.mark.parametrize(
    ("amount", "currency", "language", "words"),
    [
        (125_223, "EUR", "fr", "1\u202f252,23\u00a0€"),
        (-5, "EUR", "fr", "−0,05\u00a0€"),
        (125_223, "EUR", "en", "€1,252.23"),
        (1_000_000, "XPF", "fr", "1\u202f000\u202f000\u00a0XPF"),
        (125_223, "CHF", "en", "CHF\u00a01,252.23"),
    ],
)
def test_amounts_are_written_as_people_read_them(amount, currency, language, words):
    assert money_text(amount, currency, language=language) == words


def test_dates_are_written_as_people_read_them():
    first = ON.replace(day=1)
    assert date_text(first, "fr") == "1er\u00a0novembre 2026"
    assert date_text(ON, "en") == "20\u00a0November 2026"
    assert (short_date(ON, "fr"), short_date(ON, "en")) == ("20/11/2026", "20 Nov 2026")


# The closed box


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..999) %}{{ long }}{% endfor %}",
        "{% include 'x' %}", "{% render 'x' %}", "{% capture x %}a{% endcapture %}",
        "{{ name | replace: 'a', 'aaaa' }}", "{{ name | append: name }}", "{{ unknown }}",
        "{{ name.__class__ }}", "{% if %}", "{{", "{% if true %}" * 40, "x" * 30_000,
        "{{ 'x' | plural: 'a', 'b' }}",
    ],
)  # fmt: skip
def test_text_that_breaks_out_of_the_box_is_refused_at_once(source):
    started = time.monotonic()
    with pytest.raises(TextError):
        rendered(parse(source, "fr"), {"name": "x", "long": "y" * 1000}, language="fr")
    assert time.monotonic() - started < 20


def test_french_punctuation_gets_its_spaces():
    subject, body = rendered(parse("Objet : x\nVraiment ? « Oui » !", "fr"), {}, language="fr")
    assert subject == "Objet\u00a0: x"
    assert body == "Vraiment\u202f? «\u00a0Oui\u00a0»\u202f!"


def test_slow_text_is_stopped_by_the_clock(monkeypatch):
    monkeypatch.setattr("amiable.apps.messaging.writing.texts.SECONDS", -1)
    with pytest.raises(TextError, match="time limit"):
        rendered(parse("{{ name }}", "fr"), {"name": "x"}, language="fr")
