"""Texts of an organization's own: kept as versions, the nearest chosen, what law says never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.dunning.writing.trials import served_media, text_use, text_uses, trial_drafts
from amiable.apps.messaging.library import templates
from amiable.apps.messaging.library.resolution import Place, own_texts
from amiable.apps.messaging.library.templates import (
    TemplateError,
    template_current,
    template_places,
    template_restore,
    template_save,
    template_versions,
    template_withdraw,
)
from amiable.apps.messaging.models import Message, Template
from amiable.apps.messaging.services import messages_freeze
from amiable.core.drafts import Agency, Party
from tests import factories
from tests.apps.messaging_drafts import NOW, draft, line

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 20)
EMAIL = Place("reminder_1", "email", "fr")
FORMAL = Place("formal_notice", "registered_letter", "fr")
BODY = "{{ invoices }}\n\n{{ payment }}\n\n{{ signature }}"
NOTICE = (
    "mise en demeure\n{{ hello }}\n\n{{ creditor }} vous met en demeure, {{ customer }}, de payer"
    f" {{{{ total }}}}{{% if deadline %}} avant le {{{{ deadline }}}}{{% endif %}}.\n\n{BODY}"
)
AGENCY = Agency(
    Party(
        name="Cabinet Mercure", address_lines=("5 place du Marché",), postcode="31000",
        city="Toulouse", email="dossiers@mercure.example",
    ),
    "AM-4711",
)  # fmt: skip


@pytest.fixture
def organization():
    return factories.organization("vauban")


@pytest.fixture
def case(organization):
    return factories.case(factories.customer(factories.creditor(organization)))


def words(said: str) -> str:
    return f"Objet {said}\n{{{{ hello }}}}\n\n{said}, {{{{ total }}}}.\n\n{BODY}"


def save(organization, place: Place, text: str) -> int:
    use = text_use(organization.pk, place)
    return template_save(organization.pk, place, text, use=use, now=NOW, actor="camille")[0]


def frozen(case, given) -> Message:
    given = replace(given, creditor_id=case.customer.creditor_id)
    found = messages_freeze(case.organization_id, [given], now=NOW)[given.key]
    assert isinstance(found, int), found
    return Message.objects.get(id=found)


# Which text is taken


def test_nearest_text_wins(organization, case):
    mine = case.customer.creditor_id
    other = factories.creditor(organization, "other").pk
    places = [
        (replace(EMAIL, creditor_id=mine, scenario_code="risky"), "du mandant et du scénario"),
        (replace(EMAIL, creditor_id=mine), "du mandant"),
        (replace(EMAIL, scenario_code="risky"), "du scénario"),
        (EMAIL, "de la maison"),
    ]
    for place, said in [*places, (replace(EMAIL, creditor_id=other), "d’un autre")]:
        save(organization, place, words(said))
    for number, (place, said) in enumerate(places):
        message = frozen(case, draft("reminder_1", case=case, key=f"k{number}", scenario="risky"))
        assert said in message.text
        assert message.template.version == 1
        assert (message.template.creditor_id, message.template.scenario_code) == (
            place.creditor_id, place.scenario_code
        )  # fmt: skip
        assert template_withdraw(organization.pk, place, on=ON, actor="camille")
    shipped = frozen(case, draft("reminder_1", case=case, key="last", scenario="risky"))
    assert "simple oubli" in shipped.text
    assert shipped.template is None


def test_text_of_another_organization_is_never_taken(organization, case):
    stranger = factories.organization("stranger")
    save(stranger, EMAIL, words("d’un autre"))
    assert frozen(case, draft("reminder_1", case=case)).template is None


def test_text_of_another_language_is_never_taken(organization, case):
    save(organization, EMAIL, words("en français"))
    english = frozen(case, draft("reminder_1", case=case, key="en", language="en"))
    assert english.template is None
    assert frozen(case, draft("reminder_1", case=case, key="be", language="fr-BE")).template


def test_letter_is_written_from_the_own_email_only_where_no_letter_is_shipped(organization, case):
    save(organization, EMAIL, words("par courriel"))
    save(organization, Place("reminder_firm", "email", "fr"), words("par courriel"))
    letter = replace(draft("reminder_firm", case=case, key="a"), template="reminder_1")
    assert "par courriel" in frozen(case, letter).text
    assert "par courriel" not in frozen(case, draft("reminder_firm", case=case, key="b")).text


def test_resolving_costs_one_query_for_any_number(organization, django_assert_max_num_queries):
    for code in ("reminder_1", "reminder_2", "reminder_last"):
        save(organization, Place(code, "email", "fr"), words(code))
    several = [draft(f"reminder_{n % 2 + 1}", key=str(n)) for n in range(50)]
    with django_assert_max_num_queries(1):
        found = own_texts(organization.pk, several)
    assert len(found) == 50
    with django_assert_max_num_queries(1):
        assert own_texts(organization.pk, [draft("reminder_firm")]) == {}


# Versions


def test_saving_makes_versions_and_the_same_words_none(organization):
    assert save(organization, EMAIL, words("un")) == 1
    assert save(organization, EMAIL, words("un").replace("\n", "\r\n") + "\n\n") == 1
    assert save(organization, EMAIL, words("deux")) == 2
    versions = template_versions(organization.pk, EMAIL)
    assert [(each.version, each.created_by) for each in versions] == [
        (2, "camille"),
        (1, "camille"),
    ]
    assert Event.objects.filter(kind="template.saved").count() == 2


def test_restoring_saves_the_earlier_words_as_the_newest(organization):
    save(organization, EMAIL, words("un"))
    save(organization, EMAIL, words("deux"))
    use = text_use(organization.pk, EMAIL)
    assert template_restore(organization.pk, EMAIL, 1, use=use, now=NOW, actor="camille") == 3
    current = template_current(organization.pk, EMAIL)
    assert (current.version, current.is_here) == (3, True)
    assert "un" in current.text
    with pytest.raises(LookupError):
        template_restore(organization.pk, EMAIL, 9, use=use, now=NOW, actor="camille")


def test_withdrawn_text_gives_its_place_back(organization):
    save(organization, EMAIL, words("un"))
    assert template_withdraw(organization.pk, EMAIL, on=ON, actor="camille")
    assert not template_withdraw(organization.pk, EMAIL, on=ON, actor="camille")
    current = template_current(organization.pk, EMAIL)
    assert (current.place, current.version, current.is_here) == (None, 0, False)
    assert save(organization, EMAIL, words("un")) == 2


def test_earlier_version_stays_known_to_its_message(organization, case):
    save(organization, EMAIL, words("un"))
    message = frozen(case, draft("reminder_1", case=case))
    save(organization, EMAIL, words("deux"))
    message.refresh_from_db()
    assert (message.template.version, message.template.text) == (1, words("un") + "\n")


@pytest.mark.parametrize(
    "place",
    [
        replace(EMAIL, medium="phone"), replace(EMAIL, language="de"),
        replace(EMAIL, code="unknown"), replace(EMAIL, medium="sms"),
        replace(EMAIL, code="../fr/labels"), replace(EMAIL, creditor_id=999_999),
    ],
)  # fmt: skip
def test_place_that_cannot_be_is_refused(organization, place):
    use = text_use(organization.pk, EMAIL)
    with pytest.raises(LookupError):
        template_save(organization.pk, place, words("un"), use=use, now=NOW, actor="camille")
    assert not Template.objects.exists()


def test_creditor_of_another_organization_is_refused(organization):
    theirs = factories.creditor(factories.organization("stranger")).pk
    with pytest.raises(LookupError):
        save(organization, replace(EMAIL, creditor_id=theirs), words("un"))


def test_list_says_what_is_own_shipped_or_missing(organization, django_assert_max_num_queries):
    owner = factories.creditor(organization).pk
    save(organization, EMAIL, words("un"))
    save(organization, replace(EMAIL, creditor_id=owner), words("deux"))
    save(organization, Place("reminder_1", "letter", "fr"), words("trois"))
    with django_assert_max_num_queries(1):
        found = {(each.code, each.medium): each for each in template_places(organization.pk)}
    assert found["reminder_1", "email"].languages == {"fr": "own", "en": "shipped"}
    assert found["reminder_1", "email"].narrower == (replace(EMAIL, creditor_id=owner),)
    assert found["reminder_1", "letter"].languages == {"fr": "own", "en": "missing"}
    assert found["formal_notice", "registered_letter"].languages["en"] == "shipped"


# What law says is never lost


def test_mandate_of_an_agency_cannot_be_edited_out(organization, case):
    for code in ("reminder_1", "reminder_firm"):
        medium = {"reminder_1": "email", "reminder_firm": "letter"}[code]
        bare = f"Objet\n{{% if kind == 'nobody' %}}{{{{ mandate }}}}{{% endif %}}Bonjour\n\n{BODY}"
        organization.is_agency = True
        organization.save()
        save(organization, Place(code, medium, "fr"), bare)
        message = frozen(case, draft(code, case=case, agency=AGENCY, key=code))
        assert message.template_id
        said = " ".join(message.text.split())
        for mention in (
            "Cabinet Mercure, 5 place du Marché", "exerce une activité de recouvrement amiable",
            "Créancier : Atelier Vauban, 12 rue des Forges", "Fondement de la créance",
            "Principal", "Intérêts", "Vous devez payer la somme",
            "Les frais de recouvrement entrepris sans titre exécutoire restent à la charge",
            "demander au juge de l’exécution",
        ):  # fmt: skip
            assert mention in said.replace("\u00a0", " "), (code, mention)
        later = replace(AGENCY, first_letter_on=date(2026, 10, 1))
        recall = frozen(case, draft(code, case=case, agency=later, key=f"{code}-2")).text
        assert "notre lettre du 1er\u00a0octobre 2026, référence AM-4711" in recall


@pytest.mark.parametrize(
    ("kind", "mentions"),
    [
        ("company", ("L441-10", "pénalités de retard", "40\u00a0€")),
        ("public", ("R2192-31", "D2192-35")),
        ("consumer", ("1231-6", "1344-1", "L612-1")),
    ],
)
def test_formal_notice_bears_what_law_says_whoever_wrote_it(organization, case, kind, mentions):
    save(organization, FORMAL, NOTICE)
    message = frozen(case, draft("formal_notice", case=case, customer_kind=kind))
    for mention in mentions:
        assert mention in message.text
    if kind == "consumer":
        assert "40\u00a0€" not in message.text


def test_mention_that_the_text_makes_itself_is_not_doubled(organization, case):
    own = NOTICE.replace(
        "\n\n{{ invoices }}",
        '{% if kind == "company" %} L’article L441-10 prévoit des pénalités et 40 €.{% endif %}'
        "\n\n{{ invoices }}",
    )
    save(organization, FORMAL, own)
    assert frozen(case, draft("formal_notice", case=case)).text.count("L441-10") == 1


def test_friendly_text_gets_no_law(organization, case):
    save(organization, EMAIL, words("un"))
    assert "L441-10" not in frozen(case, draft("reminder_1", case=case)).text


def test_condition_no_sample_meets_is_still_stopped_on_the_message_itself(organization, case):
    trap = words("{% if customer_code == 'C777' %}Des pénalités de 40 € s’ajoutent{% endif %}")
    save(organization, EMAIL, trap)
    given = draft("reminder_1", case=case, customer_kind="consumer", customer_code="C777")
    given = replace(given, creditor_id=case.customer.creditor_id)
    refused = messages_freeze(organization.pk, [given], now=NOW)[given.key]
    assert refused.code == "text.broken"
    assert refused.params["reason"].code == "rule.consumer_fee"
    assert not Message.objects.exists()
    business = frozen(case, draft("reminder_1", case=case, key="b2b", customer_code="C777"))
    assert "pénalités de 40" in business.text


def test_names_are_not_words_of_the_text(organization, case):
    save(organization, EMAIL, words("{{ creditor }} vous écrit"))
    named = replace(draft().creditor, name="Indemnités & Pénalités SA")
    message = frozen(case, draft("reminder_1", case=case, customer_kind="consumer", creditor=named))
    assert "Indemnités & Pénalités SA vous écrit" in message.text


def test_hostile_names_stay_words(organization, case):
    save(organization, EMAIL, "Relance {{ customer }}\n{{ customer }}\n\n" + BODY)
    name = (
        '<script>alert(1)</script>{{ total }}{% if x %}\r\nBcc: x@y.example\x04mandate #eval("1")'
    )
    given = draft("reminder_1", case=case, customer=replace(draft().customer, name=name))
    message = frozen(case, given)
    mail = message_from_bytes(bytes(message.content), policy=policy.default)
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert "{{ total }}" in message.text
    save(organization, Place("reminder_firm", "letter", "fr"), words("{{ customer }}"))
    assert frozen(case, replace(given, key="l", medium="letter", template="reminder_firm"))


# From the scenarios


def test_uses_name_the_steps_and_their_tone(organization):
    uses = text_uses(organization.pk)
    assert {use.scenario.code for use in uses["reminder_1"]} == {"sme-standard"}
    assert {use.step.stage for use in uses["formal_notice"]} == {"formal"}
    assert text_use(organization.pk, FORMAL).stages == ("formal",)
    assert set(text_use(organization.pk, Place("payment_returned", "email", "fr")).stages) == {
        "firm", "friendly",
    }  # fmt: skip
    risky = Place("payment_returned", "email", "fr", scenario_code="risky")
    assert text_use(organization.pk, risky).stages == ("firm",)


def test_email_text_serves_the_letter_where_none_is_shipped(organization):
    assert served_media(organization.pk, EMAIL) == ("email", "letter")
    assert served_media(organization.pk, Place("reminder_sms", "sms", "fr")) == ("sms",)


def test_trial_shows_the_case_as_it_stands(organization, case):
    factories.invoice(case.customer, "FA-1", total_minor=70_000)
    factories.invoice(case.customer, "FA-2", total_minor=1_000, due=ON.replace(month=12))
    found = trial_drafts(organization.pk, case.pk, EMAIL, on=factories.TODAY)
    assert [each.medium for each in found] == ["email", "letter"]
    assert found[0].due_minor == 70_000
    assert trial_drafts(factories.organization("s").pk, case.pk, EMAIL, on=ON) == []


def test_refusal_names_every_problem_and_keeps_nothing(organization):
    with pytest.raises(TemplateError) as refused:
        save(
            organization, EMAIL, "Objet {{ montant }}\n{% if deadline %}\n\n{{ x | replace: 'a' }}"
        )
    codes = [each.sentence.code for each in refused.value.problems]
    assert codes == [
        "text_problem.unknown_field_near", "text_problem.unbalanced", "text_problem.unknown_field",
        "text_problem.unknown_filter",
    ]  # fmt: skip
    assert not Template.objects.exists()
    assert templates.normalized("a\r\nb \n\n") == "a\nb\n"


def test_several_lines_are_listed_once(organization, case):
    save(organization, EMAIL, words("un"))
    message = frozen(case, draft("reminder_1", line(1), line(2), case=case))
    assert message.text.count("FA2026-0001") == 1
