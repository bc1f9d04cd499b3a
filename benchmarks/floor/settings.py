"""The settings of the floor: the same database, sessions and people; session and user middleware alone."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [
    "benchmarks.floor.apps.Account" if app == "allauth.account" else app
    for app in INSTALLED_APPS  # noqa: F405
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
ROOT_URLCONF = "benchmarks.floor.views"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "benchmarks/floor/templates"],  # noqa: F405
    }
]
