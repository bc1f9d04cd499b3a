"""The pages of the post room: for staff, for recipients in `unsubscribe`, for providers in `webhooks`."""

from mail.views import inbox, mailboxes, outbox, suppressions, unsubscribe, webhooks

__all__ = ["inbox", "mailboxes", "outbox", "suppressions", "unsubscribe", "webhooks"]
