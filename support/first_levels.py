"""The hours and service levels that are there from the start, by where the business is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.utils import translation
from django.utils.translation import pgettext

from staff.models import Business
from support.holiday_regions import region_of_zone
from support.models import BusinessCalendar, CalendarVersion, SlaPolicy, SlaPolicyVersion

Spans = list[list[str]]
# What shops and offices commonly keep, Monday to Friday.
USUAL: dict[str, Spans] = {
    "ES": [["09:00", "14:00"], ["16:00", "19:00"]],
    "PT": [["09:00", "13:00"], ["14:00", "18:00"]],
    "BR": [["08:00", "12:00"], ["13:00", "18:00"]],
}
USUAL_IN_SPANISH: Spans = [["09:00", "13:00"], ["14:00", "18:00"]]
USUAL_ELSEWHERE: Spans = [["09:00", "17:00"]]
# By priority, in business minutes.
TARGETS = {
    "40": {"first_reply": 60, "next_reply": 60, "solution": 240},
    "30": {"first_reply": 240, "next_reply": 240, "solution": 480},
    "20": {"first_reply": 480, "next_reply": 480, "solution": 1440},
    "10": {"first_reply": 1440, "next_reply": 1440, "solution": 4320},
}


def install(using: str = "default", **_signal: Any) -> None:
    """Make them once the business is known; called after each migrate."""
    tables = set(connections[using].introspection.table_names())
    needed = {"staff_business", "support_slapolicy", "support_slapolicyversion"}
    if needed <= tables and Business.current() and not SlaPolicy.objects.exists():
        install_now()


@transaction.atomic
def install_now() -> None:
    """Make what is missing of them; of two who do so at once, each finds the same rows."""
    business = Business.current()
    with translation.override(business.language if business else settings.LANGUAGE_CODE):
        calendar_name = pgettext("calendar", "Business hours")
        policy_name = pgettext("policy", "Service levels")
    time_zone = business.time_zone if business else settings.TIME_ZONE
    region = str(region_of_zone(time_zone))
    # ignore_conflicts: unique constraints decide who made them.
    BusinessCalendar.objects.bulk_create(
        [BusinessCalendar(name=calendar_name)], ignore_conflicts=True
    )
    calendar = BusinessCalendar.objects.get(name=calendar_name)
    first = CalendarVersion(
        calendar=calendar,
        number=1,
        week=first_week(region, business.language if business else ""),
        time_zone=time_zone,
        holidays=region,
    )
    CalendarVersion.objects.bulk_create([first], ignore_conflicts=True)
    SlaPolicy.objects.bulk_create(
        [SlaPolicy(name=policy_name, calendar=calendar, is_default=True)], ignore_conflicts=True
    )
    policy = SlaPolicy.objects.get(is_default=True)
    SlaPolicyVersion.objects.bulk_create(
        [SlaPolicyVersion(policy=policy, number=1, targets=TARGETS)], ignore_conflicts=True
    )


def first_week(country: str, language: str) -> list[Spans]:
    """Seven days, Monday first; the weekend off."""
    elsewhere = USUAL_IN_SPANISH if language == "es" else USUAL_ELSEWHERE
    day = USUAL.get(country, elsewhere)
    return [*[day] * 5, [], []]
