"""The further questions of a survey, as they are edited: added, moved and taken away without scripts too.

A row of the editor is a QuestionForm with the prefix "question-<place>"; `question-count` says how many
there are. The buttons send `do`: "add", "remove-2", "up-2", "down-2".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from surveys import questions
from surveys.questions import CHOICE, SCALE, TEXT, Question, Words

COUNT = "question-count"
LONGEST, LONGEST_END = 300, 40
_DO = re.compile(r"(add|remove|up|down)(?:-(\d{1,2}))?")
KINDS = [
    (SCALE, gettext_lazy("a scale of 1 to 5")),
    (CHOICE, gettext_lazy("a choice")),
    (TEXT, gettext_lazy("words of their own")),
]


class QuestionForm(forms.Form):
    """One question; `question` is what it says when it is valid."""

    key = forms.SlugField(required=False, max_length=8, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=gettext_lazy("Answered with"), choices=KINDS, initial=SCALE)
    several = forms.BooleanField(label=gettext_lazy("More than one can be chosen"), required=False)

    def __init__(self, *args: Any, languages: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.languages = list(languages)
        for language in languages:
            spoken = {"lang": language}
            self.fields[f"{language}_question"] = forms.CharField(
                label=gettext_lazy("Question"),
                required=False,
                max_length=LONGEST,
                widget=forms.TextInput(attrs=spoken),
            )
            self.fields[f"{language}_choices"] = forms.CharField(
                label=gettext_lazy("Choices, one a line"),
                required=False,
                max_length=questions.MOST_CHOICES * 120,
                widget=forms.Textarea(attrs=spoken | {"rows": 4}),
            )
            for end, label in (("low", gettext_lazy("1 means")), ("high", gettext_lazy("5 means"))):
                self.fields[f"{language}_{end}"] = forms.CharField(
                    label=label,
                    required=False,
                    max_length=LONGEST_END,
                    widget=forms.TextInput(attrs=spoken),
                )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not any(data.get(f"{language}_question") for language in self.languages):
            self.add_error(
                f"{self.languages[0]}_question", _("Write the question, or take it away.")
            )
        if data.get("kind") == CHOICE:
            self._check_choices(data)
        return data

    def _check_choices(self, data: Mapping[str, Any]) -> None:
        """Choices belong together by their line, so every language has as many of them."""
        written = {language: self._lines(data, language) for language in self.languages}
        counts = {language: len(lines) for language, lines in written.items() if lines}
        first = next(iter(counts), self.languages[0])
        if counts.get(first, 0) < 2:
            self.add_error(f"{first}_choices", _("Write at least two choices, each on its line."))
        if counts.get(first, 0) > questions.MOST_CHOICES:
            most = _("That is more than %(most)s choices.") % {"most": questions.MOST_CHOICES}
            self.add_error(f"{first}_choices", most)
        for language, count in counts.items():
            if count != counts[first]:
                words = ngettext(
                    "Write %(count)s choice here too: each line says the same in another language.",
                    "Write %(count)s choices here too: each line says the same in another language.",
                    counts[first],
                ) % {"count": counts[first]}
                self.add_error(f"{language}_choices", words)

    @staticmethod
    def _lines(data: Mapping[str, Any], language: str) -> list[str]:
        written = str(data.get(f"{language}_choices") or "")
        return [line.strip() for line in written.splitlines() if line.strip()]

    def by_language(self) -> list[tuple[str, dict[str, forms.BoundField]]]:
        names = ("question", "choices", "low", "high")
        return [
            (language, {name: self[f"{language}_{name}"] for name in names})
            for language in self.languages
        ]

    def question(self, key: str, before: Question | None) -> Question:
        """`before` is the same question so far: a choice that stays keeps its code."""
        data, kind = self.cleaned_data, self.cleaned_data["kind"]
        lines = {language: self._lines(data, language) for language in self.languages}
        codes = self._codes(lines, before) if kind == CHOICE else ()
        texts = dict(before.texts) if before and before.kind == kind else {}
        for language in self.languages:
            texts[language] = Words(
                question=data[f"{language}_question"].strip(),
                choices=dict(zip(codes, lines[language], strict=False)),
                low=data[f"{language}_low"].strip() if kind == SCALE else "",
                high=data[f"{language}_high"].strip() if kind == SCALE else "",
            )
        return Question(
            key=key,
            kind=kind,
            texts=texts,
            several=kind == CHOICE and data["several"],
            codes=tuple(codes),
        )

    def _codes(self, lines: Mapping[str, list[str]], before: Question | None) -> list[str]:
        """A line that was there keeps its code wherever it stands now, a reworded one its place's."""
        language = next((one for one in self.languages if lines[one]), self.languages[0])
        known = before.choices(language) if before else []
        by_words = {words: code for code, words in known}
        codes = [by_words.get(line, "") for line in lines[language]]
        for place, code in enumerate(codes):
            if not code:
                there = known[place][0] if place < len(known) else ""
                free = there if there and there not in codes else ""
                codes[place] = free or questions.new_key([*by_words.values(), *codes], "c")
        return codes


