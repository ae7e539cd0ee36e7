"""The project as a Django app: it only registers the configuration checks."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Loads the checks that `amiable check` lists."""

    name = "amiable.project"
    label = "project"

    def ready(self) -> None:
        """Register the checks."""
        from amiable.project import checks  # noqa: F401  # registers by being imported
