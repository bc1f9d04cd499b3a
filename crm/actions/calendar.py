"""What people want to be told of their day, and by which way."""

from __future__ import annotations

from django.db import transaction

from crm import calendar
from crm.models import CalendarFeed, MorningMail
from staff import audit
from staff.models import User
from staff.tokens import hashed, new_token


@transaction.atomic
def open_calendar(*, by: User) -> str:
    """A secret address for one's own calendar, shown this once; an earlier one no longer works."""
    token = new_token(192)
    feed, made = CalendarFeed.objects.update_or_create(
        user=by, defaults={"token_hash": hashed(token), "read_at": None}
    )
    verb = "open" if made else "renew"
    audit.record(by=by, action=f"calendar.{verb}", target=feed)
    return calendar.url_of(token)


@transaction.atomic
def close_calendar(*, by: User) -> None:
    """Its address no longer works; closed already is closed."""
    feed = CalendarFeed.objects.filter(user=by).first()
    if feed is not None:
        audit.record(by=by, action="calendar.close", target=feed)
        feed.delete()


def morning_mail_of(user: User) -> MorningMail:
    """Their choice; saved or not, it says what happens."""
    return MorningMail.objects.filter(user=user).first() or MorningMail(user=user)


@transaction.atomic
def choose_morning_mail(*, by: User, is_on: bool, hour: int) -> MorningMail:
    row, _made = MorningMail.objects.update_or_create(
        user=by, defaults={"is_on": is_on, "hour": hour}
    )
    return row