class QuestionsEditor:
    """The rows as they stand; bound when they were sent, unbound after a button that only moves them."""

    def __init__(
        self, *, languages: Sequence[str], now: Iterable[Question], taken: Iterable[str] = ()
    ) -> None:
        """`now` are the questions so far, `taken` the keys that ever stood for another one."""
        self.languages = languages
        self.known = {question.key: question for question in now}
        self.taken = {*taken, *self.known}
        self.forms = [
            self._unbound(place, _initial(question))
            for place, question in enumerate(self.known.values())
        ]

    def bind(self, data: Mapping[str, Any]) -> None:
        """Take what was sent; a `do` among it is done, and nothing is complained of then."""
        sent = data.get(COUNT, "0")
        count = min(int(sent) if sent.isdecimal() else 0, questions.MOST)
        self.forms = [
            QuestionForm(data, prefix=f"question-{place}", languages=self.languages)
            for place in range(count)
        ]
        if "do" in data:
            rows = _moved([_typed(form) for form in self.forms], data["do"])
            self.forms = [self._unbound(place, row) for place, row in enumerate(rows)]

    def _unbound(self, place: int, initial: dict[str, Any]) -> QuestionForm:
        return QuestionForm(initial=initial, prefix=f"question-{place}", languages=self.languages)

    def is_valid(self) -> bool:
        # Each of them, so that all that is wrong is said at once.
        return all(list(map(QuestionForm.is_valid, self.forms)))

    @property
    def count(self) -> int:
        return len(self.forms)

    @property
    def has_room(self) -> bool:
        return len(self.forms) < questions.MOST

    def questions(self) -> list[Question]:
        """What the valid rows say."""
        made: list[Question] = []
        taken = set(self.taken)
        for form in self.forms:
            if not form.is_valid():
                continue
            key = form.cleaned_data["key"]
            if not key or key not in self.known or key in {one.key for one in made}:
                key = questions.new_key(taken, "q")
            taken.add(key)
            made.append(form.question(key, self.known.get(key)))
        return made


def _initial(question: Question) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "key": question.key,
        "kind": question.kind,
        "several": question.several,
    }
    for language, words in question.texts.items():
        initial |= {
            f"{language}_question": words.question,
            f"{language}_choices": "\n".join(
                words.choices[code] for code in question.codes if code in words.choices
            ),
            f"{language}_low": words.low,
            f"{language}_high": words.high,
        }
    return initial


def _typed(form: QuestionForm) -> dict[str, Any]:
    """What was typed, good or bad."""
    return {name: form[name].value() for name in form.fields}


def _moved(rows: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    done = _DO.fullmatch(what)
    if done is None:
        return rows
    deed, place = done[1], int(done[2] or 0)
    if deed == "add":
        return [*rows, {}][: questions.MOST]
    if place >= len(rows):
        return rows
    row = rows.pop(place)
    if deed != "remove":
        rows.insert(max(place - 1, 0) if deed == "up" else place + 1, row)
    return rows
