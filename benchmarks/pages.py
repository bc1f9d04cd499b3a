"""Pages that staff look at all day, each beside a bare view that shows the same rows."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from http.client import HTTPConnection
from itertools import cycle
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.core.signing import Signer
from django.db import connection, transaction
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.plans import whole_reads
from benchmarks.rows import Row, percentile
from benchmarks.scenery import Site
from crm.models import ContactPoint, Customer, Interaction, Segment, Tag
from crm.search import MANY as CUSTOMERS_IN_ORDER
from crm.search import WORDS, parse
from metrics import periods
from metrics.choosing import SHOWN
from metrics.models import Grain
from metrics.reading import SPARKLINE
from staff.access import Role
from staff.bulk import insert
from staff.models import Business, User

LISTS = (2, 3, 10)  # most allowed: p50, p95 as a multiple of the floor's; queries
WHOLE = (3, 4, 14)
GROWTH = 1.3  # most that a page may take longer at large than at small
AMONG = 10_000  # customers among whom the usual ones are looked for
WARM_UP = 20  # visits of a page that don't count
MUCH = 3_100  # interactions of one customer: a hundred pages and some
# With fewer customers, to read all of them is the quickest way.
MANY = 100_000
TIMELINE = ("-occurred_at", "-pk")


@dataclass(frozen=True)
class Page:
    """Addresses to visit in turn; the floor shows the same rows at the address in the same place.

    `by_index`: among very many customers, no query of it may read a large table whole. `grows`: it
    shows as many rows at every scale, and so may be told beside itself.
    """

    name: str
    paths: Sequence[str]
    floors: Sequence[str]
    bars: tuple[float, float, int]
    by_index: bool = True
    grows: bool = True


def owner_client(backend: str = "staff.backends.Backend") -> Client:
    """The owner, signed in."""
    client = Client(headers={"host": "localhost"})
    client.force_login(owner(), backend)
    return client


def owner() -> User:
    return User.objects.filter(role=Role.OWNER).order_by("pk")[0]


def pages(client: Client) -> list[Page]:
    return [*lists(client), *customers(), *much(client), *days(), *figures()]


# --- Lists of customers ---------------------------------------------------------------------


def lists(client: Client) -> Iterator[Page]:
    here = "/customers/"
    yield Page("customer list", [here], [here], LISTS)
    path, (name, pk) = hundredth(client, here, ("name_folded", "pk"))
    yield Page(
        "customer list, page 100", [path], [f"{here}?{urlencode({'at': name, 'pk': pk})}"], LISTS
    )
    for name, typed in searches():
        yield Page(
            name, [f"{here}?{urlencode({'q': typed})}"], [f"{here}?{words_of(typed)}"], LISTS
        )
    segment, tag = usual_segment()
    yield Page(
        "segment of three filters",
        [f"{here}?segment={segment.pk}&{segment.query}"],
        [f"{here}?{urlencode({'stage': 'customer', 'source': 'web', 'tag': tag.pk})}"],
        LISTS,
    )
    typed = "mar"
    yield Page(
        "finder",
        [f"/search/?{urlencode({'q': typed})}"],
        [f"/search/?{words_of(typed)}&{urlencode({'typed': typed})}"],
        LISTS,
    )


def searches() -> Iterator[tuple[str, str]]:
    """What is typed, by what it is; of an address or a number so much that one customer has it."""
    yield "search: a name's beginning", "mar"
    latest = ContactPoint.objects.filter(retired_at=None).order_by("-pk")
    email = latest.filter(kind="email")[0].value
    phone = latest.filter(kind="phone")[0].value
    yield "search: an e-mail's beginning", email.rpartition(".")[0]
    yield "search: an e-mail's domain", "@" + email.partition("@")[2][:4]
    yield "search: a phone number", f"{phone[-9:-6]} {phone[-6:-3]} {phone[-3:]}"


def words_of(typed: str) -> str:
    """What the search makes of what was typed, and whether many have it: the floor gets it ready made."""
    terms = parse(typed) or []
    many = {"many": "1"} if WORDS.find(terms, CUSTOMERS_IN_ORDER)[1] else {}
    return urlencode({"words": WORDS.matching(terms).tsquery, **many})


def usual_segment() -> tuple[Segment, Tag]:
    """Customers who came by the web, with the tag that most have."""
    tag = Tag.objects.annotate(n=Count("customers")).order_by("-n", "pk")[0]
    query = urlencode({"stage": "customer", "tag": tag.folded, "source": "web"})
    segment, _made = Segment.objects.get_or_create(
        name="Bench", owner=owner(), defaults={"query": query}
    )
    return segment, tag


NEXT = re.compile(r'rel="next" href="([^"]+)"')


def hundredth(client: Client, path: str, key: Sequence[str]) -> tuple[str, list[Any]]:
    """The address of a list's hundredth page, or of the last one that is full, and the key of the row
    that it begins after."""
    here, _question, _asked = path.partition("?")
    full = path
    for _ in range(99):
        further = NEXT.search(client.get(path).content.decode())
        if further is None:
            path = full
            break
        full, path = path, here + "?" + unescape(further[1]).partition("?")[2]
    asked = parse_qs(path.partition("?")[2])
    if "after" not in asked:
        return path, []
    signer = Signer(salt=f"staff.pages:{','.join(key)}")
    packed = signer.unsign_object(asked["after"][0])
    return path, [part[1] if isinstance(part, list) else part for part in packed]


# --- One customer ---------------------------------------------------------------------------


def customers() -> Iterator[Page]:
    """Ten customers with as many interactions as most have, one after the other."""
    known = Customer.objects.active().order_by("pk").values("pk")[:AMONG]
    counted = Interaction.objects.filter(customer__in=known).values("customer")
    usual = list(counted.annotate(n=Count("pk")).order_by("n", "customer"))
    middle = len(usual) // 2
    ids = [one["customer"] for one in usual[max(0, middle - 5) : middle + 5]]
    paths = [f"/customers/{pk}/" for pk in ids]
    timelines = [f"{path}timeline/" for path in paths]
    yield Page("timeline", timelines, timelines, LISTS)
    yield Page("customer page", paths, paths, WHOLE)


def much(client: Client) -> Iterator[Page]:
    """A customer with whom very much has passed."""
    path = f"/customers/{one_of_whom_much_is_known().pk}/timeline/"
    yield Page(f"timeline of {MUCH:,}, page 1", [path], [path], LISTS)
    far, (at, pk) = hundredth(client, path, TIMELINE)
    place = urlencode({"at": at, "pk": pk})
    yield Page(f"timeline of {MUCH:,}, page 100", [far], [f"{path}?{place}"], LISTS)


@transaction.atomic
def one_of_whom_much_is_known() -> Customer:
    customer = Customer.objects.active().order_by("pk")[0]
    contact = customer.affiliations.order_by("pk")[0].contact
    missing = MUCH - Interaction.objects.filter(customer=customer).count()
    by, now = owner(), timezone.now()
    insert(
        [
            Interaction(
                customer=customer,
                contact=contact,
                kind="call" if n % 3 else "note",
                direction="in" if n % 3 else "",
                summary=f"Llamó por el pedido {n}",
                by=by,
                occurred_at=now - timedelta(hours=5 * n),
            )
            for n in range(1, missing + 1)
        ]
    )
    return customer


# --- Today, and figures ---------------------------------------------------------------------


def days() -> Iterator[Page]:
    # More customers give their owner more to do, up to what a page shows.
    yield Page("Today", ["/today/"], ["/today/"], WHOLE, by_index=False, grows=False)


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


# --- Measuring ------------------------------------------------------------------------------


def measure(site: Site, floor: Site, visits: int, before: Sequence[Row] = ()) -> Iterator[Row]:
    """`before` are the rows of the same pages in a smaller installation, to be told beside."""
    client = owner_client()
    found = pages(client)
    if before:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE crm_interaction")  # of what was written just now
    ours = visitor(site, client)
    bare = visitor(floor, owner_client("django.contrib.auth.backends.ModelBackend"))
    count = Customer.objects.count()
    smaller = {row.work: row for row in before}
    for page in found:
        name = f"{page.name} ({count:,})"
        told = list(measured(page, name, ours, bare, visits))
        yield from told
        needed = queries(client, page)
        broken = ""
        if page.by_index and count >= MANY:
            wholes = [one for path in page.paths[:1] for one in whole_reads(client, path)]
            if wholes:
                print(*wholes, sep="\n\n", file=sys.stderr)
                broken = "reads a large table whole"
        yield Row(f"{name}, queries", needed, None, "queries", page.bars[2], broken=broken)
        if page.grows and before:
            yield growth(name, told[0], smaller)


def measured(
    page: Page, name: str, ours: Callable[[str], float], bare: Callable[[str], float], visits: int
) -> Iterator[Row]:
    taken = [(ours(path), bare(at)) for path, at in rounds(page, WARM_UP + visits)][WARM_UP:]
    for label, share, bar in [("p50", 0.5, page.bars[0]), ("p95", 0.95, page.bars[1])]:
        figure = percentile([one for one, _other in taken], share) * 1000
        least = percentile([other for _one, other in taken], share) * 1000
        yield Row(f"{name}, {label}", figure, least, "ms", bar)


def growth(name: str, middle: Row, smaller: Mapping[str, Row]) -> Row:
    """The page beside itself among fewer customers; how much its floor grows is told, too."""
    page = name.rpartition(" (")[0]
    was = next(
        row
        for work, row in smaller.items()
        if re.match(rf"{re.escape(page)} \([\d,]+\), p50", work)
    )
    least, was_least = middle.floor or 0, was.floor or 1
    note = f"its floor grows {least / was_least:.3g} ×"
    return Row(f"{name}, growth", middle.figure, was.figure, "ms", GROWTH, note=note)


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
