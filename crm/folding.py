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


def fold(text: str) -> str:
    """Lower-case words of letters and digits with single spaces between: "Ça-Va & Søn" → "ca va son".

    A text of signs alone stays as it is (in lower case), so that two such texts still differ.
    """
    if text.isascii():
        letters = text.translate(_ASCII)
    else:
        plain = unicodedata.normalize("NFKD", text.translate(_PLAIN)).casefold().translate(_PLAIN)
        letters = "".join(
            character if character.isalnum() else " "
            for character in plain
            if not unicodedata.combining(character)
        )
    folded = " ".join(letters.split())
    return folded or " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The folded words of a text, in order; only letters and digits, so safe in any query syntax."""
    return [word for word in fold(text).split() if word.isalnum()]
