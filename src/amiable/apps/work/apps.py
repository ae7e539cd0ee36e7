from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "amiable.apps.work"
    label = "work"

    def ready(self) -> None:
        """Register the `among` lookup before the first query."""
        from amiable.apps.work import bulk  # noqa: F401
