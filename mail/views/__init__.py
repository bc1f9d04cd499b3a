"""The pages of the post room: for staff in `outbox` and `suppressions`, for recipients in `unsubscribe`."""

from mail.views import outbox, suppressions, unsubscribe

__all__ = ["outbox", "suppressions", "unsubscribe"]
