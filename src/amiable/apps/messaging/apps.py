from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "amiable.apps.messaging"
    label = "messaging"
