"""The way out that EMAIL_URL names: a mail server, or a provider's HTTP interface."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from mail import messages
from mail.drafts import one_line
from mail.models import OutgoingEmail
from mail.transport import Connection, Server, Taken

if TYPE_CHECKING:
    from mail.providers import Provider

# What a provider is told in fields of their own, or writes itself.
_FIELDS = {"From", "To", "Subject", "Reply-To", "Date"}
# A provider remembers the key of a message for a day; a little less is safe.
REMEMBERED = timedelta(hours=20)


# Puts one message on the network. Raises NotTaken, Refused or Unclear, and nothing else.
HandOver = Callable[[], Taken]


class SmtpWay:
    """One conversation with a mail server."""

    def __init__(self, server: Server) -> None:
        self._connection = Connection(server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._connection.close()

    def prepare(self, outgoing: OutgoingEmail) -> HandOver:
        """The message ready to go; whatever is wrong with it is raised here."""
        raw = messages.build(outgoing)
        sender = messages.ascii_address(outgoing.from_address)
        recipient = messages.ascii_address(outgoing.to_address)
        return lambda: Taken(self._connection.send(sender, recipient, raw))


class ProviderWay:
    """One session with a provider."""

    def __init__(self, provider: Provider) -> None:
        from mail.providers import ProviderConnection  # its libraries are large

        self._provider = provider
        self._connection = ProviderConnection(provider)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._connection.close()

    def prepare(self, outgoing: OutgoingEmail) -> HandOver:
        message = as_django_message(outgoing, dict(self._provider.headers))
        may_repeat = outgoing.created_at > timezone.now() - REMEMBERED

        def hand_over() -> Taken:
            key = outgoing.message_id.strip("<>")
            return self._connection.send(message, key=key, may_repeat=may_repeat)

        return hand_over


Way = SmtpWay | ProviderWay


def way_out() -> Way:
    """The way that EMAIL_URL names, not opened yet. ValueError says what is wrong with it."""
    url = settings.EMAIL_URL
    if not names_a_provider(url):
        return SmtpWay(Server.of(url))
    from mail.providers import provider_of

    return ProviderWay(provider_of(url))


def names_a_provider(url: str) -> bool:
    return url.startswith("anymail-")


def knows_repeats() -> bool:
    """Whether the same message handed over again is taken once, for as long as REMEMBERED."""
    if not names_a_provider(settings.EMAIL_URL):
        return False
    from mail.providers import provider_of

    return provider_of(settings.EMAIL_URL).knows_repeats


def as_django_message(outgoing: OutgoingEmail, headers: dict[str, str]) -> EmailMultiAlternatives:
    """What django-anymail translates: the same words, headers and files as by SMTP."""
    told = messages.headers_of(outgoing)
    message = EmailMultiAlternatives(
        subject=one_line(outgoing.subject),
        body=outgoing.text,
        from_email=_address(outgoing.from_name, outgoing.from_address),
        to=[_address(outgoing.to_name, outgoing.to_address)],
        reply_to=[one for one in map(one_line, outgoing.reply_to.split(",")) if one],
        headers={name: one_line(value) for name, value in told.items() if name not in _FIELDS}
        | headers,
    )
    if outgoing.html:
        message.attach_alternative(outgoing.html, "text/html")
    for attachment in outgoing.attachments.all():  # prefetched (OutgoingEmailQuerySet.to_send)
        message.attach(messages.part_of(outgoing, attachment))
    return message


def _address(name: str, address: str) -> str:
    """`"name" <address>`; no words of the name can become an address."""
    quoted = one_line(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if quoted else address
