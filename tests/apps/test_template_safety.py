"""Texts in hostile hands: whatever is written, it is refused or rendered in bounded time, and what
comes out is words only."""

from __future__ import annotations

import html as html_module
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amiable.apps.messaging.library import bounded
from amiable.apps.messaging.library.bounded import text_look
from amiable.apps.messaging.library.checks import text_problems
from amiable.apps.messaging.library.fields import BLOCKS, BY_NAME, FILTERS, nearest_name
from amiable.apps.messaging.library.samples import KINDS, Use, sample, samples
from amiable.apps.messaging.library.scanning import scanned
from amiable.apps.messaging.rendering.branding import PLAIN
from amiable.apps.messaging.rendering.messages import Material, Rendered, drafts_render
from amiable.apps.messaging.writing.composing import composed, values_of
from amiable.apps.messaging.writing.texts import (
    LARGEST_SOURCE,
    OwnText,
    TextError,
    parse,
    shipped_text,
)
from amiable.apps.messaging.writing.wording import LANGUAGES, TEXTS
from amiable.core.shipped import SHIPPED
from amiable.plugins.documents.content import BLOCK, STRONG_OFF, STRONG_ON, text_of
from amiable.plugins.documents.html import html_of
from tests.apps.messaging_drafts import NOW, draft

EMAIL = Use("reminder_1", "email", "fr")
SMS = Use("reminder_sms", "sms", "fr", ("firm",))
LETTER = Use("reminder_firm", "letter", "fr", ("firm",))
FORMAL = Use("formal_notice", "registered_letter", "fr", ("formal",))
END = "\n\n{{ invoices }}\n\n{{ payment }}\n\n{{ signature }}\n"
LONG = "x" * 9_000


def codes(source: str, use: Use = EMAIL, weight: str = "error") -> list[str]:
    return [each.sentence.code for each in text_problems(source, use) if each.weight == weight]


# Attacks


