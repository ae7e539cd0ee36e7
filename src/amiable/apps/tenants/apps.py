from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "amiable.apps.tenants"
    label = "tenants"
