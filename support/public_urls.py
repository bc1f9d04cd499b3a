"""The addresses of people who have no account."""

from django.urls import URLPattern, path

from support.views.public import feedback, follow

urlpatterns: list[URLPattern] = [
    path("t/<str:token>/", follow.follow, name="follow"),
    path("t/<str:token>/files/<int:pk>/", follow.follow_file, name="follow-file"),
    path("feedback/", feedback.feedback, name="feedback"),
    path("feedback/thanks/", feedback.feedback_thanks, name="feedback-thanks"),
]
