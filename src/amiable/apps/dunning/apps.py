from django.apps import AppConfig


class DunningConfig(AppConfig):
    name = "amiable.apps.dunning"
    label = "dunning"
