"""What a survey asked when: its versions, and what each of them changed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from surveys import texts
from surveys.forms.questions import KINDS
from surveys.forms.survey import LABELS
from surveys.models import Response, Survey, SurveyVersion
from surveys.questions import Question, read


@dataclass(frozen=True)
class Difference:
    """One wording that changed; blank where there was none, or is none any more."""

    language: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Listed:
    version: SurveyVersion
    answers: int
    differences: list[Difference]
    is_latest: bool


def history(survey: Survey) -> list[Listed]:
    """Newest first, each with what it changed of the one before it."""
    counts = (
        Response.objects.counted()
        .filter(version=OuterRef("pk"))
        .order_by()
        .values("version")
        .annotate(count=Count("pk"))
        .values("count")
    )
    versions = list(
        survey.versions.select_related("created_by")
        .annotate(answers=Coalesce(Subquery(counts), 0))
        .order_by("number")
    )
    pairs = zip([None, *versions], versions, strict=False)
    listed = [
        Listed(
            version,
            version.answers,
            differences(survey.kind, before, version) if before else [],
            is_latest=version is versions[-1],
        )
        for before, version in pairs
    ]
    return listed[::-1]


def differences(kind: str, before: SurveyVersion, after: SurveyVersion) -> list[Difference]:
    """Words and further questions that are not the same, language by language."""
    found: list[Difference] = []
    for language in texts.LANGUAGES:
        old = dict(texts.of_version(before, kind, language).words())
        new = dict(texts.of_version(after, kind, language).words())
        found += [
            Difference(language, str(LABELS[name]), old[name], new[name])
            for name in texts.FIELDS
            if old[name] != new[name]
        ]
    return found + _further(read(before.questions), read(after.questions))


def _further(before: list[Question], after: list[Question]) -> list[Difference]:
    old = {question.key: _told(question) for question in before}
    new = {question.key: _told(question) for question in after}
    found: list[Difference] = []
    for key in dict.fromkeys([*old, *new]):
        spoken = {**old.get(key, {}), **new.get(key, {})}
        found += [
            Difference(language, "", was, now)
            for language in spoken
            if (was := old.get(key, {}).get(language, ""))
            != (now := new.get(key, {}).get(language, ""))
        ]
    if not found and [one.key for one in before] != [one.key for one in after]:
        lines = [
            " · ".join(one.words(texts.LAST_RESORT).question for one in some)
            for some in (before, after)
        ]
        found.append(Difference("", "", *lines))
    return found


def _told(question: Question) -> dict[str, str]:
    """A further question in a line, by language."""
    kinds = dict(KINDS)
    told = {}
    for language, words in question.texts.items():
        if words.question:
            choices = [name for _code, name in question.choices(language)]
            ends = [words.low, words.high] if words.low or words.high else []
            told[language] = " · ".join(
                [words.question, str(kinds[question.kind]), *choices, *ends]
            )
    return told
