"""Making and rewording surveys. Their words are versions that never change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from surveys import texts
from surveys.models import Survey, SurveyVersion

FIELDS = ("kind", "name", "is_active", "expires_after_days", "throttle_days")
# {"es": {"question": …}}: only what differs from the stock words.
OwnTexts = Mapping[str, Mapping[str, str]]


class NameTaken(Refusal):
    message = _("Another survey has this name already. Choose a different one.")


def can_edit(user: User) -> bool:
    return user.has_role(Role.MANAGER)


@transaction.atomic
def create_survey(
    *,
    kind: str,
    name: str,
    by: User | None,
    own_texts: OwnTexts | None = None,
    expires_after_days: int = 30,
    throttle_days: int = 30,
) -> Survey:
    """Make a survey with its first version. Raises NameTaken."""
    _refuse_taken(name)
    survey = Survey.objects.create(
        kind=kind,
        name=name,
        expires_after_days=expires_after_days,
        throttle_days=throttle_days,
        created_by=by,
    )
    _add_version(survey, _differing(kind, own_texts or {}), by)
    changes = audit.diff({}, survey, FIELDS)
    audit.record(by=by, action="survey.create", target=survey, changes=changes)
    return survey


@transaction.atomic
def update_survey(
    *, survey: Survey, by: User, own_texts: OwnTexts | None = None, **values: Any
) -> Survey:
    """Change settings among `FIELDS` but the kind; other words make a new version.

    Answers given so far keep the version that they answered. Raises NameTaken.
    """
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    _refuse_taken(values.get("name", survey.name), but=survey)
    before = audit.values(survey, FIELDS)
    for name in set(values) & (set(FIELDS) - {"kind"}):
        setattr(survey, name, values[name])
    survey.save(update_fields=FIELDS)
    changes = audit.diff(before, survey, FIELDS)
    latest = latest_version(survey)
    if own_texts is not None:
        wanted = _differing(survey.kind, own_texts)
        if wanted != latest.texts:
            version = _add_version(survey, wanted, by)
            changes["version"] = [latest.number, version.number]
    if changes:
        audit.record(by=by, action="survey.update", target=survey, changes=changes)
    return survey


def latest_version(survey: Survey) -> SurveyVersion:
    return survey.versions.order_by("-number")[0]


def stock_survey(kind: str) -> Survey:
    """The survey of a kind that is there from the start: its oldest one, made when missing."""
    survey = Survey.objects.filter(kind=kind).order_by("pk").first()
    if survey is None:
        survey = create_survey(kind=kind, name=Survey.Kind(kind).label, by=None)
    return survey


def _refuse_taken(name: str, but: Survey | None = None) -> None:
    others = Survey.objects.filter(name__iexact=name)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise NameTaken


def _add_version(survey: Survey, own: dict[str, Any], by: User | None) -> SurveyVersion:
    number = survey.versions.count() + 1
    return SurveyVersion.objects.create(survey=survey, number=number, texts=own, created_by=by)


def _differing(kind: str, own_texts: OwnTexts) -> dict[str, dict[str, str]]:
    """What is worth keeping: words that are not blank and not the stock ones."""
    differing: dict[str, dict[str, str]] = {}
    for language in texts.LANGUAGES:
        stock = dict(texts.stock(kind, language).words())
        given = own_texts.get(language, {})
        own = {
            name: given[name].strip()
            for name in texts.FIELDS
            if given.get(name, "").strip() and given[name].strip() != stock[name]
        }
        if own:
            differing[language] = own
    return differing
