from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "amiable.apps.work"
    label = "work"
