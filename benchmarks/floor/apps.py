"""django-allauth's models without its insistence on a middleware that the floor must do without."""

from django.apps import AppConfig


class Account(AppConfig):
    name = "allauth.account"
    label = "account"
    default_auto_field = "django.db.models.AutoField"
