"""Strangers' HTML and text on our pages: nothing runs, nothing is fetched, nothing is covered."""

import re
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.template import Context, Template
from playwright.sync_api import BrowserContext, Page, Request

from mail.showing import clean_html, framed, text_to_html
from mail.showing.cleaning import TAGS
from tests.mail.xss import VECTORS

ATTRIBUTES = frozenset(
    "align alt bgcolor border cellpadding cellspacing color colspan dir height href lang rel rowspan size "
    "span src start style target title type valign width".split()
)


class Reading(HTMLParser):
    """All tags and attributes of a page, by a parser that has no part in the cleaning."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment is left: {data}")

    def of(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def reading(html: str, **options: object) -> Reading:
    return Reading(clean_html(html, **options).html)  # type: ignore[arg-type]


# --- HTML ---------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [False, True], ids=["without images", "with images"])
@pytest.mark.parametrize("vector", VECTORS, ids=[str(number) for number in range(len(VECTORS))])
def test_only_what_is_on_the_list_remains(vector: str, images: bool) -> None:
    clean = clean_html(f"before {vector} after", images=images)
    found = Reading(clean.html)

    assert "before" in found.text
    for tag, attributes in found.tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        if "href" in attributes:
            assert urlsplit(attributes["href"]).scheme in {"http", "https", "mailto", "tel"}
            assert attributes["target"] == "_blank"
            assert attributes["rel"] == "noopener noreferrer nofollow"
        if "src" in attributes:
            assert images
            assert attributes["src"].startswith("https://px.evil.example/")
        style = attributes.get("style", "")
        assert not re.search(r"url|expression|position|@|\\|-\d|\d{4}", style)
    # Cleaning what was cleaned changes nothing: no second reader sees something else in it.
    if not images:
        assert clean_html(clean.html).html == clean.html


def test_an_ordinary_letter_stays_as_it_was_written() -> None:
    letter = (
        '<p style="color:#333;margin:0 0 10px">Olá <b>Ana</b>,</p><ul><li>um</li><li>dois</li></ul>'
        '<table border="1" width="100%"><tbody><tr><td colspan="2">R$&nbsp;10</td></tr></tbody></table>'
        '<blockquote>&gt; 1 &lt; 2 &amp; 3</blockquote><font color="red" size="2">x</font>'
    )
    assert clean_html(letter).html == letter


def test_careless_html_is_nested_properly() -> None:
    assert clean_html("<ul><li>um<li>dois</ul><p>a<p>b").html == (
        "<ul><li>um</li><li>dois</li></ul><p>a</p><p>b</p>"
    )
    assert clean_html("<table><tr><td>a<td>b<tr><td>c</table>d").html == (
        "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>d"
    )
    assert clean_html("<section><h1>x</h1></section><br/>").html == "<div><h1>x</h1></div><br>"


def test_links_open_elsewhere_and_give_nothing_away() -> None:
    clean = clean_html(
        '<a href="https://loja.example/a?b=1&amp;c=2" target=_self rel=opener id=x>loja</a>'
    )
    assert clean.html == (
        '<a href="https://loja.example/a?b=1&amp;c=2" target="_blank" '
        'rel="noopener noreferrer nofollow">loja</a>'
    )
    kept = reading('<a href="mailto:a@b.example">a</a><a href="tel:+5511999">b</a>').of("a")
    assert [link["href"] for link in kept] == ["mailto:a@b.example", "tel:+5511999"]
    # A name before the host is there to mislead.
    assert "href" not in reading('<a href="https://banco.example@x.evil.example/">x</a>').of("a")[0]


def test_remote_pictures_wait_until_they_are_asked_for() -> None:
    letter = '<img src="https://a.example/a.png" alt="Catalogue"><img src="http://a.example/b.png">'
    blocked, shown = clean_html(letter), clean_html(letter, images=True)

    assert (blocked.blocked_images, blocked.html) == (2, "Catalogue")
    assert shown.html == '<img src="https://a.example/a.png" alt="Catalogue">'
    assert shown.blocked_images == 1  # http would tell whoever listens


@pytest.mark.parametrize(
    "pixel",
    [
        '<img src="https://t.example/p" width="1" height="1">',
        '<img src="https://t.example/p" height="0">',
        '<img src="https://t.example/p" style="display: none">',
        '<img src="https://t.example/p" style="width:1px;height:1px">',
    ],
)
def test_tracking_pixels_stay_blocked_even_then(pixel: str) -> None:
    for images in (False, True):
        clean = clean_html(pixel, images=images)
        assert (clean.html, clean.blocked_images) == ("", 1)


def test_pictures_that_came_with_the_mail_are_shown_from_here() -> None:
    clean = clean_html(
        '<img src="cid:logo%40x"><img src="CID:&lt;b@y&gt;"><img src="cid:gone"><img src="data:image/png;base64,AA">',
        inline={"logo@x": "/files/1/", "b@y": "/files/2/?a=1&b=2"},
    )
    assert clean.html == '<img src="/files/1/" alt=""><img src="/files/2/?a=1&amp;b=2" alt="">'
    assert clean.blocked_images == 0


def test_styles_are_few_and_bounded() -> None:
    def style(value: str) -> str:
        return reading(f'<p style="{value}">x</p>').of("p")[0].get("style", "")

    assert style("COLOR: Red !important; font-weight:bold") == "color:red;font-weight:bold"
    assert (
        style("border: 1px solid rgb(1, 2, 3); width:300px")
        == "border:1px solid rgb(1, 2, 3);width:300px"
    )
    assert style("margin:0 auto; padding: 8px 4%") == "margin:0 auto;padding:8px 4%"
    for refused in (
        "margin:-1px",
        "margin-left:500px",
        "width:5000px",
        "font-size:1px",
        "font-size:400px",
        "border:900px solid red",
        "position:absolute",
        "display:none",
        "opacity:0",
        "float:left",
        "transform:scale(9)",
        "background:url(a)",
        "color:\\72 ed",
        "color:red/**/",
        "width:calc(1px * 9999)",
    ):
        assert style(refused) == "", refused


def test_tricks_with_characters_are_undone() -> None:
    clean = clean_html(
        "a\u202efdp\u2066.exe\x00\u200f&#8238;<b title='\u202eb'>\ud800</b>&#0;&#xD800;"
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", clean.html)
    clean.html.encode()
    assert clean_html("&#" + "9" * 10_000 + ";&#xFFFFFFFFF;").html


SPITE = 250_000
HOSTILE = {
    "nested bold": "<b>",
    "nested divisions": "<div>",
    "nested tables": "<table><tr><td>",
    "nested lists": "<ul><li>",
    "strays in tables": "<table><b>x</b>",
    "paragraphs in bold": "<b><p>",
    "ampersands": "&",
    "less than": "<",
    "comments": "<!--",
    "declarations": "<!",
    "attributes": '<p a="',
    "styles": "<style>",
    "drawings": "<svg>",
    "scripts in comments": "<script><!--",
    "numbers": "&#",
    "pictures": '<img src="//x/y">',
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_spite_takes_little_time_and_stays_small(piece: str) -> None:
    started = time.process_time()
    clean = clean_html(piece * (SPITE // len(piece)))

    assert time.process_time() - started < 6  # at most 0.7 on a quiet machine
    assert len(clean.html) <= 5 * SPITE
    depth = deepest = 0
    for close in re.findall(r"<(/?)(?!br|hr|img|col\b)", clean.html):
        depth += -1 if close else 1
        deepest = max(deepest, depth)
    assert deepest <= 200


def test_a_megabyte_of_an_ordinary_letter_takes_a_second_or_two() -> None:
    letter = (
        '<p style="color:#333">Olá &amp; <b>tudo</b> <a href="https://a.example/x">bem</a>?</p>\n'
    )
    started = time.process_time()
    clean_html(letter * (1_000_000 // len(letter)))
    assert time.process_time() - started < 15


def test_open_font_marks_are_not_multiplied_by_paragraphs() -> None:
    fonts = "".join(f"<font color=#{number:06x}>" for number in range(300))
    for spread in (
        "<p>{}</p>",
        "<ul><li><div>{}<li>",
        "<table>{}<td>",
        "<dl><dd>{}<dd>",
        "<a>{}</a>",
    ):
        html = spread.format(fonts) + "<p>x" * 3000 + "<li>x" * 3000
        assert len(clean_html(html).html) < 6 * len(html)


def test_what_is_cut_is_said() -> None:
    assert clean_html("<div>" * 500 + "deep").was_cut
    assert "deep" in clean_html("<div>" * 500 + "deep").html
    assert clean_html("x" * 1_000_001).was_cut
    assert not clean_html("<p>x</p>" * 1000).was_cut


# --- The frame ----------------------------------------------------------------------------


def test_the_frame_has_its_own_strict_policy() -> None:
    response = framed(clean_html("<p>Olá</p>"), language="pt-br")

    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy
    assert "allow-scripts" not in policy
    assert "sandbox" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert '<html lang="pt-br">' in response.content.decode()
    with_pictures = framed(clean_html("<p>Olá</p>", images=True), language="pt-br")
    assert "img-src 'self' https:;" in with_pictures["Content-Security-Policy"]


@pytest.mark.browser
def test_in_a_browser_nothing_runs_and_nothing_leaves(context: BrowserContext, page: Page) -> None:
    """All vectors in one document, with and without the policy's help."""
    safe = [clean_html(f"<p>before {vector} after</p>") for vector in VECTORS]
    response = framed(clean_html("<hr>".join(clean.html for clean in safe)))
    raw = response.content.decode()
    asked: list[str] = []
    happened: list[str] = []
    pages = {"framed": raw, "raw": "".join(VECTORS[:40]).encode(errors="replace").decode()}

    def serve(with_policy: bool) -> None:
        plain = {"Content-Type": "text/html; charset=utf-8"}
        headers = dict(response.headers) if with_policy else plain
        context.unroute_all()
        context.route(
            "**/*",
            lambda route: (
                route.fulfill(body=pages[name], headers=headers)
                if (name := route.request.url.removeprefix("http://127.0.0.1:1/")) in pages
                else route.abort()
            ),
        )

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: happened.append(popup.url))
    page.add_init_script("window.alert = () => { window.ran = true }")
    for with_policy in (True, False):
        serve(with_policy)
        page.goto("http://127.0.0.1:1/framed")
        page.mouse.move(200, 200)
        assert page.get_by_text("before").count() >= len(VECTORS) - 20
        if not with_policy:  # under the policy no script of ours would run either
            assert page.evaluate("window.ran") is None
            bodies = "document.querySelectorAll('script,style:not(head style),iframe,svg,form,[onclick]').length"
            assert page.evaluate(bodies) == 0
    assert set(asked) == {"http://127.0.0.1:1/framed"}
    assert happened == []
    # The detector detects: the same vectors as they came do run.
    page.goto("http://127.0.0.1:1/raw")
    assert page.evaluate("window.ran") is True


