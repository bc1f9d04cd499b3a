"""The addresses of this room."""

from django.urls import URLPattern, path

from surveys.views import answer

app_name = "surveys"
urlpatterns: list[URLPattern] = [
    path("s/<slug:token>/", answer.answer, name="answer"),
]
