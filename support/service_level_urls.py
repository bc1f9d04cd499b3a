"""The addresses of working hours and service levels."""

from django.urls import URLPattern, path

from support.views import service_levels

urlpatterns: list[URLPattern] = [
    path("settings/hours/", service_levels.hours, name="hours"),
    path("settings/service-levels/", service_levels.service_levels, name="service-levels"),
]
