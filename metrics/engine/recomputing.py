"""Everything computed again, in pieces that all workers share.

A piece is a theme's figures of two years. It is a row; whoever holds its lease computes it, and
stores it together with the note that it is done, so that a worker that dies leaves a piece that another
takes. Nobody waits for anybody: whoever finds no piece left undone closes the run.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from metrics import engine
from metrics.definitions import STORED
from metrics.engine.computing import computed, prepared
from metrics.models import Mark, Piece, Recompute, Waiting
from metrics.periods import Period
from metrics.sql import much_room
from staff import leases
from staff.models import Business, Lease

Progress = Callable[[int, int], None]
YEARS = 2  # of a piece
GIVE_UP = timedelta(hours=12)
LATELY = timedelta(minutes=15)  # a run of which no piece was done since then needs a worker at one
HANDS = 4  # called to a run at once; each refresh that is due meanwhile calls another
PAUSE = 0.5  # seconds, while others hold the last pieces


def begin(now: datetime, zone: ZoneInfo) -> Recompute | None:
    """Begin a run, or join the one under way, and call workers to it; None while a refresh runs."""
    with leases.held(engine.LEASE, engine.LEASE_SECONDS) as holder, transaction.atomic():
        if holder is None:
            return None
        transaction.on_commit(_call_hands, robust=True)
        if run := under_way():
            return run
        engine.memory()
        Recompute.objects.all().delete()  # finished, or given up
        run = Recompute.objects.create(as_of=now)
        run.marks = Mark.objects.update(seen_by=run.pk)
        run.save(update_fields=["marks"])
        Piece.objects.bulk_create(
            Piece(recompute=run, theme=theme, first_on=first, until_on=until, periods=len(shown))
            for (first, until), shown in _ranges(zone, now).items()
            for theme in {one.theme for one in STORED}
        )
        return run


def _call_hands() -> None:
    from metrics.tasks import lend_a_hand  # which works through this

    for _hand in range(HANDS):
        lend_a_hand.delay()


def under_way() -> Recompute | None:
    """The run that is to be finished. One that could not be for half a day is given up, and keeps
    nobody from refreshing: the marks that it was to count are still there."""
    since = timezone.now() - GIVE_UP
    return Recompute.objects.filter(finished_at=None, began_at__gt=since).order_by("pk").first()


@dataclass(frozen=True)
class Standing:
    """How many of a run's pieces are done, and whether somebody does the others."""

    done: int
    pieces: int
    is_moving: bool


def standing() -> Standing | None:
    """Of the run under way, in at most three queries; None where there is none."""
    run = under_way()
    if run is None:
        return None
    pieces, now = list(run.pieces.all()), timezone.now()
    latest = max([run.began_at, *(one.done_at for one in pieces if one.done_at)])
    undone = [_lease(one) for one in pieces if one.done_at is None]
    is_held = Lease.objects.filter(name__in=undone, until__gt=now)
    return Standing(
        done=len(pieces) - len(undone),
        pieces=len(pieces),
        is_moving=latest > now - LATELY or is_held.exists(),
    )


def _ranges(zone: ZoneInfo, now: datetime) -> dict[tuple[date, date], list[Period]]:
    """All periods, by the years in which they begin."""
    ranges = defaultdict(list)
    for _grain, some in engine.all_periods(zone, now):
        for period in some:
            year = period.starts_on.year // YEARS * YEARS
            ranges[date(max(1, year), 1, 1), date(year + YEARS, 1, 1)].append(period)
    return dict(ranges)


def work(run: Recompute) -> bool:
    """Do one piece that nobody holds, or close the run when all are done; False if there was none."""
    business = cast(Business, Business.current())
    undone = run.pieces.filter(done_at=None).order_by("-until_on", "-theme")
    for piece in undone:
        with leases.kept(_lease(piece), engine.LEASE_SECONDS) as holder:
            if holder is not None and undone.filter(pk=piece.pk).exists():
                # Whoever stood still, and lost it to another, goes on with the next.
                with suppress(engine.LeaseLost):
                    _do(piece, run, business.zone, holder)
                return True
    if not undone.exists():
        _close(run, business.zone)
    return False


def _lease(piece: Piece) -> str:
    return f"metrics.{piece.theme}.{piece.first_on.year}"


def _do(piece: Piece, run: Recompute, zone: ZoneInfo, holder: str) -> None:
    """Store a piece's figures; with them, that they are stored."""
    shown = _ranges(zone, run.as_of).get((piece.first_on, piece.until_on), [])
    with much_room():
        made = computed([one for one in STORED if one.theme == piece.theme], shown, run.as_of)
    writing = prepared(made)
    with transaction.atomic():
        engine.still_alone(holder, _lease(piece))
        writing.apply()
        piece.cells, piece.written = len(made), len(writing.create)
        piece.done_at = timezone.now()
        piece.save(update_fields=["cells", "written", "done_at"])


def _close(run: Recompute, zone: ZoneInfo) -> None:
    """Forget the marks that were there when the run began, and what waited; of several who come,
    one does."""
    with transaction.atomic():
        open_still = Recompute.objects.filter(pk=run.pk, finished_at=None)
        if open_still.update(finished_at=timezone.now()):
            Mark.objects.filter(seen_by=run.pk).delete()
            Waiting.objects.all().delete()  # nothing came to wait meanwhile: nothing was refreshed
            engine.note(run.as_of, zone, full_at=run.as_of)


def see_through(run: Recompute, progress: Progress) -> None:
    """Work until all is done, also by others."""
    total = run.pieces.aggregate(total=Sum("periods", default=0))["total"]
    done = -1
    while True:
        is_busy = work(run)
        before, done = done, _periods_done(run)
        if done != before:
            progress(done, total)
        if not is_busy:
            if not Recompute.objects.filter(pk=run.pk, finished_at=None).exists():
                return
            time.sleep(PAUSE)


def _periods_done(run: Recompute) -> int:
    done: int = run.pieces.exclude(done_at=None).aggregate(done=Sum("periods", default=0))["done"]
    return done


def totals(run: Recompute) -> dict[str, int]:
    """What a finished run came to."""
    found = run.pieces.aggregate(cells=Sum("cells", default=0), written=Sum("written", default=0))
    return {**found, "marks": run.marks}
