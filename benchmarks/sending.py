"""A survey by mail to many, beside a loop that does no more than sending once demands.

The floor renders the same messages, and commits a claim before and a "sent" after each, over one
connection to the same server. Ours begins with the frozen invitations, as the worker finds them.
"""

from __future__ import annotations

import smtplib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from django.db import connection
from django.db.models import F, Q
from django.test import override_settings
from django.utils import timezone

from benchmarks import sink
from benchmarks.answers import LEAST
from benchmarks.rows import Row
from crm.models import Affiliation
from mail import delivery
from mail.models import OutgoingEmail
from staff.models import Business
from staff.tokens import new_token
from surveys.actions.delivering import queue_batch
from surveys.actions.surveys import latest_version, stock_survey
from surveys.invitation_mail import Renderer
from surveys.models import AskingRules, Invitation, Survey, SurveyRun

ROUNDS = 4


def frozen(count: int) -> list[int]:
    """So many invitations that wait for their mail, each to an address of its own."""
    survey = stock_survey(Survey.Kind.NPS)
    now = timezone.now()
    # Whoever was asked so far was asked long ago: nobody is spared.
    ago = timedelta(days=400)
    lately = Q(due_at__gt=now - ago) | Q(sent_at__gt=now - ago)
    Invitation.objects.filter(lately).update(due_at=F("due_at") - ago, sent_at=F("sent_at") - ago)
    first = Affiliation.objects.filter(is_primary=True, until=None).order_by("pk")
    # Each human once, whomever else they speak for.
    people = dict(first.values_list("contact_id", "customer_id")[: 2 * count])
    run = SurveyRun.objects.create(
        survey=survey, version=latest_version(survey), once_key=uuid.uuid4().hex
    )
    made = Invitation.objects.bulk_create(
        Invitation(
            run=run,
            survey=survey,
            customer_id=customer,
            contact_id=contact,
            address=f"someone{contact}@example.com",
            language=("es", "pt-br", "en")[contact % 3],
            created_at=now,
            expires_at=now + timedelta(days=30),
        )
        for contact, customer in list(people.items())[:count]
    )
    return [one.pk for one in made]


def measure(count: int) -> Iterator[Row]:
    # What waited before is none of this.
    AskingRules.objects.update_or_create(
        pk=1, defaults={"quiet_until": 0, "quiet_from": 24, "asks_on_weekends": True}
    )
    OutgoingEmail.objects.filter(state="queued").update(state="cancelled")
    Invitation.objects.pending().update(state=Invitation.State.CANCELLED)
    part = count // ROUNDS
    ours = bare = 0.0
    problems = []
    with sink.running() as server, bare_table():
        url = f"smtp://127.0.0.1:{server.port}?tls=none"
        send_bare(frozen(20), server.port)
        server.counts()
        for _ in range(ROUNDS):
            frozen(part)
            ours += send(url)
            problems += wrong(server.counts(), part)
            bare += send_bare(frozen(part), server.port)
            problems += wrong(server.counts(), part)
    total = part * ROUNDS
    yield Row(
        f"send {total:,} survey mails",
        total / ours,
        total / bare,
        "a second",
        LEAST,
        at_least=True,
        note="" if problems else "none lost, none twice",
        broken="; ".join(problems),
    )


def wrong(counts: tuple[int, int], wanted: int) -> list[str]:
    came, different = counts
    return [] if came == different == wanted else [f"{came} mails came ({different}) for {wanted}"]


def send(url: str) -> float:
    """Seconds from frozen invitations to all of their mails sent."""
    with override_settings(EMAIL_URL=url):
        began = time.perf_counter()
        while queue_batch():
            pass
        delivery.sweep()
        return time.perf_counter() - began


# --- The floor ---------------------------------------------------------------------------------


@contextmanager
def bare_table() -> Iterator[None]:
    """Where the floor notes what it does: a number and a state."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_mail (id bigint PRIMARY KEY, state text NOT NULL)")
        try:
            yield
        finally:
            cursor.execute("DROP TABLE bench_mail")


def send_bare(ids: list[int], port: int) -> float:
    """Seconds for rendering, claiming, sending and noting each of these."""
    # Our own worker must not find them.
    Invitation.objects.filter(pk__in=ids).update(state=Invitation.State.CANCELLED)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bench_mail VALUES (%s, 'queued')", [[pk] for pk in ids])
    began = time.perf_counter()
    business = Business.objects.get(pk=1)
    renderer = Renderer(business)
    waiting = Invitation.objects.filter(pk__in=ids).select_related(
        "survey", "run__version", "customer", "contact"
    )
    with smtplib.SMTP("127.0.0.1", port) as server, connection.cursor() as cursor:
        for invitation in waiting:
            cursor.execute(
                "UPDATE bench_mail SET state = 'sending' WHERE id = %s AND state = 'queued'",
                [invitation.pk],
            )
            message = rendered(renderer, invitation, business)
            server.sendmail(business.email, [invitation.address], message.as_bytes(policy=SMTP))
            cursor.execute("UPDATE bench_mail SET state = 'sent' WHERE id = %s", [invitation.pk])
    return time.perf_counter() - began


def rendered(renderer: Renderer, invitation: Invitation, business: Business) -> EmailMessage:
    draft = renderer.draft(invitation, new_token(192))
    message = EmailMessage()
    message["From"] = f"{business.name} <{business.email}>"
    message["To"] = invitation.address
    message["Subject"] = draft.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="bench.example")
    message.set_content(draft.text)
    message.add_alternative(draft.html, subtype="html")
    return message
