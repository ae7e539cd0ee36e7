from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "amiable.apps.receivables"
    label = "receivables"
