"""The business's currency: which there are, and when it can no longer be changed."""

from collections.abc import Callable
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from django.utils.translation import get_language, to_locale

# Asked before the currency is changed; the room that holds the first fact registers its question.
_FACTS: list[Callable[[], bool]] = []


def fixed_when(there_are_facts: Callable[[], bool]) -> None:
    """Fix the currency for good once `there_are_facts()`; call this in AppConfig.ready."""
    _FACTS.append(there_are_facts)


def currency_is_fixed() -> bool:
    """Whether some amount is recorded already, so that a change would turn it into another."""
    return any(there_are_facts() for there_are_facts in _FACTS)


@lru_cache(maxsize=1)
def codes() -> list[str]:
    """ISO 4217 codes that are legal tender somewhere today."""
    territories = get_global("territory_currencies").values()
    return sorted(
        {
            code
            for history in territories
            for code, _from, until, is_tender in history
            if until is None and is_tender
        }
    )


def choices() -> list[tuple[str, str]]:
    """(code, "BRL · Brazilian real"), in the reader's language."""
    names = Locale.parse(to_locale(get_language() or "en")).currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in codes()]
