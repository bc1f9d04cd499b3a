"""The addresses of a ticket, and of what is done to it."""

from django.urls import URLPattern, path

from support.views import (
    attachments,
    conversation,
    merging,
    new_ticket,
    participants,
    presence,
    ticket,
    ticket_changes,
)

urlpatterns: list[URLPattern] = [
    path("tickets/new/", new_ticket.ticket_create, name="ticket-create"),
    path("tickets/files/<str:token>/", attachments.file, name="file"),
    path("tickets/<int:pk>/", ticket.ticket, name="ticket"),
    path("tickets/<int:pk>/write/", conversation.write, name="ticket-write"),
    path("tickets/<int:pk>/compose/", conversation.compose, name="ticket-compose"),
    path("tickets/<int:pk>/canned/", conversation.canned_list, name="canned-list"),
    path("tickets/<int:pk>/canned/text/", conversation.canned_text, name="canned-text"),
    path("tickets/<int:pk>/colleagues/", conversation.colleague_list, name="colleague-list"),
    path("tickets/<int:pk>/presence/", presence.presence, name="ticket-presence"),
    path("tickets/<int:pk>/new/", presence.new_messages, name="ticket-new"),
    path("tickets/<int:pk>/edit/", ticket.ticket_edit, name="ticket-edit"),
    path("tickets/<int:pk>/subject/", ticket.ticket_subject, name="ticket-subject"),
    path("tickets/<int:pk>/move/<slug:to>/", ticket_changes.move, name="ticket-move"),
    path("tickets/<int:pk>/not-spam/", ticket_changes.not_spam, name="ticket-not-spam"),
    path("tickets/<int:pk>/assign/", ticket_changes.assign, name="ticket-assign"),
    path("tickets/<int:pk>/snooze/", ticket_changes.snooze, name="ticket-snooze"),
    path("tickets/<int:pk>/wake/", ticket_changes.wake, name="ticket-wake"),
    path("tickets/<int:pk>/watch/", ticket_changes.watch, name="ticket-watch"),
    path("tickets/<int:pk>/customer/", ticket_changes.move_customer, name="ticket-customer"),
    path("tickets/<int:pk>/people/", participants.participants, name="ticket-participants"),
    path(
        "tickets/<int:pk>/people/<int:participant_pk>/remove/",
        participants.participant_remove,
        name="participant-remove",
    ),
    path(
        "tickets/<int:pk>/people/<int:participant_pk>/link/",
        participants.new_link,
        name="participant-link",
    ),
    path("tickets/<int:pk>/people/revoke/", participants.revoke_links, name="links-revoke"),
    path("tickets/<int:pk>/merge/", merging.merge, name="ticket-merge"),
    path("tickets/<int:pk>/unmerge/", merging.unmerge, name="ticket-unmerge"),
    path("tickets/<int:pk>/split/", merging.split, name="ticket-split"),
    path("tickets/<int:pk>/link/", merging.link, name="ticket-link"),
    path("tickets/<int:pk>/links/<int:link_pk>/remove/", merging.unlink, name="ticket-unlink"),
    path(
        "tickets/<int:pk>/messages/<int:message_pk>/",
        attachments.message,
        name="message",
    ),
    path(
        "tickets/<int:pk>/messages/<int:message_pk>/html/",
        attachments.message_html,
        name="message-html",
    ),
    path(
        "tickets/<int:pk>/messages/<int:message_pk>/raw/",
        attachments.message_raw,
        name="message-raw",
    ),
    path(
        "tickets/<int:pk>/messages/<int:message_pk>/take-back/",
        conversation.take_back,
        name="take-back",
    ),
]
