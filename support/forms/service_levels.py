"""Working hours and target times, the way people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.forms.fields import DayField
from staff.formats import date_long
from support import holiday_regions
from support.hours import MINUTES_A_DAY, Day, Span, clock_time
from support.models import CalendarVersion, SlaPolicyVersion, SlaTarget, Ticket

# "9", "9h", "9:30", "9.30", "9h30", with am or pm behind.
_TIME = r"(\d{1,2})(?:\s*[:.h]\s*(\d{2}))?\s*h?\s*(am|pm)?"
# Between two times: a dash of any length, or the words for it.
_SPAN = re.compile(rf"{_TIME}\s*(?:[-–—]|to|until|a|as|às|até|hasta)\s*{_TIME}", re.IGNORECASE)
# Between two spans.
_AND = re.compile(r"\s*(?:[,;/\n]|\s(?:and|y|e)\s)\s*", re.IGNORECASE)
_HOUR, _MINUTE = r"h(?:rs?|ours?|oras?)?", r"m(?:in(?:s|utes?|utos?)?)?\.?"
# "1:30", "1 h 30 min"; "4", "4,5 h"; "30 min". A bare number is hours.
_DURATION = re.compile(
    rf"(?P<whole>\d{{1,4}})\s*(?::|{_HOUR}\s*)(?P<rest>[0-5]?\d)\s*(?:{_MINUTE})?"
    rf"|(?P<hours>\d{{1,5}}(?:[.,]\d{{1,2}})?)\s*(?:{_HOUR})?"
    rf"|(?P<minutes>\d{{1,6}})\s*{_MINUTE}",
    re.IGNORECASE,
)
# Ten years of working time: what is longer is a slip.
LONGEST = 20_000 * 60
LONGEST_CLOSURE = 366


class SpansField(forms.CharField):
    """A day's hours: "9:00–14:00, 16:00–19:00"; empty is closed. Cleans to a tuple of spans."""

    default_error_messages: ClassVar = {
        "unreadable": gettext_lazy(
            "“%(part)s” can’t be read. Write it like 09:00–14:00, 16:00–19:00."
        ),
        "no_time": gettext_lazy("%(time)s is no time of day: a day ends at 24:00."),
        "backwards": gettext_lazy(
            "%(span)s ends before it begins. Write a night on two days: until 24:00, and from 00:00."
        ),
        "overlapping": gettext_lazy("%(first)s and %(second)s overlap."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=120, **options)
        self.widget.attrs |= {"autocomplete": "off", "inputmode": "text"}

    def clean(self, value: Any) -> Any:
        """Raises ValidationError."""
        text = str(super().clean(value))
        spans = sorted(self._span(part) for part in _AND.split(text) if part.strip())
        for one, next_one in pairwise(spans):
            if next_one.start < one.end:
                raise self._error("overlapping", first=one, second=next_one)
        return tuple(spans)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else spans_text(value)

    def _span(self, part: str) -> Span:
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise self._error("unreadable", part=part.strip())
        found = match.groups()
        span = Span(self._minutes(*found[:3]), self._minutes(*found[3:]))
        if span.end == 0:
            span = Span(span.start, MINUTES_A_DAY)
        if span.end <= span.start:
            raise self._error("backwards", span=span)
        return span

    def _minutes(self, hour: str, minute: str | None, half: str | None) -> int:
        hours = int(hour)
        if half:
            hours = hours % 12 + (12 if half.lower() == "pm" else 0)
        found = hours * 60 + int(minute or 0)
        if int(minute or 0) > 59 or found > MINUTES_A_DAY:
            raise self._error("no_time", time=f"{hour}:{minute or '00'}")
        return found

    def _error(self, code: str, **params: object) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)


def spans_text(spans: Sequence[tuple[int, int]]) -> str:
    """ "09:00–14:00, 16:00–19:00", as the field reads it."""
    return ", ".join(f"{clock_time(start)}–{clock_time(end)}" for start, end in spans)


class HoursForm(forms.Form):
    """A week, a region's holidays, and further days off, which come one by one or as a span."""

    holidays = forms.ChoiceField(
        label=gettext_lazy("Public holidays"),
        required=False,
        help_text=gettext_lazy("On these days you are closed."),
    )
    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Further days off"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Untick what no longer applies."),
    )
    closed_from = DayField(label=gettext_lazy("Closed from"), required=False)
    closed_until = DayField(
        label=gettext_lazy("Until and including"),
        required=False,
        help_text=gettext_lazy("Empty for a single day."),
    )

    def __init__(self, *args: Any, version: CalendarVersion, **options: Any) -> None:
        closures = coming_closures(version)
        options["initial"] = {
            "holidays": version.holidays,
            "keep": [key for key, _label in closures],
            **{f"day_{day}": spans for day, spans in enumerate(_spans(version))},
        }
        super().__init__(*args, **options)
        for day in range(7):
            self.fields[f"day_{day}"] = SpansField(label=capfirst(str(WEEKDAYS[day])))
        holidays, keep = self.fields["holidays"], self.fields["keep"]
        holidays.choices = [  # type: ignore[attr-defined]
            ("", _("None")),
            *holiday_regions.choices(),
        ]
        keep.choices = closures  # type: ignore[attr-defined]
        if not closures:
            del self.fields["keep"]

    @property
    def day_fields(self) -> list[forms.BoundField]:
        return [self[f"day_{day}"] for day in range(7)]

    @property
    def week(self) -> list[Day]:
        return [self.cleaned_data[f"day_{day}"] for day in range(7)]

    @property
    def closed(self) -> set[date]:
        """The days that stay closed, and those that are added."""
        days = {day for key in self.cleaned_data.get("keep", []) for day in _days_of(key)}
        since = self.cleaned_data.get("closed_from")
        if since:
            days |= set(_days_between(since, self.cleaned_data.get("closed_until") or since))
        return days

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("closed_from"), data.get("closed_until")
        if until and not since and "closed_from" not in self.errors:
            self.add_error("closed_from", _("Say from which day on you are closed."))
        elif since and until and until < since:
            self.add_error("closed_until", _("This is before the first day."))
        elif since and until and until - since > timedelta(days=LONGEST_CLOSURE):
            self.add_error("closed_until", _("That is more than a year."))
        elif since and (until or since) < timezone.localdate():
            self.add_error("closed_from", _("These days are over: past days off change nothing."))
        if not self.errors and not any(self.week):
            self.add_error("day_0", _("Say at least once in the week when you work."))
        return data


