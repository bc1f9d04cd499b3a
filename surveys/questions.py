"""What is asked besides, once the score is safe: the further questions of a version.

They stand in SurveyVersion.questions as
    {"key": "q1", "kind": "choice", "several": true, "codes": ["c1", "c2"],
     "texts": {"es": {"question": …, "choices": {"c1": …, "c2": …}, "low": …, "high": …}}}
and are answered in Response.further by their keys: a scale with a number, a choice with a code or
with a list of codes, a text with a text. `codes` is the order of the choices: a database may not
keep that of an object's keys. What nobody answered has no key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from surveys.texts import LANGUAGES, supported

SCALE, CHOICE, TEXT = "scale", "choice", "text"
KINDS = (SCALE, CHOICE, TEXT)
MOST, MOST_CHOICES = 10, 12
# Lowest and highest answer to a scale.
ENDS = (1, 5)


@dataclass(frozen=True)
class Words:
    """A question in one language; `choices` by code, `low` and `high` of a scale's ends."""

    question: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    low: str = ""
    high: str = ""

    def as_stored(self) -> dict[str, Any]:
        named = {"question": self.question, "low": self.low, "high": self.high}
        kept: dict[str, Any] = {name: value for name, value in named.items() if value}
        return kept | ({"choices": dict(self.choices)} if self.choices else {})


@dataclass(frozen=True)
class Question:
    key: str
    kind: str
    texts: Mapping[str, Words]
    several: bool = False
    codes: tuple[str, ...] = ()

    def words(self, language: str) -> Words:
        """In that language, or in the first one in which the question was written."""
        for code in (supported(language), *LANGUAGES):
            if (found := self.texts.get(code)) and found.question:
                return found
        return Words()

    def choices(self, language: str) -> list[tuple[str, str]]:
        """(code, words) in their order; a choice without words here has those of another language."""
        own = self.words(language).choices
        others = [words.choices for words in self.texts.values()]
        return [
            (code, next((found[code] for found in (own, *others) if found.get(code)), code))
            for code in self.codes
        ]

    def as_stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"key": self.key, "kind": self.kind}
        if self.kind == CHOICE:
            stored |= {"several": self.several, "codes": list(self.codes)}
        texts = {language: words.as_stored() for language, words in self.texts.items()}
        return stored | {"texts": {language: kept for language, kept in texts.items() if kept}}

    def in_words(self, answer: Any, language: str) -> str:
        """An answer as people read it."""
        if self.kind == CHOICE:
            named = dict(self.choices(language))
            chosen = answer if isinstance(answer, list) else [answer]
            return ", ".join(named.get(code, str(code)) for code in chosen)
        return str(answer)


def read(stored: Iterable[Mapping[str, Any]]) -> list[Question]:
    """The questions of a version, in their order."""
    return [
        Question(
            key=one["key"],
            kind=one["kind"],
            several=bool(one.get("several")),
            codes=tuple(one.get("codes", ())),
            texts={
                language: Words(
                    question=words.get("question", ""),
                    choices=words.get("choices", {}),
                    low=words.get("low", ""),
                    high=words.get("high", ""),
                )
                for language, words in one.get("texts", {}).items()
            },
        )
        for one in stored
    ]


def new_key(taken: Iterable[str], letter: str) -> str:
    """The next of q1, q2 … or c1, c2 … that nothing in this survey has."""
    numbers = [int(key[1:]) for key in taken if key[:1] == letter and key[1:].isdecimal()]
    return f"{letter}{max(numbers, default=0) + 1}"