ATTACKS = {
    "endless range": "{% for i in (1..100000000000) %}x{% endfor %}",
    "nested loops": "{% for i in (1..999) %}" * 9 + "x" + "{% endfor %}" * 9,
    "loop over a long literal": "{% for i in (1..900) %}{{ '" + LONG + "' }}{% endfor %}",
    "filter chain": "{{ '" + LONG + "'" + " | upcase | downcase" * 500 + " }}",
    "filter chain in a loop": (
        "{% for i in (1..900) %}{% assign a = '" + LONG + "'" + " | upcase" * 1_000
        + " %}{% endfor %}"
    ),
    "growing by strong": "{{ total" + " | strong" * 1_500 + " }}",
    "many short chains": ("{{ total" + " | upcase" * 90 + " }}") * 20 + "{{ a",
    "replace": "{{ customer | replace: 'a', 'aaaaaaaaaa' | replace: 'a', 'aaaaaaaaaa' }}",
    "append": "{% assign a = 'x' | append: 'x' %}{{ a }}",
    "include": "{% include 'reminder_1' %}",
    "render": "{% render '../../models.py' %}",
    "layout": "{% extends 'x' %}{% block y %}{% endblock %}",
    "capture": "{% capture a %}{% endcapture %}",
    "comment left open": "{% comment %}",
    "raw": "{% raw %}{{ x }}{% endraw %}",
    "class": "{{ customer.__class__.__mro__[1].__subclasses__ }}",
    "index": "{{ customer['__class__'] }}",
    "globals": "{{ self.__init__.__globals__ }}",
    "hidden field": "{{ _box }}{{ filters }}{{ context }}",
    "override": "{% assign total = '0 €' %}{{ total }}",
    "override of a block": "{% assign mandate = '' %}",
    "forged block": "\x04mandate\n",
    "forged emphasis": "\x02gras\x03",
    "bidi": "montant \u202e\u20ac 000 1\u202c",
    "zero width": "mise en de\u200bmeure",
    "null": "a\x00b",
    "many braces": "{{" * 9_000,
    "many tags": "{%" * 9_000,
    "many ends": "}}" * 9_000,
    "deep ifs": "{% if count == 1 %}" * 900 + "{% endif %}" * 900,
    "deep parentheses": "{{ " + "(" * 9_000 + "1" + ")" * 9_000 + " }}",
    "deep brackets": "{{ customer" + "[0" * 5_000 + "]" * 5_000 + " }}",
    "many dots": "{{ customer" + ".a" * 9_000 + " }}",
    "many ands": "{% if count == 1" + " and count == 1" * 1_200 + " %}x{% endif %}",
    "huge number": "{{ " + "9" * 18_000 + " }}",
    "huge exponent": "{% for i in (1..9e999) %}x{% endfor %}",
    "plural of nothing": "{{ customer | plural: 'a', 'b' }}",
    "plural without words": "{{ count | plural }}",
    "script": "<script>alert(1)</script>",
    "handler": "<img src=x onerror=alert(1)>",
    "link": "Payez sur https://evil.example/pay",
    "bare link": "Payez sur evil.example/pay",
    "script link": "javascript:alert(1)",
    "one megabyte": "a" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_in_a_sentence_and_in_time(name):
    started = time.monotonic()
    look = text_look(
        f"Objet\n{ATTACKS[name]}{END}", EMAIL, shown=[(sample(EMAIL, "company"), PLAIN)]
    )
    assert not look.is_right
    for each in look.problems:
        assert str(each.sentence)
        assert str(each.remedy)
        assert len(str(each.sentence)) < 600
    assert time.monotonic() - started < bounded.WALL_SECONDS + 3


@pytest.mark.parametrize("name", [name for name in ATTACKS if "<" not in ATTACKS[name]])
def test_attack_that_reached_the_table_is_stopped_at_the_message(name):
    """Nothing is saved unchecked; if it were, the worker would still not be held up."""
    started = time.monotonic()
    hostile = replace(draft(), customer_kind="consumer")
    own = OwnText(1, 1, f"Objet\n{ATTACKS[name]}{END}")
    try:
        document = composed(hostile, own=own)
    except TextError:
        pass
    else:
        assert not re.search(r"[\x00-\x08]", text_of(document))
    assert time.monotonic() - started < 8


def test_child_that_takes_too_long_is_killed(monkeypatch):
    monkeypatch.setattr(bounded, "WALL_SECONDS", 0.01)
    look = text_look(f"Objet\nBonjour{END}", EMAIL)
    assert [each.sentence.code for each in look.problems] == ["text_problem.too_slow"]


@pytest.mark.parametrize(
    ("limit", "work"),
    [
        ("CPU_SECONDS = 1", "\nwhile True: pass"),
        ("MEMORY = 200_000_000", "\nx = bytearray(900_000_000)"),
    ],
)
def test_child_ends_itself_at_its_limits(limit, work):
    name = limit.split()[0]
    code = (
        f"from amiable.apps.messaging.library import child\nchild.{limit}\n"
        f"assert hasattr(child, {name!r})\nchild.limited(){work}"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=20, check=False
    )
    assert done.returncode != 0
    assert time.monotonic() - started < 10


def test_server_answers_when_others_look_at_texts(monkeypatch):
    monkeypatch.setattr(bounded, "PATIENCE_SECONDS", 0.01)
    held = [bounded._places.acquire(timeout=1) for _ in range(bounded.AT_ONCE)]
    try:
        look = text_look(f"Objet\nBonjour{END}", EMAIL)
    finally:
        for _ in held:
            bounded._places.release()
    assert [each.sentence.code for each in look.problems] == ["text_problem.busy"]


def test_child_knows_nothing_of_the_server(monkeypatch):
    monkeypatch.setenv("AMIABLE_SECRET_KEY", "a secret")
    seen = {}

    def run(arguments, **options):
        seen.update(options["env"])
        return subprocess.CompletedProcess(arguments, 1, b"")

    monkeypatch.setattr(bounded.subprocess, "run", run)
    assert text_look("x", EMAIL).problems[0].sentence.code == "text_problem.stopped"
    assert set(seen) == {"PYTHONPATH", "PYTHONUTF8"}


# What comes out is words


def tags(page: str) -> set[str]:
    return set(re.findall(r"<\s*/?\s*([^\s<>/]+)", page))


PIECES = st.sampled_from(
    [
        *(f"{{{{ {name} }}}}" for name in BY_NAME),
        *(f"{{{{ total | {name} }}}}" for name in FILTERS),
        *(f"\n\n{{{{ {name} }}}}\n\n" for name in BLOCKS),
        '{{ "mot" | strong }}', '{{ count | plural: "un", "des" }}', "{% if deadline %}",
        '{% if kind == "consumer" %}', "{% else %}", "{% elsif count > 1 %}", "{% endif %}",
        "{% unless in_plan %}", "{% endunless %}", "{% case kind %}", '{% when "public" %}',
        "{% endcase %}", "{% for i in (1..3) %}", "{{ i }}", "{% endfor %}", "{% assign a = 1 %}",
        "{{ a }}", "{{", "}}", "{%", "%}", "|", "'", '"', "\n", "\n\n", " ", "<b>", "&amp;", "#",
        "#eval(1)", "$x$", "@label", "\\n", "\x04", "é", "€", "œ", "…", "“", "”",
    ]
)  # fmt: skip
TEXTS_WRITTEN = st.one_of(
    st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=25).map("".join),
    st.lists(PIECES, max_size=25).map("".join).map(lambda middle: f"Objet\n{middle}{END}"),
)
HOSTILE = st.text(max_size=40) | st.sampled_from(
    ["<script>x</script>", "{{ total }}", "\r\nBcc: x@y.example", "\x04mandate", "\x02gras\x03",
     "#eval(\"1\")", "\u202eabc", "a" * 300]
)  # fmt: skip
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(TEXTS_WRITTEN, st.sampled_from(["email", "letter", "sms"]), st.sampled_from(KINDS), HOSTILE)
def test_random_text_is_refused_or_gives_words_only(source, medium, kind, name):
    use = replace(EMAIL, medium=medium)
    given = sample(use, kind)
    given = replace(given, customer=replace(given.customer, name=name or "x"))
    try:
        document = composed(given, own=OwnText(1, 1, source))
    except TextError:
        return
    text = text_of(document)
    assert not any(mark in text + document.subject for mark in (STRONG_ON, STRONG_OFF, BLOCK))
    assert "\n" not in document.subject
    page = html_of(document)
    assert tags(page) <= tags(html_of(composed(sample(EMAIL, "company")))) | {"strong", "br"}


