from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "amiable.apps.customers"
    label = "customers"
