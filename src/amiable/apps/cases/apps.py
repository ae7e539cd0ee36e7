from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "amiable.apps.cases"
    label = "cases"
