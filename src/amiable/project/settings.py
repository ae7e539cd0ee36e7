"""Django settings, all from AMIABLE_* environment variables (see `amiable check`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from amiable.project.environment import env, secret_key, var_dir

PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = secret_key()
VAR_DIR = var_dir()
DEBUG = env("AMIABLE_DEBUG") == "1"
BASE_URL = env("AMIABLE_BASE_URL").rstrip("/")
PROXIES = int(env("AMIABLE_PROXIES"))
ALLOWED_HOSTS = env("AMIABLE_ALLOWED_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "amiable.apps.audit",
    "amiable.apps.tenants",
    "amiable.apps.work",
    "amiable.apps.customers",
    "amiable.apps.receivables",
    "amiable.apps.payments",
    "amiable.apps.cases",
    "amiable.apps.banking",
    "amiable.apps.imports",
    "amiable.apps.messaging",
    "amiable.apps.dunning",
    "amiable.apps.insights",
    "amiable.interfaces.console",
    "amiable.interfaces.portal",
    "amiable.project.apps.ProjectConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "amiable.interfaces.console.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "amiable.project.urls"
WSGI_APPLICATION = "amiable.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "amiable.interfaces.console.context.shell",
            ]
        },
    }
]


def database() -> dict[str, Any]:
    """SQLite in WAL with immediate transactions, or PostgreSQL, from AMIABLE_DATABASE_URL."""
    config: dict[str, Any] = dict(dj_database_url.parse(env("AMIABLE_DATABASE_URL")))
    if config["ENGINE"].endswith("sqlite3"):
        Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
                "PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY;"
            ),
        }
    config["CONN_MAX_AGE"] = None
    config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "console:dashboard"

# The command line is an inner ring: it reaches these by name.
SERVE = "amiable.project.server.serve"
WORK = "amiable.project.worker.work"
MISSING_MIGRATIONS = "amiable.project.health.missing_migrations"

# Messages: the channel of each medium by its address, the spool where there is none, or everything
# in the built-in outbox.
CHANNEL_URLS = {
    "email": env("AMIABLE_SMTP_URL"),
    "sms": env("AMIABLE_SMS_URL"),
    "letter": env("AMIABLE_LETTER_URL"),
    "registered_letter": env("AMIABLE_REGISTERED_URL"),
    "registered_email": env("AMIABLE_LRE_URL"),
}
MAILBOX_URLS = env("AMIABLE_MAILBOX_URLS").split()
DROP_URLS = env("AMIABLE_DROP_URLS").split()
VIRTUAL_IBAN_URLS = env("AMIABLE_VIRTUAL_IBAN_URLS").split()
GATEWAY_URLS = env("AMIABLE_GATEWAY_URLS").split()
CLAMD_URLS = env("AMIABLE_CLAMD_URL").split()
HOOK_SECRET = env("AMIABLE_HOOK_SECRET")
SPOOL_FOLDER = var_dir() / "spool"

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATICFILES_DIRS = [("vendor", PACKAGE / "assets" / "web")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# No inline script, no inline style, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
    }
}
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = BASE_URL.startswith("https:")
CSRF_COOKIE_SECURE = BASE_URL.startswith("https:")
SESSION_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # the editor of a scenario of 40 steps
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"tokens": {"()": "amiable.project.logs.TokenFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["tokens"],
        }
    },
    # Django's own handlers write addresses as they are.
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
    "root": {"handlers": ["stderr"], "level": env("AMIABLE_LOG_LEVEL")},
}
