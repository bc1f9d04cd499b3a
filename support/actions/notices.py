"""What each person wants to hear of by mail."""

from __future__ import annotations

from django.db import transaction

from staff import audit
from staff.models import User
from support.models import NoticeChoice

CHOICES = ("mentioned", "assigned", "answered", "watched", "due")


def choice_of(user: User) -> NoticeChoice:
    """Their choice; unsaved, with the defaults, while they have made none."""
    return NoticeChoice.objects.filter(user=user).first() or NoticeChoice(user=user)


@transaction.atomic
def choose_notices(*, by: User, **choices: bool) -> NoticeChoice:
    """`by` chooses for themselves, among CHOICES; nothing changed writes nothing."""
    choice = choice_of(by)
    before = audit.values(choice, CHOICES)
    for name, wanted in choices.items():
        if name not in CHOICES:
            raise TypeError(f"{name} is nothing that one can choose to hear of")
        setattr(choice, name, wanted)
    if changes := audit.diff(before, choice, CHOICES):
        # Two windows at once: the last one wins.
        NoticeChoice.objects.update_or_create(
            user=by, defaults={name: getattr(choice, name) for name in CHOICES}
        )
        audit.record(by=by, action="notice_choice.update", target=choice, changes=changes)
    return choice
