"""The addresses of this room."""

from django.urls import path

from mail import views

app_name = "mail"
urlpatterns = [
    path("u/<str:token>/", views.unsubscribe.unsubscribe, name="unsubscribe"),
]
