"""The few things that a stranger's `style` may say: none fetches, none leaves its place."""

import re

_COLOUR = r"(?:#[0-9a-f]{3,8}|[a-z]{3,24}|rgba?\(\s*[0-9.%]+(?:\s*,\s*[0-9.%]+){2,3}\s*\))"
_IMPORTANT = re.compile(r"\s*!\s*important$")
_LENGTH = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)(px|pt|em|rem|ex|%)?")
_PIXELS = {"px": 1.0, "": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0}

# The longest that each may be, in pixels.
_SPACE, _WIDTH, _LINE = 80, 1000, 12
_WORDS = {
    "background": _COLOUR,
    "background-color": _COLOUR,
    "border-collapse": "collapse|separate",
    "border-color": _COLOUR,
    "border-style": "none|solid|dashed|dotted|double",
    "color": _COLOUR,
    "font-style": "normal|italic|oblique",
    "font-weight": "normal|bold|bolder|lighter|[1-9]00",
    "text-align": "left|right|center|justify|start|end",
    "text-decoration": "none|underline|line-through",
    "vertical-align": "baseline|top|middle|bottom|sub|super",
}
_SIZES = {
    **dict.fromkeys(("margin", "padding"), _SPACE),
    **{
        f"{box}-{side}": _SPACE
        for box in ("margin", "padding")
        for side in "top right bottom left".split()
    },
    **dict.fromkeys(("width", "max-width"), _WIDTH),
    "border-width": _LINE,
    "font-size": 40,
}
_BORDERS = ("border", "border-top", "border-right", "border-bottom", "border-left")
_PATTERNS = {name: re.compile(pattern) for name, pattern in _WORDS.items()}
_BORDER_PART = re.compile(f"{_WORDS['border-style']}|{_COLOUR}")

PROPERTIES = frozenset({*_WORDS, *_SIZES, *_BORDERS})
# Longer ones are no letter's.
LONGEST = 2_000


def kept_style(style: str) -> str:
    """The declarations of `style` that do no harm, in their order; "" if there are none."""
    if len(style) > LONGEST or "\\" in style or "/*" in style:
        return ""  # an escape or a comment in a style is a disguise
    kept = []
    for declaration in style.lower().split(";"):
        name, _colon, value = declaration.partition(":")
        name, value = name.strip(), _IMPORTANT.sub("", value.strip())
        if value and is_harmless(name, value):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def is_harmless(name: str, value: str) -> bool:
    """Whether this property may have this value (in lower case)."""
    if pattern := _PATTERNS.get(name):
        return pattern.fullmatch(value) is not None
    if name in _SIZES:
        parts = value.split()
        return len(parts) <= 4 and all(_fits(part, _SIZES[name], name) for part in parts)
    if name in _BORDERS:
        parts = value.replace(", ", ",").split()
        return len(parts) <= 3 and all(
            _BORDER_PART.fullmatch(part) or _fits(part, _LINE, name) for part in parts
        )
    return False


def is_colour(value: str) -> bool:
    return re.fullmatch(_COLOUR, value.lower()) is not None


def _fits(value: str, most: int, name: str) -> bool:
    """A length without a sign and not above `most`; "auto" where one centres or leaves it open."""
    if value == "auto":
        return name.startswith(("margin", "width"))
    match = _LENGTH.fullmatch(value)
    if match is None:
        return False
    number, unit = float(match[1]), match[2] or ""
    if unit == "%":
        return number <= (100 if most == _WIDTH else 200 if name == "font-size" else 20)
    least = 8 if name == "font-size" else 0  # smaller is there to be overlooked
    return least <= number * _PIXELS[unit] <= most
