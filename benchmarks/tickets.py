"""The desk's pages with few tickets and with a million, each beside a bare view of the same rows."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from html import unescape
from typing import Any, cast
from urllib.parse import parse_qs, urlencode

from django.core.signing import Signer
from django.db import connection

from benchmarks.pages import (
    LISTS,
    WARM_UP,
    WHOLE,
    Page,
    owner_client,
    queries,
    rounds,
    visitor,
)
from benchmarks.rows import Row, percentile
from benchmarks.scenery import Site
from staff.access import Role
from staff.models import User
from support import desk
from support.models import Category, Queue, Ticket
from support.search import WORDS, parse

# Three per cent of them are open, two are spam and one is merged. One in ten has messages.
GROWTH = 1.3  # most that a page may take longer with a million than with ten thousand
PAGE = 50


def lot(salt: int, of: object) -> str:
    return f"mod(hashint8(n * {salt}) & 2147483647, {of})"


STATE = f"""
CASE WHEN {lot(1, 100)} >= 6 THEN 'closed'
     WHEN {lot(1, 100)} < 2 THEN 'spam' WHEN {lot(1, 100)} < 3 THEN 'merged'
     ELSE (ARRAY['new', 'open', 'open', 'waiting', 'on_hold'])[1 + {lot(2, 5)}] END
"""
WORD = "(ARRAY['pedido', 'fatura', 'entrega', 'troca', 'senha', 'forno', 'pao', 'bolo', 'prazo', 'loja'])"
# A rare word in every text, so that the index is as wide as a real one.
BODY = (
    "'Bom dia, o ' || w1 || ' chegou com ' || w2 || ' trocado; codigo x' || to_hex("
    f"{lot(5, 200000)}) || ' e loja y' || to_hex({lot(6, 5000)}) || '.'"
)
NUMBERED = f"""
SELECT n, s, at, closes, w1, w2, c.id AS customer_id, c.name_folded, initcap(w1) || ' ' || w2 AS subject
FROM (
    SELECT n, {STATE} AS s,
           now() - interval '1095 days' * (1 - (n - %(after)s)::float8 / %(count)s) AS at,
           interval '1 hour' * (1 + {lot(3, 90)}) AS closes,
           {WORD}[1 + {lot(4, 10)}] AS w1, {WORD}[1 + {lot(7, 10)}] AS w2
    FROM generate_series(%(after)s + 1, %(after)s + %(count)s) AS n
) AS drawn
JOIN bench_customer c ON c.place = mod(n, (SELECT count(*) FROM bench_customer))
"""
OPEN = "s IN ('new', 'open', 'waiting', 'on_hold')"
TICKETS = f"""
INSERT INTO support_ticket (
    id, external_source, external_id, customer_id, subject, channel, kind, language, state, priority,
    queue_id, category_id, assignee_id, opened_at, version, replies_to_solve, last_activity_at,
    first_replied_at, first_resolved_at, last_resolved_at, last_inbound_at, last_outbound_at,
    next_due_at, snoozed_until
)
SELECT n, '', '', customer_id, subject, 'email', '', 'pt-br', s, 10 * (1 + {lot(8, 4)}),
       (%(queues)s::bigint[])[1 + {lot(9, "cardinality(%(queues)s::bigint[])")}],
       (%(categories)s::bigint[])[1 + {lot(10, "cardinality(%(categories)s::bigint[])")}],
       CASE WHEN {lot(11, 4)} > 0
            THEN (%(people)s::bigint[])[1 + {lot(12, "cardinality(%(people)s::bigint[])")}] END,
       at, 3, 1, at + closes, at + closes / 2,
       CASE WHEN s = 'closed' THEN at + closes END, CASE WHEN s = 'closed' THEN at + closes END,
       at, at + closes / 2,
       CASE WHEN {OPEN} AND s <> 'waiting' THEN now() + interval '1 minute' * ({lot(13, 4000)} - 1000) END,
       CASE WHEN {OPEN} AND {lot(14, 20)} = 0 THEN now() + interval '3 days' END
FROM bench_drawn
"""
SEARCH = f"""
INSERT INTO support_ticketsearch (ticket_id, text)
SELECT n, 'n' || n || 'n ' || lower(subject) || ' ' || name_folded || ' bom dia o chegou com trocado codigo x'
          || to_hex({lot(5, 200000)}) || ' e loja y' || to_hex({lot(6, 5000)})
FROM bench_drawn
"""
MESSAGES = """
INSERT INTO support_message (
    ticket_id, kind, from_name, from_address, is_proven, automatic, is_thanks, text, html, notes,
    created_at, once_key, also_addressed
)
SELECT n, m.kind, '', '', false, '', false, {body}, '', '[]', at + closes * m.share, '', '[]'
FROM bench_drawn
CROSS JOIN (VALUES ('received', 0), ('reply', 0.5), ('received', 1)) AS m (kind, share)
WHERE mod(n, 10) = 0
"""
EVENTS = """
INSERT INTO support_ticketevent (
    ticket_id, kind, at, actor, before, after, external_source, external_id, version
)
SELECT n, e.kind, at + closes * e.share, e.actor, '', e.after, '', '', 1
FROM bench_drawn
CROSS JOIN (VALUES ('opened', 0, 'customer', ''), ('received', 0, 'customer', ''),
                   ('replied', 0.5, 'staff', ''), ('resolved', 1, 'staff', 'solved')
           ) AS e (kind, share, actor, after)
