"""What the reader sees: numbers, money, times and marks, in each language."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.test import Client
from django.utils import timezone, translation

from staff import colour, formats, navigation
from staff.templatetags import vinculo

LANGUAGES = ("en", "es", "pt-br")
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


def plain(text: str) -> str:
    """Without the locale's no-break spaces, for reading."""
    return re.sub(r"[\u00a0\u202f]", " ", text)


# --- Numbers ---


def test_money_is_written_as_the_reader_writes_it(language: str) -> None:
    expected = {
        "en": ("R$47,000.00", "€47,000.00"),
        "es": ("47.000,00 BRL", "47.000,00 €"),
        "pt-br": ("R$ 47.000,00", "€ 47.000,00"),
    }[language]

    shown = tuple(plain(vinculo.money(Decimal(47000), code)) for code in ("BRL", "EUR"))

    assert shown == expected


def test_money_without_cents_rounds(language: str) -> None:
    expected = {"en": "€12,346", "es": "12.346 €", "pt-br": "€ 12.346"}

    assert plain(vinculo.money_short(Decimal("12345.6"), "EUR")) == expected[language]


def test_numbers_and_shares(language: str) -> None:
    expected = {
        "en": ("12,345.6", "12.3%", "+3.1", "-0.4"),
        "es": ("12.345,6", "12,3 %", "+3,1", "-0,4"),
        "pt-br": ("12.345,6", "12,3%", "+3,1", "-0,4"),
    }[language]

    shown = (
        vinculo.number(12345.6),
        vinculo.percent(0.1234),
        vinculo.signed(3.1),
        vinculo.signed(-0.4),
    )

    assert tuple(map(plain, shown)) == expected


def test_digits_are_exact_when_asked_for() -> None:
    assert vinculo.number(2, 1) == "2.0"
    assert vinculo.number(2.55, 0) == "3"
    assert vinculo.percent(0.5, 0) == "50%"
    assert vinculo.signed(0.04, 1) == "0.0"


def test_the_unknown_is_a_dash() -> None:
    filters = (
        vinculo.number,
        vinculo.percent,
        vinculo.signed,
        vinculo.date_long,
        vinculo.moment,
        vinculo.clock,
        vinculo.ago,
    )
    assert {show(None) for show in filters} == {"—"}
    assert vinculo.money(None, "EUR") == vinculo.money_short(None, "EUR") == "—"
    assert vinculo.score_mark("nps", None) == "—"


# --- Times ---


