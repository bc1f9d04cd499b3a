"""Pages that staff look at all day, each beside a bare view that shows the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle
from typing import Any, cast
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.rows import Row, percentile
from benchmarks.scenery import Site
from crm.models import ContactPoint, Customer, Interaction
from crm.search import WORDS, parse
from metrics import periods
from metrics.choosing import SHOWN
from metrics.models import Grain
from metrics.reading import SPARKLINE
from staff.access import Role
from staff.models import Business, User

LISTS = (2, 3, 10)  # most allowed: p50, p95 as a multiple of the floor's; queries
WHOLE = (3, 4, 14)
AMONG = 10_000  # customers among whom the usual ones are looked for
WARM_UP = 20  # visits of a page that don't count


@dataclass(frozen=True)
class Page:
    """Addresses to visit in turn; the floor shows the same rows at the address in the same place."""

    name: str
    paths: Sequence[str]
    floors: Sequence[str]
    bars: tuple[float, float, int]


def owner_client(backend: str = "allauth.account.auth_backends.AuthenticationBackend") -> Client:
    """The owner, signed in."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.filter(role=Role.OWNER).order_by("pk")[0], backend)
    return client


def pages() -> list[Page]:
    return [*lists(), *customers(), *figures()]


def lists() -> Iterator[Page]:
    yield Page("customer list", ["/customers/"], ["/customers/"], LISTS)
    points = ContactPoint.objects.filter(retired_at=None).order_by("pk")
    email = points.filter(kind="email")[0].value
    phone = points.filter(kind="phone")[0].value
    for name, typed in [
        ("search: a name's beginning", "mar"),
        ("search: an e-mail's beginning", email.split("@")[0][:-1]),
        ("search: a phone number", f"{phone[-9:-6]} {phone[-6:-3]} {phone[-3:]}"),
    ]:
        asked, words = urlencode({"q": typed}), urlencode({"words": tsquery(typed)})
        yield Page(name, [f"/customers/?{asked}"], [f"/customers/?{words}"], LISTS)


def tsquery(typed: str) -> str:
    """What the search makes of what was typed; the floor gets it ready made."""
    _sql, params = WORDS.matching(parse(typed) or []).as_postgresql(cast(Any, None), connection)
    return str(params[0])


def customers() -> Iterator[Page]:
    """Ten customers with as many interactions as most have, one after the other."""
    known = Customer.objects.active().order_by("pk").values("pk")[:AMONG]
    counted = Interaction.objects.filter(customer__in=known).values("customer")
    usual = list(counted.annotate(n=Count("pk")).order_by("n", "customer"))
    middle = len(usual) // 2
    ids = [one["customer"] for one in usual[max(0, middle - 5) : middle + 5]]
    paths = [f"/customers/{pk}/" for pk in ids]
    timelines = [f"{path}timeline/" for path in paths]
    yield Page("timeline, page 1", timelines, timelines, LISTS)
    yield Page("customer page", paths, paths, WHOLE)


def figures() -> Iterator[Page]:
    business = Business.current()
    assert business is not None  # noqa: S101 (the demo made it)
    this = periods.containing(
        periods.local_day(timezone.now(), business.zone), Grain.MONTH, business.zone
    )

    def months(count: int) -> str:
        first = periods.plus_months(this.starts_on, 1 - count)
        return f"{Grain.MONTH.value}/{first}/{this.ends_on}/"

    yield Page("dashboard", ["/"], [f"/overview/{months(SPARKLINE)}"], WHOLE)
    charted = months(SHOWN[Grain.MONTH])
    yield Page("metric page", ["/metrics/nps/"], [f"/metrics/nps/{charted}"], WHOLE)


def measure(site: Site, floor: Site, visits: int) -> Iterator[Row]:
    client = owner_client()
    ours = visitor(site, client)
    bare = visitor(floor, owner_client("django.contrib.auth.backends.ModelBackend"))
    for page in pages():
        taken = [(ours(path), bare(at)) for path, at in rounds(page, WARM_UP + visits)][WARM_UP:]
        for label, share, bar in [("p50", 0.5, page.bars[0]), ("p95", 0.95, page.bars[1])]:
            figure = percentile([one for one, _other in taken], share) * 1000
            least = percentile([other for _one, other in taken], share) * 1000
            yield Row(f"{page.name}, {label}", figure, least, "ms", bar)
        yield Row(f"{page.name}, queries", queries(client, page), None, "queries", page.bars[2])


def rounds(page: Page, visits: int) -> Iterator[tuple[str, str]]:
    addresses = cycle(zip(page.paths, page.floors, strict=True))
    return (next(addresses) for _ in range(visits))


def visitor(site: Site, client: Client) -> Callable[[str], float]:
    """A browser that keeps its connection: visit(path) → seconds until the whole page was there."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    return lambda path: timed(connection, path, cookie)


def timed(connection: HTTPConnection, path: str, cookie: str) -> float:
    while True:
        began = time.perf_counter()
        try:
            connection.request("GET", path, headers={"Cookie": cookie, "Host": "localhost"})
            answer = connection.getresponse()
        except ConnectionError:  # it was idle for too long: once more on a new one
            connection.close()
            continue
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return time.perf_counter() - began


def queries(client: Client, page: Page) -> int:
    """The most that one visit needs, once all that is kept between visits is there."""
    client.get(page.paths[0])
    counts = []
    for path in page.paths:
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        counts.append(len(captured))
    return max(counts)
