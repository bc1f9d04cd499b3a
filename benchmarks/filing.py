"""Mail that arrives, beside a loop that does no more than receiving once demands.

The floor keeps the raw mail on the disk with its row, and commits; reads it, writes ticket and message,
and commits. Ours also knows who writes, confirms, and can be found, counted, measured and told of.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.message import EmailMessage

from django.db import transaction
from django.utils import timezone

from benchmarks.rows import Row
from mail import inbox, sorting
from mail.models import InboundEmail, Mailbox, OutgoingEmail
from mail.parsing import parse
from staff.files import store_file
from support import desk, filing
from support.correspondents import Correspondent, who_is
from support.models import Message, Ticket

ROUNDS = 4
LEAST = 0.5
# Every other mail is the first of its sender; the rest are from people whom the desk then knows.
MAILS_EACH = 2
WORDS = "O pedido chegou com a fatura trocada e a entrega do forno atrasou de novo; o prazo venceu."


def mails(count: int, name: str) -> list[bytes]:
    """So many plain mails about something new, each with contents of its own."""
    made = []
    for number in range(count):
        message = EmailMessage()
        sender = f"{name}{number // MAILS_EACH}@customers.example"
        message["From"] = f"Ana {name} {number // MAILS_EACH} <{sender}>"
        message["To"] = "help@bench.example"
        message["Subject"] = f"Pedido {number} do dia {number % 31}"
        message["Date"] = "Thu, 12 Nov 2026 10:11:12 -0300"
        message["Message-ID"] = f"<{name}.{number}@customers.example>"
        message.set_content("\n".join([f"Bom dia, pedido {number}.", WORDS, WORDS, "", "Ana"]))
        made.append(message.as_bytes())
    return made


def measure(count: int) -> Iterator[Row]:
    box = Mailbox.objects.create(
        name="Filing", address="help@bench.example", kind=Mailbox.Kind.COMMAND
    )
    whose, _contact = who_is(Correspondent("floor@customers.example", "Floor"))
    queue = desk.default_queue()
    part, problems = count // ROUNDS, []
    ours = bare = 0.0
    receive(mails(20, "warm"), box)
    for turn in range(ROUNDS):
        before = Ticket.objects.count(), OutgoingEmail.objects.count()
        ours += receive(mails(part, f"ours{turn}"), box)
        made = Ticket.objects.count() - before[0], OutgoingEmail.objects.count() - before[1]
        if made != (part, part):
            problems.append(f"{made[0]} tickets and {made[1]} confirmations of {part} mails")
        bare += receive_bare(mails(part, f"bare{turn}"), box, customer=whose, queue=queue)
    OutgoingEmail.objects.filter(state="queued").update(state="cancelled")  # nobody waits for them
    total = part * ROUNDS
    yield Row(
        f"file {total:,} inbound mails",
        total / ours,
        total / bare,
        "a second",
        LEAST,
        at_least=True,
        note="" if problems else "none lost, none twice",
        broken="; ".join(problems),
    )


def receive(raws: list[bytes], box: Mailbox) -> float:
    """Seconds from the bytes of these mails to a ticket of each, confirmed."""
    began = time.perf_counter()
    for raw in raws:
        inbox.store_raw(raw, mailbox=box)
    sorting.sort()
    filing.file_waiting()
    return time.perf_counter() - began


def receive_bare(raws: list[bytes], box: Mailbox, **known: object) -> float:
    began = time.perf_counter()
    for raw in raws:
        with transaction.atomic():
            row = InboundEmail.objects.create(
                mailbox=box,
                raw=store_file(raw, "message/rfc822"),
                content_key=inbox.content_key(raw),
                received_at=timezone.now(),
                state=InboundEmail.State.IGNORED,  # ours must not find it
            )
        mail = parse(raw)
        with transaction.atomic():
            ticket = Ticket.objects.create(
                subject=mail.subject,
                channel=Ticket.Channel.EMAIL,
                opened_at=row.received_at,
                last_activity_at=row.received_at,
                **known,
            )
            Message.objects.create(
                ticket=ticket,
                kind=Message.Kind.RECEIVED,
                inbound=row,
                from_address=mail.sender.address,
                text=mail.text,
                html=mail.html,
                created_at=row.received_at,
            )
    return time.perf_counter() - began
