"""The pages of the post room: for staff in `outbox` and `suppressions`, for recipients in `unsubscribe`."""

from mail.views import unsubscribe

__all__ = ["unsubscribe"]