@SETTINGS
@given(TEXTS_WRITTEN)
def test_random_text_gets_its_problems_at_places_that_exist(source):
    lines = source.split("\n")
    for each in text_problems(source, EMAIL):
        assert 0 <= each.line <= len(lines)
        assert each.line == 0 or 1 <= each.column <= len(lines[each.line - 1]) + 1
        assert str(each.sentence)
        assert str(each.remedy)


@SETTINGS
@given(TEXTS_WRITTEN)
def test_text_without_errors_is_a_message_for_every_sample(source):
    if any(each.weight == "error" for each in text_problems(source, EMAIL)):
        return
    for each in samples(EMAIL):
        text = text_of(composed(each, own=OwnText(1, 1, source)))
        assert each.creditor.iban.replace(" ", "")[:4] in text
        assert each.lines[0].number in text


def test_hostile_letter_is_set_as_words():
    nasty = '#eval("1") $x$ @y \\ #import "x" <z> // */ ` `` ``` = - + _x_ *y*'
    source = f"Objet {nasty}\n{nasty}\n\n{{{{ customer }}}}{END}".replace("<z>", "< z >")
    given = replace(draft("reminder_firm"), customer=replace(draft().customer, name=nasty[:38]))
    own = Material(own=OwnText(1, 1, source))
    (found,) = drafts_render([given], {given.key: own}, organization_id=1, now=NOW).values()
    assert isinstance(found, Rendered), found
    assert '#eval("1") $x$' in found.text


def test_email_escapes_what_a_text_says():
    source = f"A & B\nA & B < C \"d\" 'e'{END}"
    page = html_of(composed(draft(), own=OwnText(1, 1, source)))
    assert html_module.escape("A & B < C") in page


# What a text is told


@pytest.mark.parametrize(
    ("source", "code", "line", "column"),
    [
        ("{{ montant }}", "text_problem.unknown_field_near", 2, 4),
        ("a\n{{ zorglub }}", "text_problem.unknown_field", 3, 4),
        ("{{ total | bold }}", "text_problem.unknown_filter", 2, 12),
        ("{% if deadline %}x", "text_problem.unbalanced", 2, 3),
        ("{% endif %}", "text_problem.nothing_open", 2, 3),
        ("{% if deadline %}\n{% endfor %}", "text_problem.crossed", 3, 3),
        ("{{ total", "text_problem.unclosed", 2, 1),
        ("total }}", "text_problem.unopened", 2, 7),
        ("{{ }}", "text_problem.no_value", 2, 3),
        ("{{ 'x }}", "text_problem.quote", 2, 4),
        ("{{ “x” | strong }}", "text_problem.curly_quote", 2, 4),
        ("{% if count = 1 %}{% endif %}", "text_problem.syntax", 2, 13),
        ("{{ customer.name }}", "text_problem.parts", 2, 4),
        ("a\u200bb", "text_problem.hidden", 2, 2),
        ("Voyez {{ invoices }}", "rule.block_inside", 2, 7),
        ("Voyez www.vauban.example", "rule.link", 2, 7),
        ("du <b>gras</b>", "rule.html", 2, 4),
        ("Des pénalités courent", "rule.consumer_fee", 2, 5),
        ("Nous saisirons un huissier", "rule.consumer_threat", 2, 19),
    ],
)
def test_problem_is_told_at_its_line_and_column(source, code, line, column):
    found = text_problems(f"Objet\n{source}{END}", EMAIL)
    assert (code, line, column) in [(e.sentence.code, e.line, e.column) for e in found], found