WHERE mod(n, 10) = 0 AND (e.kind <> 'resolved' OR s = 'closed')
"""


def load(count: int) -> None:
    """Add tickets until there are `count`, as bulk as it gets, vacuumed as it would be by morning."""
    began = time.perf_counter()
    user = User.objects.get(pk=User.objects.filter(role=Role.OWNER).order_by("pk")[0].pk)
    for name in ("Returns", "Sales", "Staff matters"):
        is_private = name == "Staff matters"
        Queue.objects.get_or_create(name=name, defaults={"is_private": is_private})
    desk.default_queue()
    desk.install_categories()
    last = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    asked: dict[str, Any] = {
        "after": last,
        "count": count - Ticket.objects.count(),
        "queues": list(Queue.objects.values_list("pk", flat=True)),
        "categories": list(Category.objects.values_list("pk", flat=True)),
        "people": list(User.objects.values_list("pk", flat=True)) or [user.pk],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS bench_customer AS"
            " SELECT id, name_folded, row_number() OVER (ORDER BY id) - 1 AS place FROM crm_customer"
        )
        # Nothing that is loaded here points nowhere, and no figure is asked of it.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"DROP INDEX {WORDS.name}")
        cursor.execute(f"CREATE TEMP TABLE bench_drawn AS {NUMBERED}", asked)
        for statement in (TICKETS, SEARCH, MESSAGES.format(body=BODY), EVENTS):
            cursor.execute(statement, asked)
        cursor.execute("DROP TABLE bench_drawn")
        cursor.execute(WORDS.postgresql)
        cursor.execute("RESET session_replication_role")
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('support_ticket', 'id'), max(id))"
            " FROM support_ticket"
        )
        cursor.execute("VACUUM ANALYZE")
    took = time.perf_counter() - began
    print(f"{count:,} tickets in {took:.0f} s", file=sys.stderr, flush=True)


def pages(client: Any) -> Iterator[Page]:
    yield Page("ticket queue", ["/tickets/"], ["/tickets/"], LISTS)
    path, place = hundredth(client)
    yield Page("ticket queue, page 100", [path], [f"/tickets/?{urlencode(place)}"], LISTS)
    done = "/tickets/?view=done"
    yield Page("solved and closed tickets", [done], ["/tickets/?done=1"], LISTS)
    number = Ticket.objects.counted().order_by("-pk")[PAGE].pk
    for name, typed in [
        ("ticket search: a number", f"#{number}"),
        ("ticket search: a rare word", rare(f"x{number % 200_000:x}")),
        ("ticket search: a common word", "fatu"),
        ("ticket search: two words", "forno bolo"),
    ]:
        asked, words = urlencode({"q": typed}), urlencode({"words": tsquery(typed)})
        if WORDS.find(parse(typed) or [])[1]:
            words += "&many=1"
        yield Page(name, [f"/tickets/?{asked}"], [f"/tickets/?{words}"], LISTS)
    recent = Ticket.objects.filter(state="closed", messages__isnull=False).distinct()
    recent = recent.order_by("-pk")[5:15]
    paths = [f"/tickets/{pk}/" for pk in recent.values_list("pk", flat=True)]
    yield Page("ticket page", paths, paths, WHOLE)


def rare(word: str) -> str:
    """As much of a word as few tickets have, yet a page of them: as many rows with few as with many."""
    seen = Ticket.objects.exclude(state="spam")
    beginnings = (word[:end] for end in range(len(word), 2, -1))
    return next((one for one in beginnings if seen.search(one)[PAGE:].exists()), word[:2])


NEXT = re.compile(r'rel="next" href="([^"]+)"')


def hundredth(client: Any) -> tuple[str, dict[str, Any]]:
    """The address of the list's hundredth page, or of the last one that is full, and the row that it
    begins after."""
    path = full = "/tickets/"
    for _ in range(99):
        further = NEXT.search(client.get(path).content.decode())
        if further is None:
            path = full
            break
        full, path = path, f"/tickets/{unescape(further[1])}"
    asked = parse_qs(path.partition("?")[2])
    if "after" not in asked:
        return path, {}
    signer = Signer(salt="staff.pages:-last_activity_at,-pk")
    [[_type, at], pk] = signer.unsign_object(asked["after"][0])
    return path, {"at": at, "pk": pk}


def tsquery(typed: str) -> str:
    """What the search makes of what was typed; the floor gets it ready made."""
    _sql, params = WORDS.matching(parse(typed) or []).as_postgresql(cast(Any, None), connection)
    return str(params[0])


def measure(site: Site, floor: Site, visits: int, few: int, many: int) -> Iterator[Row]:
    client = owner_client()
    before: dict[str, float] = {}
    for count in (few, many):
        load(count)
        ours = visitor(site, client)
        bare = visitor(floor, owner_client("django.contrib.auth.backends.ModelBackend"))
        for page in pages(client):
            both = [(ours(path), bare(at)) for path, at in rounds(page, WARM_UP + visits)]
            taken = both[WARM_UP:]
            name = f"{page.name} ({count:,})"
            for label, share, bar in [("p50", 0.5, page.bars[0]), ("p95", 0.95, page.bars[1])]:
                figure = percentile([one for one, _other in taken], share) * 1000
                least = percentile([other for _one, other in taken], share) * 1000
                yield Row(f"{name}, {label}", figure, least, "ms", bar)
            yield Row(f"{name}, queries", queries(client, page), None, "queries", page.bars[2])
            middle = percentile([one for one, _other in taken], 0.5) * 1000
            if count == few:
                before[page.name] = middle
            else:
                was = before[page.name]
                note = f"beside {few:,}"
                yield Row(f"{name}, growth", middle, was, "ms", GROWTH, note=note)
