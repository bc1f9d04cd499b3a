"""Characters that change what is read without being seen."""

import re
import unicodedata

# What turns the direction of the text that follows ("fdp.exe" read as "exe.pdf"), marks of
# languages that hide text, controls that are no white space, and what no text may contain.
_TRICKS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u206a-\u206f"
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def without_tricks(text: str) -> str:
    """The text without direction overrides, controls and invisible tags; it can always be encoded."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _TRICKS.sub("", text))


def one_line(text: str) -> str:
    """Tricks gone, composed, and every run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", without_tricks(text)).split())
