"""Opening a survey to whoever has its link: the address, and the sites that may show it in a frame."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.models import User
from staff.refusals import Refusal
from surveys.models import Survey

FIELDS = ("slug", "is_public", "embedded_on")


class SlugTaken(Refusal):
    message = _("Another survey has this address already. Choose a different one.")


@transaction.atomic
def share_survey(
    *, survey: Survey, slug: str, is_public: bool, embedded_on: Sequence[str], by: User
) -> Survey:
    """Open or close its public page; `embedded_on` are origins. Raises SlugTaken."""
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    if is_taken(survey, slug):
        raise SlugTaken
    before = audit.values(survey, FIELDS)
    survey.slug, survey.is_public, survey.embedded_on = slug, is_public, list(embedded_on)
    survey.save(update_fields=FIELDS)
    if changes := audit.diff(before, survey, FIELDS):
        audit.record(by=by, action="survey.share", target=survey, changes=changes)
    return survey


def is_taken(survey: Survey, slug: str) -> bool:
    return bool(slug) and Survey.objects.filter(slug=slug).exclude(pk=survey.pk).exists()


def suggested_slug(survey: Survey) -> str:
    """An address that is still free, after the survey's name."""
    base = slugify(survey.name)[:50].strip("-") or survey.kind
    taken = set(Survey.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)
