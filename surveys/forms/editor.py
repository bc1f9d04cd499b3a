"""The whole editor of a survey: settings, words in each language, further questions."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from staff.models import Business
from surveys.forms.questions import QuestionsEditor
from surveys.forms.survey import SurveyForm
from surveys.models import Survey, SurveyVersion
from surveys.questions import read


class SurveyEditor:
    """What is asked and how, as it is or, with `data`, as it was sent.

    With a `do` among the data, only questions were added, moved or taken away: nothing is checked.
    """

    def __init__(
        self,
        *,
        kind: str,
        business: Business,
        survey: Survey | None = None,
        latest: SurveyVersion | None = None,
        data: QueryDict | None = None,
    ) -> None:
        self.latest = latest
        others = [code for code in business.languages if code != business.language]
        options: dict[str, Any] = {
            "kind": kind,
            "languages": [business.language, *others],
            "business_colour": business.colour,
            "own_texts": latest.texts if latest else {},
        }
        if survey is not None:
            # Its own copy: a form that is refused leaves what it was sent in its instance.
            options["instance"] = Survey.objects.get(pk=survey.pk)
        self.is_moving = data is not None and "do" in data
        if data is not None and self.is_moving:
            self.form = SurveyForm.again(data, **options)
        else:
            self.form = SurveyForm(data, **options)
        self.rows = QuestionsEditor(
            languages=self.form.languages,
            now=read(latest.questions) if latest else [],
            taken=_keys_of(survey) if survey and data is not None else (),
        )
        if data is not None:
            self.rows.bind(data)

    def is_valid(self) -> bool:
        checked = [self.form.is_valid(), self.form.is_bound and self.rows.is_valid()]
        return all(checked)

    def values(self) -> dict[str, Any]:
        """What the actions take; words in languages that the business does not use are kept."""
        kept = self.latest.texts if self.latest else {}
        return {
            "own_texts": {**kept, **self.form.own_texts},
            "questions": self.rows.questions(),
            **self.form.settings(),
        }

    def shown(self) -> tuple[Survey, SurveyVersion]:
        """Unsaved ones for a preview: of a form that is partly wrong, whatever is right."""
        if not self.form.is_bound:
            survey = self.form.instance
            survey.kind = self.form.kind
            stored = self.latest or SurveyVersion(texts={}, questions=[])
            return survey, SurveyVersion(texts=stored.texts, questions=stored.questions)
        self.is_valid()
        sent = self.form.cleaned_data
        survey = Survey(
            kind=self.form.kind,
            name=sent.get("name", ""),
            colour=sent.get("colour", ""),
            is_anonymous=sent.get("is_anonymous", False),
            asks_for_reviews=sent.get("asks_for_reviews", False),
            expires_after_days=sent.get("expires_after_days", 30),
        )
        questions = [question.as_stored() for question in self.rows.questions()]
        return survey, SurveyVersion(texts=self.form.own_texts, questions=questions)


def _keys_of(survey: Survey) -> set[str]:
    """The keys that ever stood for a further question: answers are kept by them."""
    stored = survey.versions.values_list("questions", flat=True)
    return {question["key"] for questions in stored for question in questions}
