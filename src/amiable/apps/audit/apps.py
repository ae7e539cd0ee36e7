from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "amiable.apps.audit"
    label = "audit"
