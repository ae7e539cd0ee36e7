"""The scripts of calls and the emails that confirm them: whole in both languages, for everybody."""

from __future__ import annotations

import pytest

from amiable.apps.dunning.library.checks import OF_CALLS, template_names
from amiable.apps.messaging.library.checks import text_problems
from amiable.apps.messaging.library.samples import Use, samples
from amiable.apps.messaging.library.viewing import view_of
from amiable.apps.messaging.rendering.messages import Rendered, drafts_render
from amiable.apps.messaging.writing.agreed import CONFIRMATIONS
from amiable.apps.messaging.writing.scripts import SCRIPTS, STAGE_OF, script_code, script_of
from amiable.apps.messaging.writing.texts import shipped_text
from tests.apps.messaging_drafts import NOW

LANGUAGES = ("fr", "en")


def use_of(code: str, medium: str, language: str, *, is_agency: bool = False) -> Use:
    stage = STAGE_OF.get(code, "friendly")
    return Use(code, medium, language, (stage,), is_agency)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_agency", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("code", "medium"),
    [*((code, "phone") for code in SCRIPTS), *((code, "email") for code in CONFIRMATIONS)],
)
def test_shipped_texts_of_calls_have_no_problem(code, medium, language, is_agency):
    source = shipped_text(code, medium=medium, language=language)
    use = use_of(code, medium, language, is_agency=is_agency)
    assert [str(each.sentence) for each in text_problems(source, use)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", SCRIPTS)
def test_every_script_opens_asks_answers_and_closes(code, language):
    for draft in samples(use_of(code, "phone", language)):
        script = script_of(draft)
        assert script.title
        assert len(script.parts) == 9
        assert all(part.title and part.lines for part in script.parts)
        assert "{" not in str(script)
        amounts = (
            any("€" in line for part in script.parts for line in part.lines) or "€" in script.title
        )
        assert amounts or code in {"call_formal"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CONFIRMATIONS)
def test_every_confirmation_can_be_written(code, language):
    for number, draft in enumerate(samples(use_of(code, "email", language))):
        found = drafts_render([draft], {}, organization_id=number, now=NOW)[draft.key]
        assert isinstance(found, Rendered), str(found)
        assert "FA2026-0042" in found.text + found.subject or code == "call_promise"


def test_a_consumer_hears_what_it_is_about_alone():
    for draft in samples(use_of("call_friendly", "phone", "fr")):
        opening = " ".join(script_of(draft).parts[0].lines)
        assert ("Ne dites l’objet" in opening) == (draft.customer_kind == "consumer")


@pytest.mark.parametrize(
    ("stage", "anchor", "code"),
    [
        ("preventive", "due_date", "call_preventive"),
        ("friendly", "due_date", "call_friendly"),
        ("litigation", "previous_step", "call_formal"),
        ("firm", "promise_broken", "call_broken"),
        ("firm", "instalment_missed", "call_broken"),
        ("firm", "payment_returned", "call_returned"),
    ],
)
def test_the_script_suits_the_step(stage, anchor, code):
    assert script_code(stage, anchor) == code
    assert code in SCRIPTS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Titre\nSans partie\n", "text_problem.no_part"),
        ("Titre\n# Seul\n", "text_problem.no_part"),
        ("Titre\n# A\n{{ payment }}\n", "text_problem.block_spoken"),
        ("\n# A\nb\n", "text_problem.no_subject"),
        ("Titre\n# A\n{{ montant }}\n", "text_problem.unknown_field_near"),
    ],
)
def test_a_script_that_cannot_be_said_is_refused(text, code):
    found = text_problems(text, use_of("call_friendly", "phone", "fr"))
    assert code in [each.sentence.code for each in found]


def test_a_script_is_shown_in_the_editor_part_by_part():
    draft = next(samples(use_of("call_firm", "phone", "fr")))
    view = view_of(draft, "Objet\n# Un\nBonjour {{ customer }}.\n# Deux\nAu revoir.\n")
    assert (view.subject, view.problem) == ("Objet", None)
    assert [words for words, _ in view.parts] == [
        "Un\nBonjour Menuiserie Duval.",
        "Deux\nAu revoir.",
    ]
    broken = view_of(draft, "Objet\n# Un\n{{ payment }}\n")
    assert broken.problem.code == "text.broken"


def test_texts_of_calls_are_no_texts_of_steps():
    for medium in ("email", "letter", "sms"):
        assert OF_CALLS.isdisjoint(template_names(medium, {}))