def test_table_of_claims_stands_alone_like_every_block():
    assert "rule.block_inside" in codes(f"Objet\nVoyez {{{{ claims }}}}{END}", LETTER)
    assert codes(f"Objet\nBonjour\n\n{{{{ claims }}}}{END}", LETTER) == []


def test_blocks_that_are_missing_are_named_with_whom_they_fail():
    source = 'Objet\n{{ invoices }}\n\n{% if kind == "company" %}\n\n{{ payment }}\n\n{% endif %}'
    found = [str(each.sentence) for each in text_problems(source, EMAIL)]
    assert "{{ payment }} is missing for a consumer." in found
    assert "{{ payment }} is missing for a company." not in found
    assert "{{ signature }} is missing for a company." in found


def test_subject_is_asked_of_an_email_and_not_of_a_text_message():
    assert "text_problem.no_subject" in codes(f"\nBonjour{END}")
    assert "text_problem.block_in_subject" in codes(f"{{{{ payment }}}}\nBonjour{END}")
    assert codes("\n{{ creditor }} vous invite à appeler le {{ phone }}.", SMS) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{{ creditor }} : {{ total }} à régler", "sms.reveals"),
        ("{{ creditor }} : votre dette", "sms.reveals"),
        ("Rappelez-nous", "rule.names_nobody"),
        ("{{ creditor }} " + "mot " * 200, "text_problem.sms_long"),
    ],
)
def test_text_message_stays_neutral_named_and_short(said, code):
    assert code in codes(f"\n{said}", SMS)


def test_signs_that_cost_the_plain_alphabet_are_warned_of():
    assert "text_problem.sms_signs" in codes("\n{{ creditor }} 😀", SMS, "warning")


def test_formal_notice_says_so_and_names_parties_amount_and_day():
    said = codes(f"Rappel\nPayez.{END}", FORMAL)
    assert {"rule.formal", "text_problem.no_total", "text_problem.no_party",
            "text_problem.no_deadline"} <= set(said)  # fmt: skip


def test_agency_text_message_names_the_agency():
    use = replace(SMS, code="agency_sms", is_agency=True)
    assert "rule.names_nobody" in codes("\n{{ creditor }} vous invite à appeler.", use)
    assert codes("\n{{ collector }} pour {{ creditor }} vous invite à appeler.", use) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_texts_pass_every_check_they_are_held_to(language):
    stages: dict[str, set] = {}
    for scenario in SHIPPED.values():
        for step in scenario.steps:
            stages.setdefault(step.template, set()).add(step.stage)
    checked = 0
    for path in (TEXTS / language).glob("*.liquid"):
        code, medium, _ = path.name.split(".")
        is_agency = code.startswith("agency_")
        use = Use(code, medium, language, tuple(sorted(stages.get(code, {"friendly"}))), is_agency)
        source = shipped_text(code, medium=medium, language=language)
        assert codes(source, use) == [], path.name
        checked += 1
    assert checked == 57


def test_every_value_of_a_message_has_a_name_in_plain_words():
    assert set(values_of(draft(), attached=0, thread_subject="")) == set(BY_NAME)
    assert nearest_name("montant") == "total"
    assert nearest_name("customr") == "customer"
    assert nearest_name("__class__") == ""


@pytest.mark.parametrize("sign", ["\x00", "\x04", "\u202e", "\u200b", "\ue000", "\ud800"])
def test_sign_that_nobody_sees_is_never_parsed(sign):
    with pytest.raises(TextError, match="invisible"):
        parse(f"a{sign}b", "fr")


def test_emphasis_inside_emphasis_leaves_no_mark():
    source = f'Objet\n{{{{ "a" | strong | strong }}}} {{{{ "b" | strong }}}}{END}'
    document = composed(draft(), own=OwnText(1, 1, source))
    assert document.blocks[0].lines[0] == (("a", True), (" ", False), ("b", True))


def test_length_is_limited_before_anything_is_read():
    (only,) = scanned("a" * (LARGEST_SOURCE + 1))
    assert only.sentence.code == "text_problem.too_long"
