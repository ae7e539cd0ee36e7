"""The one bridge to Django: django-anymail builds the providers' requests from a django.core.mail
message, and reads their calls from a Django request. No setting of Django is used."""
