"""One concept, one word; no leftovers; nothing of the machine it was written on."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.sources import PACKAGE, ROOT, name, python_files, text, tracked, tree

# Refused in names of classes, functions and fields: the word that docs/glossary.md gives instead.
SYNONYMS = {
    "debtor": "customer",
    "client": "customer",
    "vendor": "creditor",
    "supplier": "creditor",
    "bill": "invoice",
    "instalment": "installment",
    "organisation": "organization",
    "dossier": "case",
    "folder_case": "case",
    "dunning_level": "stage",
    "litige": "dispute",
    "reminder_plan": "scenario",
    "workflow": "scenario",
    "reconcile": "match",
    "reconciliation": "match",
}
LEFTOVER = re.compile(r"(?:#|//|<!--).*\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"/(?:wo" r"rk|ro" r"ot|ho" r"me/[a-z]+)/")
TEXT = {".py", ".html", ".md", ".toml", ".txt", ".sh", ".css", ".js", ".json", ".yaml", ".yml"}


def _texts():
    """Text of ours; samples are files as others write them, in any encoding."""
    return [
        path
        for path in tracked()
        if (path.suffix in TEXT or path.name == "Makefile") and "samples" not in path.parts
    ]


def test_public_things_say_what_they_are():
    silent = []
    for path in python_files("src/", "scripts/", "bench/"):
        module = tree(path)
        if module.body and path.name != "apps.py" and not ast.get_docstring(module):
            silent.append(f"{name(path)}: the module")
        silent += [
            f"{name(path)}:{node.lineno} {node.name}"
            for node in module.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and path.name != "apps.py"
            and not ast.get_docstring(node)
        ]
    assert not silent, "\n".join(silent)


def test_nothing_is_left_for_later():
    found = [
        f"{name(path)}:{number}"
        for path in _texts()
        for number, line in enumerate(text(path).splitlines(), 1)
        if LEFTOVER.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_path_of_a_machine():
    found = [name(path) for path in _texts() if MACHINE.search(text(path))]
    assert not found, "\n".join(found)


def test_synonyms_are_refused():
    pattern = re.compile(rf"(?:^|_)({'|'.join(SYNONYMS)})s?(?:_|$)")
    wrong = []
    for path in python_files("src/"):
        if "demo" in path.parts:  # its people and papers are the story's, not our rows
            continue
        for identifier, line in _declared(tree(path)):
            snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", identifier).lower()
            if found := pattern.search(snake):
                wrong.append(f"{name(path)}:{line} {identifier}: say {SYNONYMS[found[1]]}")
    assert not wrong, "\n".join(wrong)


def test_every_word_of_the_glossary_test_is_explained_there():
    glossary = text(ROOT / "docs" / "glossary.md").lower()
    assert [word for word in set(SYNONYMS.values()) if word not in glossary] == []


def test_triggers_only_refuse():
    """A trigger that computes is a rule nobody reads: they are made in one place, and refuse."""
    holders = [
        path
        for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.sql")]
        if re.search(r"CREATE (OR REPLACE )?TRIGGER", path.read_text("utf-8"), re.I)
    ]
    assert [name(path) for path in holders] == ["src/amiable/apps/audit/append_only.py"]
    assert not re.search(r"\bNEW\.|\bSET\b|\bINSERT\b", text(holders[0]))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", "inline script"),
        (r"<style\b", "inline style sheet"),
        (r"\sstyle=", "inline style"),
        (r"\son[a-z]+=\"", "inline event handler"),
        (r"javascript:", "script address"),
        (r"(?:src|href)=\"(?:https?:)?//", "something from elsewhere"),
    ],
)
def test_pages_obey_the_content_security_policy(pattern, why):
    pages = [
        path
        for path in PACKAGE.rglob("*.html")
        if "templates" in path.parts and "email" not in path.parts
    ]
    assert [f"{name(path)}: {why}" for path in pages if re.search(pattern, text(path))] == []


def _declared(module: ast.Module):
    """Names that a module declares: classes, functions, arguments, fields."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, node.lineno
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                targets = (
                    line.targets
                    if isinstance(line, ast.Assign)
                    else [line.target]
                    if isinstance(line, ast.AnnAssign)
                    else []
                )
                yield from ((t.id, t.lineno) for t in targets if isinstance(t, ast.Name))
