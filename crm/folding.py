"""Text made comparable: case, accents, ligatures, spaces and punctuation make no difference."""

import unicodedata

# Letters that Unicode does not decompose, as people type them on a keyboard without them.
_PLAIN = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        # O'Neill is found as oneill; a hyphen separates, an apostrophe joins.
        "'": None,
        "’": None,
        "‘": None,
        "ʼ": None,
        "´": None,
        "`": None,
    }
)
# The same for what has no accents to begin with: most of what is folded, at a fraction of the time.
_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)} | {
    ord("'"): None,
    ord("`"): None,
}


class _Letters(dict[int, str | None]):
    """What each character becomes, found out when it is first met: `translate` does the rest."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code).translate(_PLAIN)).casefold()
        self[code] = letters = "".join(
            character if character.isalnum() else " "
            for character in plain.translate(_PLAIN)
            if not unicodedata.combining(character)
        )
        return letters


_LETTERS = _Letters()


def fold(text: str) -> str:
    """Lower-case words of letters and digits with single spaces between: "Ça-Va & Søn" → "ca va son".

    A text of signs alone stays as it is (in lower case), so that two such texts still differ.
    """
    return " ".join(words(text)) or " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The folded words of a text, in order; only letters and digits, so safe in any query syntax."""
    return text.translate(_ASCII if text.isascii() else _LETTERS).split()
