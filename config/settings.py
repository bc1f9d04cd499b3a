"""Every setting of Vínculo, from the environment; the names are listed in README.md.

Without any variable set, the project runs embedded: SQLite, a filesystem broker and its
files under `var/`, mail held in the outbox.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

# ModelForm[Customer], QuerySet[Customer]: types that mypy reads and Python can then evaluate.
django_stubs_ext.monkeypatch()

env = environ.Env()
# `DATABASE_URL=` with nothing behind it, as files for containers have it, is no wish for anything.
env.ENVIRON = {name: value for name, value in os.environ.items() if value}

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default="var"))
if not VAR_DIR.is_absolute():
    VAR_DIR = BASE_DIR / VAR_DIR
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=False)


def kept_secret_key(path: Path) -> str:
    """Return the key kept at `path`, made on first use; two processes that race agree on one."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # atomic: fails when another process was first
        draft.unlink()
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret_key(VAR_DIR / "secret_key")

# Where the site is reached. Links in mail are made from this, never from a Host header.
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=[urlsplit(BASE_URL).hostname or "localhost", "localhost", "127.0.0.1", "[::1]"],
)
SECURE = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "metrics.apps.MetricsConfig",
    "surveys.apps.SurveysConfig",
    "support.apps.SupportConfig",
    "crm.apps.CrmConfig",
    "mail.apps.MailConfig",
    "staff.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "staff.headers.HeadersMiddleware",
    "staff.nulls.NullsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "staff.sizes.SizesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "staff.middleware.BusinessMiddleware",
    "staff.middleware.AccessMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "staff.context.business",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Data -----------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'vinculo.sqlite3'}")
}
_default = DATABASES["default"]
if _default["ENGINE"].endswith("sqlite3"):
    _default["OPTIONS"] = {
        # A transaction that will write says so at once: no upgrade deadlocks.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000"
        ),
    }
else:
    _default["CONN_MAX_AGE"] = 60
    _default["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Covering columns of an index: PostgreSQL counts by them alone, SQLite leaves them out and is told to.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

REDIS_URL = env.str("REDIS_URL", default="")
# Never a per-process cache: rate limits and locks must be seen by every process.
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "staff_cache",
            # Past this, entries go whether they still count or not: with the default of 300 a
            # stranger could push out the limits on sign-in by asking for that many unknown links.
            "OPTIONS": {"MAX_ENTRIES": 50_000},
        }
    )
}
SESSION_ENGINE = "staff.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- Background work ------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost/"
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        # Who asks is a person's request or the scheduler: one more try, then the sweep's turn.
        "max_retries": 1,
        "interval_start": 0.1,
        "interval_step": 0,
        "interval_max": 0.1,
    }
else:
    _messages = VAR_DIR / "broker"
    _messages.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT = "config.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # One folder both ways: who reads and who writes are the same kind of process.
        "data_folder_in": str(_messages),
        "data_folder_out": str(_messages),
        "polling_interval": 0.5,
    }
# Asking running workers needs messages to all of them, which a folder can't carry.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "mail.*": {"queue": "mail"},
    "surveys.*": {"queue": "mail"},
    "support.*": {"queue": "mail"},
    "metrics.*": {"queue": "metrics"},
    "crm.imports.*": {"queue": "imports"},
    "crm.outreach.*": {"queue": "mail"},
    "staff.exports.*": {"queue": "imports"},
}
# The row is the queue: a publish that fails is found by the sweep, so never wait for it long.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A child that grew past this (kB) after a large import is replaced when its task is done.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 200_000
CELERY_TIMEZONE = "UTC"

# --- Mail -----------------------------------------------------------------------------

# Whatever Django or a library sends becomes a row of the outbox; mail.delivery sends it.
EMAIL_BACKEND = "mail.backends.OutboxBackend"
# smtp://user:pass@host:port?tls=starttls|ssl|none, or anymail-postmark:// (docs/mail.md names all);
# unset: messages are held in the outbox.
EMAIL_URL = env.str("EMAIL_URL", default="")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="")
# Under which name the sender's domain keeps its DKIM key; unset, the usual names are tried.
DKIM_SELECTOR = env.str("DKIM_SELECTOR", default="")
# Who is asked about the sender's domain, host:port; unset, the machine's own name servers.
DNS_SERVER = env.str("DNS_SERVER", default="")
# Keys of providers, by django-anymail's own names: to send (ANYMAIL_POSTMARK_SERVER_TOKEN), and to
# prove what they bring to /hooks/mail/<provider>/ (ANYMAIL_WEBHOOK_SECRET=user:password, …).
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value
    for name, value in os.environ.items()
    if name.startswith("ANYMAIL_") and value
}

# --- People ---------------------------------------------------------------------------

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["staff.backends.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "staff.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# None: the sign-in form asks whether to remember.
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
ACCOUNT_FORMS = {
    "login": "staff.sign_in_forms.Login",
    "change_password": "staff.sign_in_forms.ChangePassword",
    "set_password": "staff.sign_in_forms.SetPassword",
    "reset_password": "staff.sign_in_forms.ResetPassword",
    "reset_password_from_key": "staff.sign_in_forms.ResetPasswordFromKey",
    "reauthenticate": "staff.sign_in_forms.Reauthenticate",
}
MFA_FORMS = {
    "authenticate": "staff.sign_in_forms.SecondStep",
    "reauthenticate": "staff.sign_in_forms.SecondStepAgain",
    "activate_totp": "staff.sign_in_forms.SwitchOnSecondStep",
}
MFA_ADAPTER = "staff.adapters.MfaAdapter"

# --- Languages and time ---------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("es", _("Spanish")), ("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
# The business's own time zone is activated per request (staff.middleware).
TIME_ZONE = "UTC"
FIRST_TIME_ZONE = env.str("TIME_ZONE", default="")
FIRST_CURRENCY = env.str("CURRENCY", default="")

# --- Strangers ------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# This very file and no other of its CDN, where anybody may publish anything.
CHART_LIBRARY = "https://cdn.jsdelivr.net/npm/chart.js@4.6.1/dist/chart.umd.min.js"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, CHART_LIBRARY],
        "style-src": [SELF, NONCE],
        # Widths and colours of bars are computed per row; an attribute can run no script.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- Logs -----------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "filters": {"without_tokens": {"()": "config.logs.WithoutTokens"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["without_tokens"],
            "formatter": env.str("LOG_FORMAT", default="text"),
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
}
