"""The week in figures by mail, to those who asked for it: once for each person and week.

The row of the digest and its mail are written together, so a worker that is killed on the way has
sent nothing, and one that comes again finds what is there. It leaves when the business opens on
Monday, or later when the worker was away, until Wednesday: older than that it is no news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mail.actions import queue_email
from mail.drafts import Draft, DraftFile
from mail.letterhead import frame
from mail.models import OutgoingEmail
from metrics import periods
from metrics.alerts import judging
from metrics.alerts.judging import Shown as ShownAlert
from metrics.choosing import query_of
from metrics.digest import figures
from metrics.digest.figures import Chart, Line
from metrics.findings.showing import Shown as ShownFinding
from metrics.findings.showing import open_findings
from metrics.models import Digest, DigestReader, Engine, Grain
from metrics.periods import Period
from metrics.showing import period_name
from staff import audit
from staff.access import Role
from staff.files import store_file
from staff.models import Business, User
from support.models import CalendarVersion, SlaPolicy

# Where the business says no hours for Mondays.
MORNING = time(8)
LATEST_WEEKDAY = 2  # Wednesday
# More than these nobody decides in a week; the page has them all.
FINDINGS = 5


@dataclass(frozen=True)
class Letter:
    """What a week's digest says, in one language."""

    week: Period
    lines: list[Line]
    silent: list[str]  # names of figures of which the week says nothing
    charts: list[Chart]
    findings: list[ShownFinding]
    alerts: list[ShownAlert]

    @property
    def name(self) -> str:
        return period_name(self.week)

    @property
    def weeks(self) -> list[tuple[str, list[str]]]:
        """The charts' figures as a table: a row for each week, with a cell for each chart."""
        columns = [chart.rows for chart in self.charts]
        return [
            (cells[0][0], [value for _week, value in cells]) for cells in zip(*columns, strict=True)
        ]


def last_week(now: datetime, business: Business) -> Period:
    today = periods.local_day(now, business.zone)
    return periods.containing(today, Grain.WEEK, business.zone).previous()


def compose(week: Period, business: Business, now: datetime) -> Letter:
    """In the active language. Five queries."""
    found = figures.figures(week, business, now)
    return Letter(
        week=week,
        lines=found.lines,
        silent=found.silent,
        charts=found.charts,
        findings=open_findings(business, FINDINGS),
        alerts=judging.going_off(business),
    )


# --- Sending --------------------------------------------------------------------------------------


def is_time(now: datetime, business: Business) -> bool:
    """Whether the digest of last week leaves now, by the clock on the business's wall."""
    local = now.astimezone(business.zone)
    if local.weekday() == 0:
        return local.time() >= opening()
    return local.weekday() <= LATEST_WEEKDAY


def opening() -> time:
    """When the business opens on Mondays."""
    policies = SlaPolicy.objects.filter(is_default=True)
    hours = CalendarVersion.objects.filter(calendar__in=policies.values("calendar"))
    week = hours.order_by("-number").values_list("week", flat=True).first()
    spans = week[0] if week else []
    return time.fromisoformat(spans[0][0]) if spans else MORNING


def send_due(now: datetime) -> int:
    """Queue this week's digest for everybody who wants it and has none; how many."""
    business = Business.current()
    if business is None or not is_time(now, business):
        return 0
    week = last_week(now, business)
    refreshed_at = Engine.objects.filter(pk=1).values_list("refreshed_at", flat=True).first()
    if refreshed_at is None or refreshed_at < week.end:
        return 0  # the week isn't counted yet
    done = Digest.objects.filter(week_on=week.starts_on).values("user")
    readers = User.objects.filter(
        digest__isnull=False, is_active=True, role__gte=Role.READ_ONLY
    ).exclude(pk__in=done)
    letters: dict[str, Letter] = {}
    count = 0
    with timezone.override(business.zone):
        for reader in readers.order_by("pk"):
            language = reader.language or business.language
            with translation.override(language):
                if language not in letters:
                    letters[language] = compose(week, business, now)
                count += _send(reader, letters[language], business, language)
    return count


@transaction.atomic
def _send(reader: User, letter: Letter, business: Business, language: str) -> bool:
    _row, is_new = Digest.objects.get_or_create(user=reader, week_on=letter.week.starts_on)
    if is_new:
        queue_email(draft(reader, letter, business, language))
    return is_new


def draft(reader: User, letter: Letter, business: Business, language: str) -> Draft:
    subject = _("%(business)s in %(week)s") % {"business": business.name, "week": letter.name}
    context = {
        **frame(business),
        "language": language,
        "subject": subject,
        "letter": letter,
        "base_url": settings.BASE_URL.rstrip("/"),
        "figures_url": address(f"{reverse('metrics:overview')}?{query_of(letter.week)}"),
        "findings_url": address(reverse("metrics:finding-list")),
        "choice_url": address(reverse("metrics:digest")),
    }
    files = [
        DraftFile(store_file(chart.png, "image/png"), chart.file_name, "image/png")
        for chart in letter.charts
    ]
    return Draft(
        stream=OutgoingEmail.Stream.ACCOUNT,
        to_address=reader.email,
        to_name=reader.name,
        subject=subject,
        text=render_to_string("metrics/mail/digest.txt", context).strip() + "\n",
        html=render_to_string("metrics/mail/digest.html", context),
        language=language,
        attachments=files,
        is_automatic=True,
        once_key=f"metrics.digest:{reader.pk}:{letter.week.starts_on}",
        expires_at=letter.week.end + timedelta(days=7),
    )


def address(path: str) -> str:
    return urljoin(str(settings.BASE_URL), path)


# --- Who wants it ---------------------------------------------------------------------------------


def is_reader(user: User) -> bool:
    return DigestReader.objects.filter(user=user).exists()


@transaction.atomic
def choose(*, by: User, is_on: bool) -> bool:
    """Have the digest or not, for oneself; whether that changed anything."""
    if is_on:
        reader, is_new = DigestReader.objects.get_or_create(user=by)
        if is_new:
            audit.record(by=by, action="digest.start", target=reader)
        return is_new
    found = DigestReader.objects.select_for_update().filter(user=by).first()
    if found is None:
        return False
    audit.record(by=by, action="digest.stop", target=found)
    found.delete()
    return True
