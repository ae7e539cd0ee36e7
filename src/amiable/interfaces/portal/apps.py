from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "amiable.interfaces.portal"
    label = "portal"