def _spans(version: CalendarVersion) -> list[Day]:
    return [tuple(Span.parse(start, end) for start, end in day) for day in version.week]


def coming_closures(version: CalendarVersion) -> list[tuple[str, str]]:
    """("2026-08-03/2026-08-21", "3 – 21 August 2026"): days in a row are one; past ones are left out."""
    today = timezone.localdate()
    runs: list[list[date]] = []
    for day in sorted(date.fromisoformat(text) for text in version.closed):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return [
        (f"{run[0].isoformat()}/{run[-1].isoformat()}", _run_text(run))
        for run in runs
        if run[-1] >= today
    ]


def _run_text(run: Sequence[date]) -> str:
    first, last = date_long(run[0]), date_long(run[-1])
    return first if len(run) == 1 else f"{first} – {last}"


def _days_of(key: str) -> list[date]:
    first, _slash, last = key.partition("/")
    return _days_between(date.fromisoformat(first), date.fromisoformat(last))


def _days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


class DurationField(forms.CharField):
    """Working time: "4 h", "1:30", "30 min"; empty is no target. Cleans to minutes or None."""

    default_error_messages: ClassVar = {
        "unreadable": gettext_lazy(
            "“%(text)s” can’t be read. Write working hours or minutes, such as 4 h or 30 min."
        ),
        "too_long": gettext_lazy("That is longer than ten years of work."),
        "nothing": gettext_lazy("Write at least a minute, or nothing for no target."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=30, **options)
        self.widget.attrs |= {"autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        """Raises ValidationError."""
        text = str(super().clean(value))
        if not text:
            return None
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValidationError(
                self.error_messages["unreadable"], code="unreadable", params={"text": text}
            )
        hours = float((match["hours"] or match["whole"] or "0").replace(",", "."))
        found = round(hours * 60) + int(match["rest"] or match["minutes"] or 0)
        if found > LONGEST:
            raise ValidationError(self.error_messages["too_long"], code="too_long")
        if found < 1:
            raise ValidationError(self.error_messages["nothing"], code="nothing")
        return found

    def prepare_value(self, value: Any) -> Any:
        return duration_text(value) if isinstance(value, int) else value


def duration_text(minutes: int) -> str:
    """ "1 h 30 min", the same in every language that is spoken here."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join(part for part in parts if part)


KIND_LABELS: Mapping[str, str | Promise] = {
    SlaTarget.Kind.FIRST_REPLY: pgettext_lazy("service level", "First reply"),
    SlaTarget.Kind.NEXT_REPLY: pgettext_lazy("service level", "Next reply"),
    SlaTarget.Kind.SOLUTION: pgettext_lazy("service level", "Solution"),
}
# The most pressing first.
PRIORITIES = sorted(Ticket.Priority, reverse=True)


class ServiceLevelsForm(forms.Form):
    """A working time per priority and kind of target, and when to warn."""

    warns_at_percent = forms.IntegerField(
        label=gettext_lazy("Warn after so many percent of the time"),
        min_value=10,
        max_value=99,
        help_text=gettext_lazy(
            "By mail and on Today: whoever has the ticket, or everybody of its queue."
        ),
    )

    def __init__(self, *args: Any, version: SlaPolicyVersion, **options: Any) -> None:
        initial: dict[str, Any] = {"warns_at_percent": version.warns_at_percent}
        for priority in PRIORITIES:
            for kind in KIND_LABELS:
                minutes = version.targets.get(str(priority.value), {}).get(kind)
                initial[field_name(kind, priority)] = minutes
        options["initial"] = initial
        super().__init__(*args, **options)
        for priority in PRIORITIES:
            for kind, label in KIND_LABELS.items():
                self.fields[field_name(kind, priority)] = DurationField(label=label)

    @property
    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Each priority with its fields."""
        return [
            (
                capfirst(str(priority.label)),
                [self[field_name(kind, priority)] for kind in KIND_LABELS],
            )
            for priority in PRIORITIES
        ]

    @property
    def targets(self) -> dict[str, dict[str, int]]:
        """As they are stored."""
        found: dict[str, dict[str, int]] = {}
        for priority in PRIORITIES:
            minutes = {kind: self.cleaned_data[field_name(kind, priority)] for kind in KIND_LABELS}
            found[str(priority.value)] = {str(kind): m for kind, m in minutes.items() if m}
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for priority in PRIORITIES:
            reply = data.get(field_name(SlaTarget.Kind.FIRST_REPLY, priority))
            name = field_name(SlaTarget.Kind.SOLUTION, priority)
            solution = data.get(name)
            if reply and solution and solution < reply:
                self.add_error(name, _("A solution can’t be due before the first reply."))
        return data


def field_name(kind: str, priority: Ticket.Priority) -> str:
    return f"{kind}_{priority.value}"
