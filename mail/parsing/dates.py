"""When a mail was sent, if it says so believably."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from mail.parsing.headers import Headers
from mail.parsing.parsed import Notes

_FIRST, _LAST = 1980, 2100
# A sender's clock and zone may be wrong, but not by more than this.
_AHEAD = timedelta(days=2)
_MAX_OFFSET = 14 * 3600


def sent_at(fields: Headers, notes: Notes) -> datetime | None:
    """The Date, unless it is nonsense or later than the mail was received."""
    value = fields.first("date")
    if not value:
        return None
    date = moment(value)
    if date is not None:
        trace = fields.first("received").rpartition(";")[2]
        received = moment(trace) if trace else None
        if received is None or date <= received + _AHEAD:
            return date
    notes.add("absurd_date")
    return None


def moment(value: str) -> datetime | None:
    """A date in a header as an aware time; one that names no zone is taken as UTC."""
    try:
        # Fields past the seconds aren't used; the zone comes in seconds, None when it isn't told.
        parts = parsedate_tz(value[:200])
        if parts is None:
            return None
        year, month, day, hour, minute, second = parts[:6]
        offset = parts[9] or 0
        if not _FIRST <= year <= _LAST or abs(offset) > _MAX_OFFSET:
            return None
        zone = timezone(timedelta(seconds=offset))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(
            UTC
        )
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