# --- Plain text ---------------------------------------------------------------------------


def links(text: str) -> list[str]:
    return [link["href"] for link in Reading(text_to_html(text)).of("a")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x(y)), or", ["https://a.example/x(y)"]),
        ('"http://a.example:8080/?q=1&r=2"!', ["http://a.example:8080/?q=1&r=2"]),
        ("<https://a.example/>", ["https://a.example/"]),
        ("mailto:ana@a.example?subject=x", ["mailto:ana@a.example"]),
        ("HTTPS://A.Example/Path", ["https://a.example/Path"]),
        ("[press](javascript:alert(1))", []),
        ("[press](https://a.example/)", ["https://a.example/"]),
        ("![x](data:text/html,<script>alert(1)</script>)", []),
        ("javascript:alert(1) data:text/html,x ftp://a.example file:///etc", []),
        ("https://banco.example@x.evil.example/", []),
        ("https://banco.example\\@x.evil.example/", []),
        ("http:// https://] http://[::1 https://a..example/", []),
        ("https://аррӏе.example/", ["https://xn--80ak6aa92e.example/"]),
        ("https://padaria-são-joão.example/", ["https://xn--padaria-so-joo-yhbe.example/"]),
        ("http://[::1]:8000/x", ["http://[::1]:8000/x"]),
        ("https://" + "a" * 3000 + ".example/", []),
    ],
)
def test_links_in_plain_text(text: str, found: list[str]) -> None:
    assert links(text) == found


