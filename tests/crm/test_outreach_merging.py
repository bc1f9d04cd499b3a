"""Words with gaps: what stands in them, and that no value becomes anything but text."""

import pytest

from crm.outreach.merging import Letter, merge, unknown

HOSTILE = [
    '<script>alert("x")</script>',
    "</p><img src=x onerror=alert(1)>",
    "{{unsubscribe_url}}",
    "{name}",
    "\ue0010\ue002",
    "\ue001\ue0010\ue002\ue002",
    "http://evil.example/<b>",
    "\\1 \\g<0> & \" '",
]


def letter(text: str) -> Letter:
    return Letter(text, "#123456")


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("Hello {first_name|friend}", {"first_name": "Ada"}, "Hello Ada"),
        ("Hello {first_name|friend}", {"first_name": ""}, "Hello friend"),
        ("Hello {first_name|friend}", {}, "Hello friend"),
        ("Hello {first_name}", {}, "Hello "),
        ("{ first_name | friend }", {}, "friend"),
        ("{custom.shoe_size|?}", {"custom.shoe_size": "38"}, "38"),
        ("A { brace alone", {}, "A { brace alone"),
    ],
)
def test_gaps(text: str, values: dict[str, str], said: str) -> None:
    assert merge(text, values) == said


def test_what_is_no_field_is_named() -> None:
    text = "{nmae|x} {name} {custom.size} {custom.gone} {} {nmae}"
    assert unknown(text, ["size"]) == ["nmae", "custom.gone", ""]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("text", ["Hello {name}", "https://shop.example/?who={name}#x", "{name|y}"])
def test_values_are_text(text: str, value: str) -> None:
    found = letter(text).html({"name": value})
    assert found.count("<p") == 1
    assert "<script" not in found
    assert "<img" not in found
    assert found.count("<a ") == (1 if text.startswith("https") else 0)
    assert "onerror=alert" not in found or "&lt;img" in found or "%3Cimg" in found


def test_addresses_become_links_and_values_in_them_are_quoted() -> None:
    found = letter("See https://shop.example/a?b={name}.\nBye").html({"name": 'A&B "c"'})
    assert 'href="https://shop.example/a?b=A%26B%20%22c%22"' in found
    assert ">https://shop.example/a?b=A&amp;B &quot;c&quot;</a>.<br>Bye" in found


def test_a_referral_link_is_a_link_and_its_fall_back_is_not() -> None:
    text = letter("Tell others: {referral_link|ask us}")
    assert 'href="https://crm.example/r/abc/"' in text.html(
        {"referral_link": "https://crm.example/r/abc/"}
    )
    assert "<a " not in text.html({})


def test_paragraphs() -> None:
    found = letter("One\ntwo\n\n\n  Three <b>\n").html({})
    assert found.count("<p ") == 2
    assert "One<br>two</p>" in found
    assert "Three &lt;b&gt;</p>" in found
