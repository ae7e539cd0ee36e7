"""Files, functions and signatures stay small enough to be read at once."""

from __future__ import annotations

from tests.tidy.sources import Function, declared, functions, name, python_files, text

# Signatures that a framework or a protocol dictates.
DICTATED = {
    "convert",
    "get_command",
    "load_config",
    "missing_host_key",
    "__init__",
    "__exit__",
    "__call__",
}


UNCOUNTED = {"self", "cls", "organization_id", "on", "as_of", "today", "now", "job_id"}


def test_files_are_short():
    limits = {"src/": 400, "scripts/": 400, "bench/": 400, "tests/": 600}
    long = [
        f"{name(path)}: {len(text(path).splitlines())} lines, at most {limit}"
        for folder, limit in limits.items()
        for path in python_files(folder)
        if len(text(path).splitlines()) > limit
    ]
    assert not long, "\n".join(long)


def test_plugins_are_shorter():
    long = [
        f"{name(path)}: {len(text(path).splitlines())} lines"
        for path in python_files("src/amiable/plugins/")
        if not path.name.startswith("_")  # helpers that plug-ins share
        and len(text(path).splitlines()) > 200
    ]
    assert not long, "\n".join(long)


def test_functions_are_short():
    long = [
        f"{name(path)}:{function.lineno} {function.name}: {length} lines, at most {limit}"
        for path in python_files("src/", "scripts/", "bench/")
        for function in functions(path)
        if (length := _length(function)) > (limit := 30 if "/views" in name(path) else 50)
    ]
    assert not long, "\n".join(long)


def test_arguments_beyond_two_are_keyword_only():
    """Whose data and which day are asked everywhere, in the same place: they do not count."""
    crowded = [
        f"{name(path)}:{function.lineno} {function.name}({', '.join(arguments)})"
        for path in python_files("src/")
        if not path.name.startswith("_")
        for function in declared(path)
        if len(arguments := _positional(function)) > 2
        and not function.name.startswith("_")
        and function.name not in DICTATED
        and arguments[0] != "request"  # Django passes the rest by keyword
    ]
    assert not crowded, "\n".join(crowded)


def _length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def _positional(function: Function) -> list[str]:
    arguments = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    return [argument for argument in arguments if argument not in UNCOUNTED]
