"""Where customers can review the business: everyone who answers is shown the same."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.models import User
from staff.refusals import Refusal
from surveys.models import ReviewSite

FIELDS = ("name", "url", "language", "is_shown")


class SiteNameTaken(Refusal):
    message = _("Another site has this name already.")


class SiteNotSecure(Refusal):
    message = _("The address has to begin with https://.")


@transaction.atomic
def save_site(*, by: User, site: ReviewSite | None = None, **values: Any) -> ReviewSite:
    """A new one after all others, or this one as `values` say. Raises SiteNameTaken, SiteNotSecure."""
    if site is None:
        last = ReviewSite.objects.aggregate(last=Max("place"))["last"] or 0
        site, before, verb = ReviewSite(place=last + 1), {}, "create"
    else:
        site = ReviewSite.objects.select_for_update().get(pk=site.pk)
        before, verb = audit.values(site, FIELDS), "update"
    for name in FIELDS:
        if name in values:
            setattr(site, name, values[name])
    if not site.url.startswith("https://"):
        raise SiteNotSecure
    if ReviewSite.objects.filter(name__iexact=site.name).exclude(pk=site.pk).exists():
        raise SiteNameTaken
    if changes := audit.diff(before, site, FIELDS):
        site.save()
        audit.record(by=by, action=f"review_site.{verb}", target=site, changes=changes)
    return site


@transaction.atomic
def move_site(*, site: ReviewSite, up: bool, by: User) -> None:
    """One place up or down; at the end nothing happens."""
    rows = list(ReviewSite.objects.select_for_update().order_by("place", "name"))
    place = next((n for n, one in enumerate(rows) if one.pk == site.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    for n, one in enumerate(rows, 1):
        if one.place != n:
            one.place = n
            one.save(update_fields=["place"])
    order: audit.Changes = {"place": [place + 1, other + 1]}
    audit.record(by=by, action="review_site.arrange", target=site, changes=order)


@transaction.atomic
def delete_site(*, site: ReviewSite, by: User) -> None:
    changes: audit.Changes = {"name": [site.name, None], "url": [site.url, None]}
    audit.record(by=by, action="review_site.delete", target=site, changes=changes)
    site.delete()
