"""The addresses of this room."""

from django.urls import path

from mail.views import outbox, suppressions, unsubscribe

app_name = "mail"
urlpatterns = [
    path("u/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<int:pk>/", outbox.message, name="message"),
    path("outbox/<int:pk>/html/", outbox.html, name="message-html"),
    path("outbox/<int:pk>/cancel/", outbox.cancel, name="cancel"),
    path("outbox/<int:pk>/retry/", outbox.retry, name="retry"),
    path("outbox/suppressions/", suppressions.suppressions, name="suppressions"),
    path("outbox/suppressions/<int:pk>/release/", suppressions.release, name="release"),
]
