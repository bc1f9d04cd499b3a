"""A figure over time as a small PNG, for mails: they show no scripts and rarely SVG.

Written by hand on zlib: a line, the target as a dashed one, the last point, on nothing (so that it
fits light and dark letters), about 2 kB. A drawing library would weigh a hundred times as much as this
module, in every process, for one line a week. Numbers stand beside the image as text, never in it.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise

Values = Sequence[float | None]
Colour = tuple[int, int, int]

# Told apart on white and on black alike (4:1 and more on each), by the colour-blind too.
LINE: Colour = (0x2F, 0x80, 0xC2)
AIM: Colour = (0xB0, 0x72, 0x20)
SHADES = 64  # of each colour, by how much of a pixel it covers
LINE_WIDTH, AIM_WIDTH, DOT = 3.2, 2.0, 7.0
DASH = 12  # pixels drawn, and as many left out
MARGIN = 10


def png(
    values: Values, *, target: float | None = None, width: int = 1040, height: int = 200
) -> bytes:
    """The values in order, evenly spaced; None is a gap, the last one a dot.

    The scale spans what is drawn, target included: low and high are to be said beside it (`ends`).
    """
    canvas = _Canvas(width, height)
    low, high = ends(values, target)
    span = (high - low) or 1.0
    step = (width - 2 * MARGIN) / max(1, len(values) - 1)

    def place(at: int, value: float) -> tuple[float, float]:
        return MARGIN + at * step, height - MARGIN - (value - low) / span * (height - 2 * MARGIN)

    if target is not None:
        _left, y = place(0, target)
        for x in range(MARGIN, width - MARGIN, 2 * DASH):
            canvas.line((x, y), (min(x + DASH, width - MARGIN), y), AIM_WIDTH, aim=True)
    places = [None if value is None else place(at, value) for at, value in enumerate(values)]
    for one, other in pairwise(places):
        if one is not None and other is not None:
            canvas.line(one, other, LINE_WIDTH)
    for at, here in enumerate(places):
        # A value between two gaps is a dot: a line needs two.
        alone = not any(places[max(0, at - 1) : at] + places[at + 1 : at + 2])
        if here is not None and (alone or at == len(places) - 1):
            canvas.dot(here, DOT)
    return canvas.png()


def ends(values: Values, target: float | None = None) -> tuple[float, float]:
    """The lowest and the highest that is drawn; (0, 0) of nothing."""
    drawn = [value for value in [*values, target] if value is not None]
    return (min(drawn), max(drawn)) if drawn else (0.0, 0.0)


class _Canvas:
    """Pixels that know how much of them is covered, by the line or by the target; nothing else."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels = bytearray(width * height)

    def line(
        self,
        one: tuple[float, float],
        other: tuple[float, float],
        thick: float,
        *,
        aim: bool = False,
    ) -> None:
        (x1, y1), (x2, y2) = one, other
        reach = thick / 2 + 1
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        for x in range(int(min(x1, x2) - reach), math.ceil(max(x1, x2) + reach) + 1):
            # Of a column only what can be near the line.
            share = min(1.0, max(0.0, (x - x1) / (x2 - x1))) if x2 != x1 else 0.0
            middle = y1 + share * (y2 - y1)
            slope = abs(y2 - y1) if x2 == x1 else reach * length / max(abs(x2 - x1), 1e-9)
            for y in range(int(middle - slope - reach), math.ceil(middle + slope + reach) + 1):
                self._cover(x, y, thick / 2 + 0.5 - _distance(x, y, one, other), aim=aim)

    def dot(self, centre: tuple[float, float], radius: float) -> None:
        for x in range(int(centre[0] - radius - 1), math.ceil(centre[0] + radius) + 2):
            for y in range(int(centre[1] - radius - 1), math.ceil(centre[1] + radius) + 2):
                away = math.hypot(x - centre[0], y - centre[1])
                self._cover(x, y, radius + 0.5 - away)

    def _cover(self, x: int, y: int, share: float, *, aim: bool = False) -> None:
        if share <= 0 or not (0 <= x < self.width and 0 <= y < self.height):
            return
        shade = max(1, min(SHADES - 1, round(share * (SHADES - 1)))) + (SHADES if aim else 0)
        at = y * self.width + x
        # The line is drawn over the target; where it meets itself, the fuller stroke shows.
        if self.pixels[at] >= SHADES or shade > self.pixels[at]:
            self.pixels[at] = shade

    def png(self) -> bytes:
        """By the specification (W3C, PNG third edition): indexed colours with transparency."""
        palette = bytes(LINE) * SHADES + bytes(AIM) * SHADES
        alpha = bytes(round(255 * shade / (SHADES - 1)) for shade in range(SHADES)) * 2
        rows = b"".join(
            b"\0" + self.pixels[start : start + self.width]
            for start in range(0, len(self.pixels), self.width)
        )
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        chunks = [
            (b"IHDR", head),
            (b"PLTE", palette),
            (b"tRNS", alpha),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        ]
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def _distance(x: float, y: float, one: tuple[float, float], other: tuple[float, float]) -> float:
    """From a point to a stretch of line."""
    (x1, y1), (x2, y2) = one, other
    squared = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / squared if squared else 0.0
    share = min(1.0, max(0.0, share))
    return math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1))
