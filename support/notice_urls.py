"""The address of one's own choice of notices."""

from django.urls import URLPattern, path

from support.views import notices

urlpatterns: list[URLPattern] = [
    path("settings/profile/mail/", notices.notices, name="notices"),
]
