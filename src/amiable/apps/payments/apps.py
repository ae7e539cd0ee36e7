from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "amiable.apps.payments"
    label = "payments"
