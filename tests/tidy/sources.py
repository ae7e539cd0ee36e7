"""The files that the style tests read, parsed once."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "amiable"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project: what git knows, and what it would not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(
        sorted(path for line in done.stdout.splitlines() if (path := ROOT / line).exists())
    )


def python_files(*folders: str) -> list[Path]:
    """Python files under these folders of the project, without migrations."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py"
        and path.relative_to(ROOT).as_posix().startswith(folders)
        and "migrations" not in path.parts
    ]


@functools.cache
def text(path: Path) -> str:
    """Content of a file."""
    return path.read_text("utf-8")


@functools.cache
def tree(path: Path) -> ast.Module:
    """Syntax tree of a Python file."""
    return ast.parse(text(path), str(path))


def functions(path: Path) -> Iterator[Function]:
    """Every function of a file, methods and inner ones included."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def declared(path: Path) -> Iterator[Function]:
    """Functions and methods that others can call: not those inside a function."""
    for node in tree(path).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (one for one in inner if isinstance(one, Function))


def name(path: Path) -> str:
    """Path within the project, for messages."""
    return path.relative_to(ROOT).as_posix()
