"""Mail for tests of the desk: written here, stored as it would arrive, sorted and filed."""

from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from django.utils import timezone

from mail import inbox, sorting
from mail.models import InboundEmail, Mailbox, OutgoingEmail
from support import filing
from support.models import Message

HELP = "help@padaria-aurora.example"
ADA = "Ada Lovelace <ada@example.com>"
# Python's own folding turns long Message-IDs into encoded words, which no mail program does.
UNFOLDED = policy.SMTP.clone(max_line_length=900)
_numbers = iter(range(1, 1_000_000))


def mailbox(**values: Any) -> Mailbox:
    found, _made = Mailbox.objects.get_or_create(
        name="Help",
        defaults={
            "kind": Mailbox.Kind.COMMAND,
            "address": HELP,
            "has_plus_addresses": True,
            **values,
        },
    )
    return found


def write(
    text: str = "The oven is cold.",
    *,
    sender: str = ADA,
    to: str = HELP,
    subject: str = "The oven",
    html: str = "",
    files: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail as it travels; `headers` with underscores for hyphens."""
    mail = EmailMessage(policy=UNFOLDED)
    number = next(_numbers)
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = named.pop("message-id", f"<{number}@mail.example.com>")
    for name, value in named.items():
        mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def arrive(raw: bytes | None = None, *, box: Mailbox | None = None, **fields: Any) -> InboundEmail:
    """Stored and sorted, waiting for the desk."""
    row = inbox.store_raw(raw or write(**fields), mailbox=box or mailbox())
    sorting.sort()
    row.refresh_from_db()
    return row


def filed(raw: bytes | None = None, *, box: Mailbox | None = None, **fields: Any) -> Message:
    """The message that a mail became."""
    row = arrive(raw, box=box, **fields)
    filing.file_waiting()
    row.refresh_from_db()
    assert row.state == InboundEmail.State.FILED, (row.state, row.reason, row.detail)
    message = Message.objects.select_related("ticket", "author").get(inbound=row)
    assert (row.about_model, row.about_id) == ("support.message", message.pk)
    return message


def sent_to(address: str) -> list[OutgoingEmail]:
    """What waits in the outbox for this address, oldest first."""
    return list(OutgoingEmail.objects.filter(to_address=address).order_by("pk"))


def answering(
    outgoing: OutgoingEmail, text: str = "And it smells.", **fields: Any
) -> dict[str, Any]:
    """What a mail program makes of pressing "reply" on a mail of ours."""
    quoted = "\n".join(f"> {line}" for line in outgoing.text.splitlines())
    return {
        "sender": f"{outgoing.to_name} <{outgoing.to_address}>",
        "to": parseaddr(outgoing.reply_to)[1] or HELP,
        "subject": f"Re: {outgoing.subject}",
        "text": f"{text}\n\nOn Mon, 2 Nov 2026 at 10:00, Padaria <{HELP}> wrote:\n{quoted}\n",
        **fields,
    }
