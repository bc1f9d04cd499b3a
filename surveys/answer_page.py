"""What the pages show on which people answer: in the mailed survey, in public and in the preview alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from surveys import tokens
from surveys.after import shown_after
from surveys.forms.answer import AnswerForm, FurtherForm
from surveys.models import Response, Survey, SurveyVersion
from surveys.questions import Question, read
from surveys.scores import group_of
from surveys.texts import Texts


def form_context(
    survey: Survey, own: Texts, form: AnswerForm, *, score: int | None, nonce: str
) -> dict[str, Any]:
    """Of `_answer_form.html`; `own` are the survey's words with the business's name in them."""
    low, high = form.scale
    return {
        "survey": survey,
        "colour": survey.colour,
        "form": form,
        "texts": own,
        "scale": drawn_scale(survey.kind, low, high, score),
        "options": str(high - low + 1),
        # As text: a template writes a number the way of the language, at a price per number.
        "low": str(low),
        "high": str(high),
        "nonce": nonce,
        "trap": AnswerForm.TRAP,
        "longest": str(AnswerForm.LONGEST),
    }


@lru_cache
def drawn_scale(kind: str, low: int, high: int, score: int | None) -> SafeString:
    """The buttons of a scale, the same in every language: they take longest of the whole page."""
    scores = [(str(one), group_of(kind, one), one == score) for one in range(low, high + 1)]
    return render_to_string("surveys/_scale.html", {"scores": scores})


def thanks_in(own: Texts, kind: str, score: int | None) -> str:
    """The thanks that fit the score."""
    return str(getattr(own, f"thanks_{group_of(kind, score) or 'middle'}"))


def further_form(
    questions: list[Question], language: str, *, given: Mapping[str, Any], data: Any = None
) -> FurtherForm | None:
    """None where nothing more is asked."""
    if not questions:
        return None
    return FurtherForm(data, questions=questions, language=language, given=given)


def thanks_context(
    survey: Survey,
    version: SurveyVersion | None,
    own: Texts,
    response: Response | None,
    *,
    language: str,
    is_theirs: bool = False,
    further: FurtherForm | None = None,
) -> dict[str, Any]:
    """Of `answer_thanks.html`; `is_theirs` for the browser that gave this answer a short while ago.

    `further` is the form of further questions that came back with something wrong.
    """
    proof = tokens.proof_of(response) if response is not None and is_theirs else ""
    # What an anonymous answer says further is said once: nobody can read there what was said.
    may_say_more = proof and not (response and response.is_anonymous and response.further)
    if further is None and may_say_more and response is not None:
        asked = read(version.questions) if version else []
        further = further_form(asked, language, given=response.further)
    return {
        "survey": survey,
        "colour": survey.colour,
        "given": response,
        "thanks": thanks_in(own, survey.kind, response.score if response else None),
        "further": further if may_say_more else None,
        "proof": proof,
        "after": shown_after(
            survey=survey,
            # In a preview there is none, only what it would look like.
            response=response if response is not None and response.pk else None,
            language=language,
            proof=proof,
        ),
    }