@pytest.mark.parametrize("vector", VECTORS, ids=[str(number) for number in range(len(VECTORS))])
def test_html_in_plain_text_is_only_text(vector: str) -> None:
    found = Reading(text_to_html(vector))
    assert {tag for tag, _attributes in found.tags} <= {"a", "br", "blockquote"}
    for link in found.of("a"):
        assert link["href"].startswith(("http://", "https://", "mailto:"))


def test_lines_and_quotes_are_kept() -> None:
    assert text_to_html("um\r\ndois\n> três\n>> quatro\n> cinco\nseis <b>") == (
        "um<br>dois<blockquote>três<blockquote>quatro</blockquote>cinco</blockquote>seis &lt;b&gt;"
    )
    assert text_to_html("") == ""
    assert text_to_html("a\u202eb\x00c") == "abc"


def test_what_is_quoted_is_folded_and_never_deleted() -> None:
    folded = Template("{% load showing %}{% strangers_text text %}").render(
        Context({"text": "Obrigado <b>\n\nOn Mon, Ana wrote:\n> Tudo bem?\n> https://a.example/"})
    )
    fresh, _details, quoted = folded.partition("<details")
    assert "Obrigado &lt;b&gt;" in fresh
    assert "Show what was quoted" in quoted
    assert "Tudo bem?" in quoted
    assert 'href="https://a.example/"' in quoted


@pytest.mark.parametrize(
    "piece",
    [
        "https://a.example/(",
        "http://",
        "> ",
        ">",
        "mailto:a@b.example ",
        ")",
        "https://é.example/ ",
        "\n",
    ],
)
def test_much_text_takes_little_time(piece: str) -> None:
    started = time.process_time()
    text_to_html(piece * (100_000 // len(piece)))
    text_to_html("https://a.example/" + piece * (100_000 // len(piece)))
    assert time.process_time() - started < 5  # about a quarter of a second on a quiet machine
