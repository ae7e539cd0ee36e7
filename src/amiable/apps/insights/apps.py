from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "amiable.apps.insights"
    label = "insights"
