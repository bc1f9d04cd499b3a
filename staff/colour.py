"""The business's own colour, made readable: WCAG 2 contrast, on paper and on a dark screen."""

import colorsys

PAPER = "#ffffff"
NIGHT = "#1c1b19"  # --v-surface of the dark look in static/css/vinculo/theme.css
READABLE = 4.5  # WCAG 2.2 AA, text of ordinary size
BRIGHT = 6.5  # on a dark screen the bare minimum looks dim


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two `#rrggbb` colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (_linear(part) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable_on(background: str, colour: str, ratio: float = READABLE) -> str:
    """`colour`, or the nearest lightness of the same hue that text on `background` may have."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    step = -0.01 if luminance(background) > luminance(NIGHT) else 0.01
    while contrast(background, colour) < ratio and 0 <= lightness <= 1:
        lightness += step
        colour = _hex(colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation))
    return colour


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _linear(part: float) -> float:
    # The sRGB transfer function, IEC 61966-2-1.
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
