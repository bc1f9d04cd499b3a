"""Making and rewording surveys. Their words are versions that never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from surveys import texts
from surveys.models import Survey, SurveyVersion
from surveys.questions import Question

SETTINGS = (
    "name",
    "is_active",
    "expires_after_days",
    "throttle_days",
    "is_anonymous",
    "colour",
    "asks_for_reviews",
    "asks_for_testimonials",
)
FIELDS = ("kind", *SETTINGS)
# {"es": {"question": …}}: only what differs from the stock words.
OwnTexts = Mapping[str, Mapping[str, str]]


class NameTaken(Refusal):
    message = _("Another survey has this name already. Choose a different one.")


class StaysAnonymous(Refusal):
    message = _(
        "People were asked with the promise that nobody sees who said what, so this survey stays "
        "anonymous. Make another one to ask by name."
    )


def can_edit(user: User) -> bool:
    return user.has_role(Role.MANAGER)


@transaction.atomic
def create_survey(
    *,
    kind: str,
    name: str,
    by: User | None,
    own_texts: OwnTexts | None = None,
    questions: Sequence[Question] = (),
    **settings: Any,
) -> Survey:
    """Make a survey with its first version; `settings` are among `SETTINGS`. Raises NameTaken."""
    _refuse_taken(name)
    survey = Survey.objects.create(kind=kind, name=name, created_by=by, **settings)
    _add_version(survey, _differing(kind, own_texts or {}), _stored(questions), by)
    changes = audit.diff({}, survey, FIELDS)
    audit.record(by=by, action="survey.create", target=survey, changes=changes)
    return survey


@transaction.atomic
def update_survey(
    *,
    survey: Survey,
    by: User,
    own_texts: OwnTexts | None = None,
    questions: Sequence[Question] | None = None,
    **settings: Any,
) -> Survey:
    """Change `SETTINGS`; other words or further questions make a new version.

    Answers given so far keep the version that they answered. Raises NameTaken or StaysAnonymous.
    """
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    _refuse_taken(settings.get("name", survey.name), but=survey)
    if survey.is_anonymous and not settings.get("is_anonymous", True) and _is_promised(survey):
        raise StaysAnonymous
    before = audit.values(survey, FIELDS)
    for name in set(settings) & set(SETTINGS):
        setattr(survey, name, settings[name])
    survey.save(update_fields=SETTINGS)
    changes = audit.diff(before, survey, FIELDS)
    latest = latest_version(survey)
    texts_wanted = latest.texts if own_texts is None else _differing(survey.kind, own_texts)
    asked = latest.questions if questions is None else _stored(questions)
    if (texts_wanted, asked) != (latest.texts, latest.questions):
        version = _add_version(survey, texts_wanted, asked, by)
        changes["version"] = [latest.number, version.number]
    if changes:
        audit.record(by=by, action="survey.update", target=survey, changes=changes)
    return survey


@transaction.atomic
def use_again(*, version: SurveyVersion, by: User) -> SurveyVersion:
    """Ask in the words of an earlier version from now on: a new version that says the same."""
    survey = Survey.objects.select_for_update().get(pk=version.survey_id)
    latest = latest_version(survey)
    if (version.texts, version.questions) == (latest.texts, latest.questions):
        return latest
    made = _add_version(survey, version.texts, version.questions, by)
    changes: audit.Changes = {"version": [latest.number, made.number]}
    audit.record(by=by, action="survey.update", target=survey, changes=changes)
    return made


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


def _is_promised(survey: Survey) -> bool:
    return survey.invitations.exists() or survey.responses.exists()


def _stored(questions: Sequence[Question]) -> list[dict[str, Any]]:
    return [question.as_stored() for question in questions]


def _add_version(
    survey: Survey, own: dict[str, Any], asked: list[dict[str, Any]], by: User | None
) -> SurveyVersion:
    number = survey.versions.count() + 1
    return SurveyVersion.objects.create(
        survey=survey, number=number, texts=own, questions=asked, created_by=by
    )


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
