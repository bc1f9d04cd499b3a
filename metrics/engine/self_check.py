"""Stored figures held against their facts every night, and the alarm when they differ: by mail to the
owners, on the health page, in words."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mail.actions import queue_emails
from mail.drafts import Draft
from mail.models import OutgoingEmail
from metrics import freshness, periods, showing
from metrics.actions import Difference, compare
from metrics.definitions import DEFINITIONS
from metrics.engine import recomputing
from metrics.models import Grain, Recompute, SelfCheck
from staff import health
from staff.access import Role
from staff.formats import moment, number
from staff.health import Finding
from staff.mailing import in_words_of
from staff.models import Business, User

KEPT = 50  # differences of a check that are written down
NAMED = 5  # of them in a mail
KEEP_FOR = timedelta(days=365)
# Figures that wait longer than this to be counted are a matter for somebody.
BEHIND = timedelta(minutes=15)


def register() -> None:
    health.register("figures", gettext_lazy("Figures"), look)


def run(*, sample: int | None) -> list[Difference]:
    """Compare, write down what came of it, and tell the owners of any difference; nothing before the
    business is set up."""
    business = Business.current()
    if business is None:
        return []
    found = compare(sample=sample)
    differences = found.differences
    with transaction.atomic():
        check = SelfCheck.objects.create(
            compared=found.compared,
            differing=len(differences),
            differences=[
                asdict(one) | {"starts_on": one.starts_on.isoformat()} for one in differences[:KEPT]
            ],
        )
        SelfCheck.objects.filter(checked_at__lt=timezone.now() - KEEP_FOR).delete()
        if differences:
            owners = User.objects.filter(role=Role.OWNER, is_active=True)
            queue_emails([_draft(check, owner, business) for owner in owners])
    return differences


def look() -> Finding:
    """Whether figures are counted, and were right when last compared."""
    state, again = freshness.current(), recomputing.standing()
    since = state.refreshed_at
    is_moving = again is not None and again.is_moving
    if state.is_waiting and since and not is_moving and _is_behind(since):
        return Finding(
            ok=False,
            detail=_("Changes have not been counted since %(when)s.") % {"when": moment(since)},
            advice=_("Look whether a worker takes the queue “metrics”."),
        )
    check = SelfCheck.objects.order_by("-checked_at").first()
    if again and is_moving and not (check and check.differing):
        said = _("They are being counted again: %(done)s of %(pieces)s pieces are done.")
        pieces = {"done": number(again.done), "pieces": number(again.pieces)}
        return Finding(ok=True, detail=said % pieces)
    if check is None:
        return Finding(ok=None, detail=_("They have not been compared with their facts yet."))
    facts = {"when": moment(check.checked_at), "compared": number(check.compared)}
    if not check.differing:
        said = _("On %(when)s %(compared)s of them agreed with their facts.")
        return Finding(ok=True, detail=said % facts)
    return Finding(
        ok=False,
        detail=_summary(check) + " " + " ".join(_told(one) for one in check.differences[:NAMED]),
        advice=_(
            "They were computed again. Run “manage.py recompute --check”: if that finds a difference "
            "too, please report it."
        ),
    )


def _is_behind(since: datetime) -> bool:
    """During a recompute nothing is refreshed, and what came meanwhile follows after it."""
    finished = Recompute.objects.filter(finished_at__gt=timezone.now() - BEHIND)
    return since < timezone.now() - BEHIND and not finished.exists()


def _summary(check: SelfCheck) -> str:
    facts = {
        "count": number(check.differing),
        "compared": number(check.compared),
        "when": moment(check.checked_at),
    }
    text = ngettext(
        "Of %(compared)s figures compared on %(when)s, %(count)s differed from its facts.",
        "Of %(compared)s figures compared on %(when)s, %(count)s differed from their facts.",
        check.differing,
    )
    return text % facts


def _told(one: dict[str, str]) -> str:
    definition = DEFINITIONS.get(one["kpi"])
    return _("%(figure)s, %(period)s: %(stored)s was stored, the facts say %(computed)s.") % {
        "figure": definition.name if definition else one["kpi"],
        "period": showing.period_name(_period(one)),
        "stored": one["stored"],
        "computed": one["computed"],
    }


def _period(one: dict[str, str]) -> periods.Period:
    return periods.containing(
        date.fromisoformat(one["starts_on"]), Grain(one["grain"]), ZoneInfo("UTC")
    )


def _draft(check: SelfCheck, owner: User, business: Business) -> Draft:
    with in_words_of(owner, business) as language:
        page = settings.BASE_URL + reverse("staff:health")
        lines = [_told(one) for one in check.differences[:NAMED]]
        parts = [
            _("Every night figures are compared with the facts that they come from."),
            _summary(check),
            "\n".join(lines),
            _("They are being computed again, so what you see now is right."),
            _("What to do about it:") + f"\n{page}",
        ]
        return Draft(
            stream=OutgoingEmail.Stream.ACCOUNT,
            to_address=owner.email,
            to_name=owner.name,
            subject=_("Some figures differed from their facts"),
            text="\n\n".join(parts) + "\n",
            language=language,
            is_automatic=True,
            once_key=f"metrics.selfcheck:{check.pk}:{owner.pk}",
        )
