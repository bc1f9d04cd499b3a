"""Pieces of HTML in any order: whatever they make together, only what is on the list remains."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mail.showing import clean_html, text_to_html
from mail.showing.cleaning import LINK_SCHEMES, TAGS
from tests.mail.test_showing import ATTRIBUTES, Reading
from tests.mail.xss import VECTORS

NAMES = (
    "a b i u p div span table tr td th tbody thead tfoot caption col colgroup ul ol li dl dd dt font img br hr "
    "h1 pre blockquote center script style svg math template title textarea noscript select option form iframe"
).split()
ATTRIBUTE_PIECES = [
    ' href="javascript:alert(1)"',
    " src=cid:a",
    " onclick=alert(1)",
    ' title="><script>',
    " style='color:red;position:fixed'",
    ' class="',
    " width",
]
PIECES = [
    *VECTORS,
    *(f"<{name}>" for name in NAMES),
    *(f"</{name}>" for name in NAMES),
    *(f"<{name}{more}>" for name in ("a", "p", "td", "img", "font") for more in ATTRIBUTE_PIECES),
    *[
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<",
        ">",
        '"',
        "'",
        "=",
        "&",
        "&#60;",
        "&#x202e;",
        "\0",
        " ",
        "\n",
    ],
    *["\ud800", "\ue000", "\ue001", "text", "<p", "</", "/>"],
]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=50))
def test_whatever_is_put_together(pieces: list[str]) -> None:
    html = "".join(pieces)
    clean = clean_html(html, inline={"a": "/files/1/"}).html
    clean.encode()
    for tag, attributes in Reading(clean).tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        assert attributes.get("href", "https:").split(":")[0].lower() in LINK_SCHEMES
        assert attributes.get("src", "/files/1/") == "/files/1/"
        assert "position" not in attributes.get("style", "")

    found = Reading(text_to_html(html))
    assert {tag for tag, _attributes in found.tags} <= {"a", "br", "blockquote"}
