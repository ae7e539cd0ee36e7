"""Finds plug-ins: every module of plugins.<kind>, and entry points of the group amiable.<kind>."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Any


@functools.cache
def plugins(kind: str) -> dict[str, Any]:
    """Plug-ins of a kind ("channels", "statements", "imports", "exports") by code.

    Raises ValueError when two plug-ins claim the same code.
    """
    package = importlib.import_module(f"amiable.plugins.{kind}")
    found = [
        importlib.import_module(f"{package.__name__}.{module.name}").PLUGIN
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    found += [point.load() for point in entry_points(group=f"amiable.{kind}")]
    by_code: dict[str, Any] = {}
    for plugin in found:
        if plugin.code in by_code:
            raise ValueError(f"two plug-ins of kind {kind} claim the code {plugin.code!r}")
        by_code[plugin.code] = plugin
    return by_code
