from django.apps import AppConfig


class BankingConfig(AppConfig):
    name = "amiable.apps.banking"
    label = "banking"
