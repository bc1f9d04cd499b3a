"""Role × URL × method, from the URLconf: a new address is closed until somebody decides.

Each address is asked for with GET and POST by a stranger and by every role, through the whole
middleware. What the view itself says to one who may (200, 302, 404, 422 …) is its own tests'
business; here it only must not be a refusal, nor an error of the server.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter
from django.urls.resolvers import RoutePattern

from staff.access import LIBRARY_RULES, Access, Role, rule_for
from staff.models import Business, User
from tests.conftest import person, signed_in

# An address with a part that isn't listed in BY_CONVERTER needs a sample here, by URL name.
SAMPLES: dict[str, dict[str, str]] = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "unknown-key"},
}
BY_CONVERTER = {IntConverter: "1", StringConverter: "sample", SlugConverter: "sample"}
UUID = "00000000-0000-0000-0000-000000000001"

METHODS = ["GET", "POST"]
ROLES: list[Role | None] = [None, *Role]


@dataclass(frozen=True)
class Address:
    name: str
    route: str
    path: str | None  # None: no sample for one of its parts
    view: Callable[..., Any]


def addresses() -> Iterator[Address]:
    """Every address of the site, the libraries' too."""
    yield from _walk(get_resolver().url_patterns, "", "", {})


def _walk(
    patterns: list[URLPattern | URLResolver], namespace: str, route: str, converters: dict[str, Any]
) -> Iterator[Address]:
    for entry in patterns:
        here = route + str(entry.pattern)
        known = converters | getattr(entry.pattern, "converters", {})
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, inner, here, known)
            continue
        name = f"{namespace}{entry.name or here}"
        yield Address(name, here, _path(name, entry, here, known), entry.callback)


def _path(name: str, entry: URLPattern, route: str, converters: dict[str, Any]) -> str | None:
    kwargs = SAMPLES.get(name) or {
        part: UUID if isinstance(converter, UUIDConverter) else BY_CONVERTER.get(type(converter))
        for part, converter in converters.items()
    }
    plain = isinstance(entry.pattern, RoutePattern) or name in SAMPLES
    if None in kwargs.values() or not (plain or not entry.pattern.regex.groups):
        return None
    try:
        return reverse(name, kwargs=kwargs) if entry.name else f"/{route}"
    except NoReverseMatch:
        return None


ADDRESSES = list(addresses())


@pytest.mark.parametrize(
    "address", ADDRESSES, ids=lambda address: f"{address.name} {address.route}"
)
def test_every_address_has_a_rule_and_a_sample(address: Address):
    assert rule_for(address.view, address.name), (
        f"{address.name} ({address.route}) has no rule, so nobody can open it. Put "
        "@access(read=Role.…, write=Role.…) or @access(public=True) from staff.access above the "
        "view; a library's view goes into staff.access.LIBRARY_RULES."
    )
    assert address.path, (
        f"{address.name} ({address.route}) has a part that this test can't fill in. "
        f"Add a sample to SAMPLES in {__name__}: SAMPLES[{address.name!r}] = {{…}}."
    )


def test_no_rule_is_left_for_a_page_that_is_gone():
    names = [address.name for address in ADDRESSES]
    assert [rule for rule in LIBRARY_RULES if not any(n.startswith(rule) for n in names)] == []


@pytest.fixture
def clients(business: Business) -> Callable[[Role | None], Client]:
    """A fresh browser of a stranger, or of somebody with the role."""
    people: dict[Role, User] = {
        role: person(role, f"{role.name.lower()}@padaria-aurora.example", role.name)
        for role in Role
    }
    # Somebody else to act upon, so that number 1 is nobody's last owner.
    person(Role.OWNER, "other@padaria-aurora.example", "Other")

    def client(role: Role | None) -> Client:
        made = signed_in(people[role]) if role else Client()
        made.raise_request_exception = False
        return made

    return client


def allowed(rule: Access, role: Role | None, method: str) -> bool:
    """The rule in this test's own words."""
    if rule.public:
        return True
    least = rule.read if method == "GET" else rule.write
    return role is not None and least is not None and role.value >= least.value


def is_refusal(response: HttpResponse, role: Role | None) -> bool:
    if role is None:
        return response.status_code == 302 and response["Location"].startswith(
            "/accounts/login/?next="
        )
    return response.status_code == 403


@pytest.mark.parametrize(
    "address",
    [a for a in ADDRESSES if a.path],
    ids=lambda address: f"{address.name} {address.route}",
)
def test_each_role_gets_what_the_rule_says(
    address: Address, clients: Callable[[Role | None], Client]
):
    rule = rule_for(address.view, address.name)
    assert rule, "see test_every_address_has_a_rule_and_a_sample"
    for role in ROLES:
        cache.clear()  # rate limits count all these requests as one person's
        client = clients(role)
        for method in METHODS:
            response = client.generic(method, address.path)
            who = role.name if role else "a stranger"
            told = f"{method} {address.path} by {who}: {response.status_code}"
            assert response.status_code < 500, f"{told}: an error of the server"
            if allowed(rule, role, method):
                assert not is_refusal(response, role), f"{told}, but the rule says yes: {rule}"
            else:
                assert is_refusal(response, role), f"{told}, but the rule says no: {rule}"


@pytest.mark.parametrize("role", Role)
def test_somebody_switched_off_is_a_stranger(role: Role, clients: Callable[[Role | None], Client]):
    client = clients(role)
    User.objects.filter(role=role).update(is_active=False)
    assert client.get("/settings/profile/").status_code == 302


def test_a_view_without_a_rule_is_closed_even_to_an_owner(
    clients: Callable[[Role | None], Client], settings: Any
):
    settings.ROOT_URLCONF = __name__
    assert clients(Role.OWNER).get("/open-by-mistake/").status_code == 403
    assert clients(None).get("/open-by-mistake/").status_code == 403


def forgotten(request: object) -> HttpResponse:
    raise AssertionError("It was called.")


urlpatterns = [
    *get_resolver().url_patterns,
    URLPattern(RoutePattern("open-by-mistake/", is_endpoint=True), forgotten),
]
