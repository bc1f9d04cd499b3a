"""What a public form carries beside its fields: proof that it was rendered here, when, and which one it is.

No cookie is needed for it, and pressing the button twice sends the same stamp twice.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.utils.translation import gettext_lazy as _

from staff.refusals import Refusal

# Nobody reads a form, writes and sends it faster; nobody has it open for longer.
FASTEST, OLDEST = timedelta(seconds=2), timedelta(days=2)

_STAMPS = TimestampSigner(salt="staff.public.stamps")


class PressAgain(Refusal):
    message = _("Please press the button once more.")


def new_stamp(purpose: str) -> str:
    return _STAMPS.sign(f"{purpose}.{secrets.token_urlsafe(16)}")


def key_of(stamp: str, purpose: str, *, fastest: timedelta = FASTEST) -> str:
    """What makes this very form one deed (`once_key`); raises PressAgain when it is no stamp of ours, too old
    or too young."""
    key = _read(stamp, purpose)
    try:
        _STAMPS.unsign(stamp, max_age=fastest)
    except BadSignature:
        return key  # older than that
    raise PressAgain


def may_be_pressed_again(stamp: str, purpose: str) -> bool:
    """Whether the stamp can stay in the form that is shown again."""
    try:
        _read(stamp, purpose)
    except PressAgain:
        return False
    return True


def _read(stamp: str, purpose: str) -> str:
    try:
        value = _STAMPS.unsign(stamp, max_age=OLDEST)
    except BadSignature as error:
        raise PressAgain from error
    if value.partition(".")[0] != purpose:
        raise PressAgain
    return f"form.{value}"[:64]
