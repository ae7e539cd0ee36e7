from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "amiable.apps.exports"
    label = "exports"