def test_a_date_is_the_businesss_own_day(language: str) -> None:
    expected = {
        "en": "November 20, 2026",
        "es": "20 de noviembre de 2026",
        "pt-br": "20 de novembro de 2026",
    }
    with timezone.override("America/Sao_Paulo"):
        assert vinculo.date_long(datetime(2026, 11, 21, 1, 0, tzinfo=UTC)) == expected[language]
        assert vinculo.clock(datetime(2026, 11, 21, 1, 5, tzinfo=UTC)) == "22:05"


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(hours=-2), "2 hours ago"),
        (timedelta(minutes=20, seconds=5), "in 20 minutes"),
        (timedelta(days=-9), "9 days ago"),
    ],
)
def test_how_long_ago_with_the_exact_moment(off: timedelta, words: str) -> None:
    value = timezone.now() + off

    shown = str(vinculo.ago(value))

    assert f">{words}<" in shown
    assert f'datetime="{value.isoformat()}"' in shown
    assert f'title="{vinculo.moment(value)}"' in shown
    assert f"({vinculo.moment(value)})" in shown


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (-1, "yesterday"), (1, "tomorrow"), (3, "in 3 days"), (-400, "13 months ago")],
)
def test_days_off(days: int, words: str) -> None:
    assert f">{words}<" in str(vinculo.ago(timezone.localdate() + timedelta(days=days)))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "20 seconds"),
        (119, "119 seconds"),
        (130, "2 minutes"),
        (3600, "60 minutes"),
        (7300, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_a_length_of_time_is_said_in_one_unit(seconds: int, words: str) -> None:
    assert formats.span(seconds) == words


def test_words_that_stand_for_a_moment_are_only_text() -> None:
    shown = formats.time_tag(timezone.now(), "<b>soon</b>")
    assert ">&lt;b&gt;soon&lt;/b&gt;<" in shown


def test_a_plain_date_is_not_shifted_by_the_zone() -> None:
    with timezone.override("Pacific/Auckland"):
        assert vinculo.date_long(date(2026, 3, 1)) == "March 1, 2026"


# --- Marks ---


@pytest.mark.parametrize(
    ("kind", "score", "group"),
    [
        ("nps", 0, "low"),
        ("nps", 6, "low"),
        ("nps", 7, "middle"),
        ("nps", 8, "middle"),
        ("nps", 9, "high"),
        ("csat", 2, "low"),
        ("csat", 3, "middle"),
        ("csat", 4, "high"),
        ("ces", 3, "low"),
        ("ces", 4, "middle"),
        ("ces", 5, "high"),
    ],
)
def test_a_score_has_the_mark_of_its_group(kind: str, score: int, group: str) -> None:
    shown = str(vinculo.score_mark(kind, score))

    assert f"score-{group}" in shown
    assert f"#{vinculo.SCORE_ICONS[group]}" in shown
    assert vinculo.score_group(kind, score)[1] in shown


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("Ana", "A"),
        ("João da Silva Prado", "JP"),
        ("", "?"),
        ("“7” (Bar)", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert vinculo.initials(name) == letters


def test_a_sparkline_breaks_at_gaps_and_marks_its_end() -> None:
    shown = str(vinculo.sparkline([1, 2, None, 4], 3, "NPS", running=True))

    assert shown.count("M") == 2
    assert "<line" in shown
    assert '<circle cx="93.0" cy="3.0" r="2" class="running"/>' in shown
    assert 'role="img" aria-label="NPS"' in shown


@pytest.mark.parametrize("values", [[], [None, None], [3]])
def test_too_few_values_make_no_line(values: list[float | None]) -> None:
    assert vinculo.sparkline(values) == ""


def test_a_flat_line_lies_in_the_middle() -> None:
    assert "M3.0 14.0L93.0 14.0" in str(vinculo.sparkline([5, 5]))


def test_a_distribution_fills_its_bar() -> None:
    shown = str(vinculo.distribution([("low", 1), ("middle", 0), ("high", 3)]))

    assert re.findall(r"distribution-(\w+)\" style=\"width:([\d.]+)%", shown) == [
        ("low", "25.00"),
        ("high", "75.00"),
    ]
    assert vinculo.distribution([("low", 0)]) == ""


@pytest.mark.parametrize(
    ("part", "whole", "width"), [(1, 4, "25.00"), (9, 4, "100.00"), (0, 4, "0"), (1, 0, "0")]
)
def test_a_share_is_a_width(part: int, whole: int, width: str) -> None:
    assert vinculo.share(part, whole) == width


# --- Colour ---


@pytest.mark.parametrize("own", ["#0f6b62", "#ffee00", "#000000", "#ffffff", "#ff0000", "#8080ff"])
def test_every_colour_can_be_read_on_paper_and_at_night(own: str) -> None:
    assert colour.contrast(colour.PAPER, colour.readable_on(colour.PAPER, own)) >= 4.5
    assert colour.contrast(colour.NIGHT, colour.readable_on(colour.NIGHT, own, 6.5)) >= 6.5


def test_a_readable_colour_stays_as_it_is() -> None:
    assert colour.readable_on(colour.PAPER, "#0f6b62") == "#0f6b62"


# --- The frame ---


def test_an_undo_is_found_among_the_tags() -> None:
    message = Message(25, "Tagged", extra_tags="quiet undo:/undo/7/")

    assert vinculo.undo_url(message) == "/undo/7/"
    assert vinculo.undo_url(Message(25, "Tagged", extra_tags="undo:https://evil.example/")) == ""
    assert vinculo.undo_url(Message(25, "Tagged")) == ""


def test_a_page_that_does_not_exist_is_left_out() -> None:
    assert navigation.page("nowhere:at-all") is None


def test_the_local_chart_library_is_what_the_cdn_must_serve() -> None:
    ours = (settings.BASE_DIR / "static/vendor/chart.js/chart.umd.min.js").read_bytes()
    # The published file ends in a pointer to its source map, which we don't keep.
    published = ours + b"//# sourceMappingURL=chart.umd.min.js.map\n"
    digest = base64.b64encode(hashlib.sha384(published).digest()).decode()

    assert f"sha384-{digest}" == vinculo.CHART_INTEGRITY
    version = settings.CHART_LIBRARY.partition("@")[2].partition("/")[0]
    assert f"Chart.js v{version}".encode() in ours[:100]


def test_templates_use_only_icons_that_are_in_the_sprite() -> None:
    sprite = (settings.BASE_DIR / "static/vendor/tabler-icons/sprite.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = {
        name
        for template in TEMPLATES
        for name in re.findall(r'(?:{% icon |icon_name=)"([^"]+)"', template.read_text())
    }
    used |= {entry.icon for group in navigation.GROUPS for entry in group.entries}
    used |= {*vinculo.SCORE_ICONS.values(), *(entry.icon for entry in navigation.PHONE_BAR)}

    assert used <= drawn


@pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR))
)
def test_templates_keep_to_the_content_security_policy(template: Path) -> None:
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.DOTALL)

    assert not re.search(r"<[^>]+\son[a-z]+=", text), "an inline event handler"
    assert not re.search(r"hx-on[:-]|hx-vals=.js:|hx-vals=.javascript:", text), "htmx needs eval"
    assert "data-bs-" not in text, "no Bootstrap script is loaded"
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/json" in attributes, "an inline script"
    assert "http://" not in text.replace("http://www.w3.org", ""), "somebody else's server"


@pytest.mark.parametrize("path", ["/nowhere/"])
def test_an_error_page_stands_in_the_frame(agent_client: Client, path: str) -> None:
    response = agent_client.get(path)

    assert response.status_code == 404
    assert b'<main id="main"' in response.content
    assert b"Padaria Aurora" in response.content
