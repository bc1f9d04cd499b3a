"""Fragments, pages by key in both directions, and counts that stop counting."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.utils import translation
from django_htmx.middleware import HtmxDetails
from pytest_django import DjangoAssertNumQueries

from staff.models import ChangeSet
from staff.pages import (
    MANY,
    Composed,
    Page,
    capped_count,
    capped_counts,
    paginate,
    render_page,
)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials"],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.locmem.Loader",
                            {
                                "list.html": "<html>{% partialdef rows inline %}<p>{{ name }}</p>"
                                "{% endpartialdef %}</html>"
                            },
                        )
                    ],
                )
            ],
        },
    }
]


def get(path: str = "/", **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request


# --- One context, page or fragment ---


@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        ({}, True),
        ({"HX-Request": "true"}, False),
        ({"HX-Request": "true", "HX-Boosted": "true"}, True),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, True),
    ],
)
@override_settings(TEMPLATES=TEMPLATES)
def test_htmx_gets_the_fragment_and_everyone_else_the_page(
    headers: dict[str, str], whole: bool
) -> None:
    response = render_page(get(**headers), "list.html", {"name": "Ada"}, fragment="rows")

    assert response.content.decode() == ("<html><p>Ada</p></html>" if whole else "<p>Ada</p>")
    assert "HX-Request" in response["Vary"]


# --- A page of a list ---


START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def change_sets(db: None) -> list[ChangeSet]:
    """Twelve, with labels that tie in threes and half of them taken back at some time."""
    return ChangeSet.objects.bulk_create(
        ChangeSet(
            kind="import",
            label=f"List {n % 4}",
            created_at=START + timedelta(microseconds=n // 2),
            reverted_at=None if n % 2 else START + timedelta(days=n % 3),
        )
        for n in range(12)
    )


def walk(queryset: QuerySet[ChangeSet], key: tuple[str, ...], size: int) -> list[Page[ChangeSet]]:
    """Every page, by following the links forwards."""
    pages = [paginate(queryset, get(), key=key, size=size)]
    while pages[-1].next_url:
        pages.append(paginate(queryset, get(f"/{pages[-1].next_url}"), key=key, size=size))
    return pages


@pytest.mark.parametrize(
    "key",
    [
        ("label", "pk"),
        ("-label", "pk"),
        ("reverted_at", "pk"),
        ("-reverted_at", "-pk"),
        ("created_at", "label", "-pk"),
        ("kind", "-reverted_at", "label", "pk"),
        ("by__name", "-reverted_at", "pk"),
        ("pk",),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 6, 12, 50])
def test_every_row_comes_once_in_order_and_back_again(
    change_sets: list[ChangeSet], key: tuple[str, ...], size: int
) -> None:
    queryset = ChangeSet.objects.select_related("by")
    order = [
        F(name.lstrip("-")).desc(nulls_last=True)
        if name.startswith("-")
        else F(name).asc(nulls_last=True)
        for name in key
    ]
    expected = list(queryset.order_by(*order))

    pages = walk(queryset, key, size)

    assert [row for page in pages for row in page] == expected
    assert not pages[0].previous_url
    for earlier, later in pairwise(pages):
        back = paginate(queryset, get(f"/{later.previous_url}"), key=key, size=size)
        assert list(back) == list(earlier)
        assert bool(back.previous_url) == bool(earlier.previous_url)
        assert back.next_url


def test_a_page_is_one_query_however_deep(
    change_sets: list[ChangeSet], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = paginate(ChangeSet.objects.all(), get(), key=("label", "pk"), size=5)
    with django_assert_num_queries(1) as asked:
        paginate(ChangeSet.objects.all(), get(f"/{first.next_url}"), key=("label", "pk"), size=5)

    assert "OFFSET" not in asked[0]["sql"]


def test_links_keep_the_rest_of_the_address(change_sets: list[ChangeSet]) -> None:
    page = paginate(ChangeSet.objects.all(), get("/?q=a+b&tag=x&tag=y"), key=("pk",), size=5)
    second = paginate(ChangeSet.objects.all(), get(f"/{page.next_url}"), key=("pk",), size=5)

    for url in (page.next_url, second.previous_url, second.next_url):
        query = get(f"/{url}").GET
        assert query["q"] == "a b"
        assert query.getlist("tag") == ["x", "y"]
    assert "after" not in get(f"/{second.previous_url}").GET


def test_a_row_deleted_behind_the_cursor_does_not_shift_the_page(
    change_sets: list[ChangeSet],
) -> None:
    first = paginate(ChangeSet.objects.all(), get(), key=("pk",), size=5)
    expected = [row.pk for row in change_sets[5:10]]
    change_sets[4].delete()

    second = paginate(ChangeSet.objects.all(), get(f"/{first.next_url}"), key=("pk",), size=5)

    assert [row.pk for row in second] == expected


@pytest.mark.parametrize("cursor", ["nonsense", "W10:abc", "1", "%00"])
def test_an_unreadable_cursor_is_the_first_page(change_sets: list[ChangeSet], cursor: str) -> None:
    page = paginate(ChangeSet.objects.all(), get(f"/?after={cursor}"), key=("pk",), size=5)

    assert list(page) == change_sets[:5]
    assert not page.previous_url


def test_a_cursor_of_another_order_is_the_first_page(change_sets: list[ChangeSet]) -> None:
    by_label = paginate(ChangeSet.objects.all(), get(), key=("label", "pk"), size=5)

    page = paginate(ChangeSet.objects.all(), get(f"/{by_label.next_url}"), key=("-pk",), size=5)

    assert list(page) == change_sets[::-1][:5]


# --- How many ---


def test_a_count_is_exact_up_to_its_cap(change_sets: list[ChangeSet]) -> None:
    count = capped_count(ChangeSet.objects.order_by("label"), cap=12)

    assert (int(count), str(count), count.is_capped) == (12, "12", False)


def test_a_count_beyond_its_cap_says_at_least(change_sets: list[ChangeSet]) -> None:
    assert str(capped_count(ChangeSet.objects.all(), cap=11)) == "11+"


def test_what_is_beyond_its_cap_is_not_asked_again_for_a_minute_and_what_is_not_is(
    change_sets: list[ChangeSet], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    MANY.forget()
    asked = {
        "all": Composed(ChangeSet.objects.all),
        "last": ChangeSet.objects.filter(pk__gt=change_sets[-3].pk),
    }

    def told() -> dict[str, str]:
        return {name: str(count) for name, count in capped_counts(asked, cap=11).items()}

    with django_assert_num_queries(1):
        assert told() == {"all": "11+", "last": "2"}
    ChangeSet.objects.exclude(pk=change_sets[-1].pk).delete()
    with django_assert_num_queries(1):
        assert told() == {"all": "11+", "last": "1"}
    MANY.forget()
    assert told() == {"all": "1", "last": "1"}


def test_a_count_is_written_in_the_readers_language() -> None:
    from staff.pages import Count

    with translation.override("pt-br"):
        assert str(Count(10_000, is_capped=True)) == "10.000+"
