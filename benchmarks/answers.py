"""Customers who answer a survey, all at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from django.db import connection
from django.utils import timezone

from benchmarks.load import Burst, Request, burst
from benchmarks.rows import Row
from benchmarks.scenery import Site
from surveys import tokens
from surveys.actions.surveys import latest_version, stock_survey
from surveys.models import Invitation, Response, Survey, SurveyRun

ROUNDS = 3
# More than either site can answer in a second.
MOST_A_SECOND = 2500
LEAST = 0.6

# Everybody is asked again and again: contact and customer are what there are.
INVITE = """
    INSERT INTO surveys_invitation (run_id, survey_id, customer_id, contact_id, address, language,
                                    state, token_hash, reminder_hash, due_at, created_at, expires_at,
                                    sent_at, subject_model)
    SELECT %(run)s, %(survey)s, customer_id, contact_id, 'someone@example.com', 'en', 'queued',
           encode(sha256(convert_to(%(prefix)s || place, 'UTF8')), 'hex'),
           '', %(sent)s, %(sent)s, %(expires)s, %(sent)s, ''
    FROM (
        SELECT a.customer_id, a.contact_id, row_number() OVER (ORDER BY a.id) AS place
        FROM crm_affiliation a WHERE a.is_primary AND a.until IS NULL
    ) AS people
    ORDER BY place LIMIT %(count)s
    RETURNING id
"""


def invited(count: int) -> list[tuple[str, int]]:
    """(token, id) of so many invitations that were sent an hour ago; no run asks anybody twice."""
    survey = stock_survey(Survey.Kind.NPS)
    sent = timezone.now() - timedelta(hours=1)
    found: list[tuple[str, int]] = []
    while len(found) < count:
        prefix = f"{uuid.uuid4().hex}-"
        run = SurveyRun.objects.create(
            survey=survey, version=latest_version(survey), once_key=prefix
        )
        given: dict[str, int | str | datetime] = {
            "run": run.pk,
            "survey": survey.pk,
            "prefix": prefix,
            "sent": sent,
            "expires": sent + timedelta(days=30),
            "count": count - len(found),
        }
        with connection.cursor() as cursor:
            cursor.execute(INVITE, given)
            ids = [pk for (pk,) in cursor.fetchall()]
        found += [(f"{prefix}{place}", pk) for place, pk in enumerate(ids, 1)]
    return found


def looking(people: Sequence[tuple[str, int]]) -> list[Request]:
    return [Request("GET", f"/s/{token}/?score=9") for token, _pk in people]


def answering(people: Sequence[tuple[str, int]]) -> list[Request]:
    """The form as a browser sends it: the nonce is of this very invitation."""
    return [
        Request(
            "POST",
            f"/s/{token}/",
            f"score=9&comment=Friendly+and+quick.&website=&nonce={tokens.new_nonce(Invitation(pk=pk))}",
        )
        for token, pk in people
    ]


def measure(site: Site, floor: Site, seconds: float, folder: Path) -> Iterator[Row]:
    count = round(MOST_A_SECOND * max(1, seconds))
    burst(site, looking(invited(200)), 1, folder)
    burst(floor, looking(invited(200)), 1, folder)
    for name, made in [("survey answer, GET", looking), ("survey answer, POST", answering)]:
        ours, bare = [], []
        before = stored()
        for _ in range(ROUNDS):
            people = iter(invited(2 * count))
            ours.append(burst(site, made(list(islice(people, count))), seconds, folder))
            bare.append(burst(floor, made(list(people)), seconds, folder))
        yield row(name, ours, bare, stored() - before)


def stored() -> int:
    return Response.objects.filter(comment="Friendly and quick.").count()


def row(name: str, ours: Sequence[Burst], bare: Sequence[Burst], counted: int) -> Row:
    failed = sum(one.failed for one in [*ours, *bare])
    figure, floor = (median(one.rate for one in some) for some in (ours, bare))
    broken = f"{failed} requests failed" if failed else ""
    if "POST" in name:
        wanted = sum(one.requests for one in [*ours, *bare])
        # A burst ends with requests on their way.
        if not wanted <= counted <= wanted + 64 * ROUNDS:
            broken = f"{counted} answers are stored for {wanted} requests"
    return Row(name, figure, floor, "a second", LEAST, at_least=True, broken=broken)
