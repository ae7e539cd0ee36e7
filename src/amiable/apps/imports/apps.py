from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "amiable.apps.imports"
    label = "imports"
