"""Names that may be one: by how their words sound, so that only few have to be compared."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from itertools import combinations

# What says nothing about whose name it is: particles, and what kind of company it is.
_EMPTY = frozenset(
    "a ao aos as d da das de del di do dos e el en i la las los o of os the und y"
    " cia co company corp eireli epp gmbh inc lda limitada llc ltd ltda me mei sa sas sc sl slu srl"
    " sociedad sociedade anonima".split()
)
# Letters that Spanish and Portuguese speakers write for one another; vowels and h fall away.
_SOUNDS = str.maketrans(
    {
        **dict.fromkeys("ckqzxjg", "s"),
        **dict.fromkeys("vw", "b"),
        **dict.fromkeys("m", "n"),
        **dict.fromkeys("aeiouyh", None),
    }
)
# A name's longest words are its rarest; three make at most three pairs.
MOST_WORDS = 3
SOUNDS = 6
# Out of 100.
ALIKE = 85


def telling(folded: str) -> list[str]:
    """The words of a folded name that say whose it is, in alphabetical order; all if none does."""
    found = sorted(folded.split())
    return [word for word in found if word not in _EMPTY] or found


def sound(word: str) -> str:
    """The same for "goncalves" and "gonsalves", "xavier" and "javier": consonants alone."""
    if word.isdecimal():
        return word
    consonants = word.replace("ph", "f").translate(_SOUNDS)
    squeezed = "".join(
        letter for place, letter in enumerate(consonants) if consonants[place - 1 : place] != letter
    )
    return squeezed[:SOUNDS] or word[:1]


def keys(folded: str, place: str) -> set[int]:
    """What this name at this place has in common with those that may be the same: signed 64 bits."""
    words = sorted(sorted(telling(folded), key=len, reverse=True)[:MOST_WORDS])
    sounds = sorted({sound(word) for word in words})
    pairs = list(combinations(sounds, 2)) if len(sounds) > 1 else [tuple(sounds)]
    return {_hash("|".join((place, *pair))) for pair in pairs}


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def likeness(one: str, other: str) -> int:
    """How alike two folded names are, out of 100; 0 when numbers in them differ."""
    first, second = telling(one), telling(other)
    if _numbers(first) != _numbers(second):
        return 0
    few, many = sorted((set(first), set(second)), key=len)
    if len(few) > 1 and few <= many:
        return 95 if few < many else 100
    # In the order of how they sound, so that the first letters decide nothing.
    texts = [
        " ".join(sorted(words, key=lambda word: (sound(word), word))) for words in (first, second)
    ]
    return int(_ratio()(*texts))


@cache
def _ratio() -> Callable[[str, str], float]:
    from rapidfuzz import fuzz  # late: megabytes that each process would hold

    return fuzz.ratio


def _numbers(words: list[str]) -> set[str]:
    return {word for word in words if any(map(str.isdecimal, word))}
