"""The addresses of this room."""

from django.urls import path

from mail.views import (
    inbox,
    mailboxes,
    outbox,
    sender_dns,
    senders,
    suppressions,
    unsubscribe,
    webhooks,
)

app_name = "mail"
urlpatterns = [
    path("u/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<int:pk>/", outbox.message, name="message"),
    path("outbox/<int:pk>/html/", outbox.html, name="message-html"),
    path("outbox/<int:pk>/cancel/", outbox.cancel, name="cancel"),
    path("outbox/<int:pk>/retry/", outbox.retry, name="retry"),
    path("outbox/<int:pk>/address/", outbox.address, name="address"),
    path("outbox/retry-failed/", outbox.retry_failed, name="retry-failed"),
    path("outbox/sender/pause/", senders.pause, name="sender-pause"),
    path("outbox/sender/<int:pk>/go-on/", senders.go_on, name="sender-go-on"),
    path("outbox/sender/rate/", senders.rate, name="sender-rate"),
    path("outbox/sender/dns/", sender_dns.records, name="sender-dns"),
    path("outbox/suppressions/", suppressions.suppressions, name="suppressions"),
    path("outbox/suppressions/<int:pk>/release/", suppressions.release, name="release"),
    path("outbox/suppressions/<int:pk>/again/", suppressions.again, name="suppress-again"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<int:pk>/", inbox.received, name="received"),
    path("inbox/<int:pk>/raw/", inbox.raw, name="received-raw"),
    path("inbox/<int:pk>/retry/", inbox.retry, name="received-retry"),
    path("inbox/<int:pk>/ignore/", inbox.ignore, name="received-ignore"),
    path("inbox/calls/<int:pk>/retry/", inbox.retry_call, name="call-retry"),
    path("settings/mailboxes/", mailboxes.mailboxes, name="mailboxes"),
    path("settings/mailboxes/add/", mailboxes.add, name="mailbox-add"),
    path("settings/mailboxes/<int:pk>/", mailboxes.mailbox, name="mailbox"),
    path("settings/mailboxes/<int:pk>/edit/", mailboxes.edit, name="mailbox-edit"),
    path("settings/mailboxes/<int:pk>/folders/", mailboxes.folders, name="mailbox-folders"),
    path("settings/mailboxes/<int:pk>/test/", mailboxes.test, name="mailbox-test"),
    path("settings/mailboxes/<int:pk>/check/", mailboxes.check, name="mailbox-check"),
    path("settings/mailboxes/<int:pk>/pause/", mailboxes.pause, name="mailbox-pause"),
    path("settings/mailboxes/<int:pk>/resume/", mailboxes.resume, name="mailbox-resume"),
    path("settings/mailboxes/<int:pk>/remove/", mailboxes.remove, name="mailbox-remove"),
    path("hooks/mail/<slug:provider>/", webhooks.inbound, name="webhook"),
    path("hooks/mail/<slug:provider>/events/", webhooks.events, name="webhook-events"),
]
