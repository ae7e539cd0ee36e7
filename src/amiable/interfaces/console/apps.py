from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "amiable.interfaces.console"
    label = "console"
