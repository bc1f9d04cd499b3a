"""Sending through a provider's HTTP interface, spoken by django-anymail.

What is known of a message after each way to fail is exact, as with a mail server: while any part of
the request is still here, nobody can have taken it; once all of it has left, only the provider's
own answer says what became of it.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Self, cast

import requests
from anymail import exceptions
from anymail.backends.base_requests import AnymailRequestsBackend
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from mail.transport import NotTaken, Refused, ServerTrouble, Taken, Unclear

# Seconds to reach the provider, and for its answer.
TIMEOUT: tuple[float, float] = (10, 30)
# A connection idle for longer may be closed by the provider at the very moment of the next message.
IDLE = 4.0
# Of what a provider says, so much is kept.
WORDS = 1000
_ANYMAIL_URL = re.compile(r"anymail-([a-z_-]+)(?:://?/?)?")


@dataclass(frozen=True)
class Provider:
    """How a provider is spoken to, and which settings it can't do without."""

    name: str
    needs: Sequence[str] = ()
    package: str = ""
    # Whether a message under the same `Idempotency-Key` is taken once only.
    knows_repeats: bool = False
    # Of the provider alone: "X-PM-KeepID: true" leaves our Message-ID as it is.
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def backend(self) -> str:
        return f"anymail.backends.{self.name}.EmailBackend"

    def missing(self) -> list[str]:
        """The environment variables that are still to be set."""
        return [f"ANYMAIL_{name}" for name in self.needs if not settings.ANYMAIL.get(name)]

    def open(self) -> Any:
        """django-anymail's backend, ready to send; raises ServerTrouble in words."""
        if missing := self.missing():
            raise ServerTrouble(f"{self.name} needs {', '.join(missing)}")
        options: dict[str, Any] = {"timeout": TIMEOUT}
        if self.package:
            # By itself it would try again after a timeout, and perhaps send twice.
            once = {"retries": {"total_max_attempts": 1}, "connect_timeout": TIMEOUT[0]}
            options = {"client_params": {"config": once | {"read_timeout": TIMEOUT[1]}}}
        try:
            with warnings.catch_warnings():
                # It warns of providers that its authors can't try any more; the choice was made.
                warnings.simplefilter("ignore")
                backend = import_string(self.backend)(**options)
            backend.open()
        except (ImproperlyConfigured, ImportError, ValueError) as error:
            raise ServerTrouble(str(error)[:WORDS]) from error
        return backend


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider("amazon_ses", package="boto3"),
        Provider("brevo", ["BREVO_API_KEY"]),
        Provider("mailersend", ["MAILERSEND_API_TOKEN"]),
        Provider("mailgun", ["MAILGUN_API_KEY"]),
        Provider("mailjet", ["MAILJET_API_KEY", "MAILJET_SECRET_KEY"]),
        Provider("mailtrap", ["MAILTRAP_API_TOKEN"]),
        Provider("mandrill", ["MANDRILL_API_KEY"]),
        Provider("postal", ["POSTAL_API_KEY", "POSTAL_API_URL"]),
        Provider("postmark", ["POSTMARK_SERVER_TOKEN"], headers=(("X-PM-KeepID", "true"),)),
        Provider("resend", ["RESEND_API_KEY"], knows_repeats=True),
        Provider("scaleway", ["SCALEWAY_SECRET_KEY", "SCALEWAY_PROJECT_ID"]),
        Provider("sendgrid", ["SENDGRID_API_KEY"]),
        Provider("sparkpost", ["SPARKPOST_API_KEY"]),
        Provider("unisender_go", ["UNISENDER_GO_API_KEY", "UNISENDER_GO_API_URL"]),
    )
}


def provider_of(url: str) -> Provider:
    """The provider of `anymail-postmark://`; ValueError says what is wrong."""
    match = _ANYMAIL_URL.fullmatch(url.strip().lower())
    provider = PROVIDERS.get(match[1].replace("-", "_")) if match else None
    if provider is None:
        names = ", ".join(f"anymail-{name.replace('_', '-')}://" for name in PROVIDERS)
        raise ValueError(f"EMAIL_URL names no provider that is known here: {names}")
    return provider


def lacking(provider: Provider) -> str:
    """What this installation lacks to send by it, in words; blank when it lacks nothing."""
    name = f"anymail-{provider.name.replace('_', '-')}://"
    if provider.package and find_spec(provider.package) is None:
        extra = provider.name.replace("_", "-")
        return (
            f"EMAIL_URL {name} needs the Python package {provider.package}, which is not installed "
            f"here: EXTRAS={extra} make setup"
        )
    if missing := provider.missing():
        return f"EMAIL_URL {name} needs {', '.join(missing)} in the environment, now empty"
    return ""


# --- Whether the request has left -----------------------------------------------------------------


class Watch:
    """Whether the last byte of a request was given to the network."""

    has_left = False


def watched(watch: Watch) -> HTTPAdapter:
    """What sends for requests, noting in `watch` when a request has left as a whole."""

    class Plain(HTTPConnection):
        def request(self, *args: Any, **options: Any) -> None:
            super().request(*args, **options)
            watch.has_left = True

    class Secure(HTTPSConnection):
        def request(self, *args: Any, **options: Any) -> None:
            super().request(*args, **options)
            watch.has_left = True

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return adapter


# --- Sending --------------------------------------------------------------------------------------


class ProviderConnection:
    """A session with a provider, opened for the first message and kept for the next ones."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._backend: Any = None
        self._watch = Watch()
        self._used_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def send(
        self, message: EmailMultiAlternatives, *, key: str = "", may_repeat: bool = False
    ) -> Taken:
        """Hand one message over.

        `key` names it to a provider that takes each key once; `may_repeat` says that the provider
        still remembers it, so that a message of unknown fate may simply be sent again.
        Raises NotTaken, Refused or Unclear, and nothing else for whatever the provider does.
        """
        self._watch.has_left = False
        try:
            backend = self._ready(key)
            backend.send_messages([message])
        except (NotTaken, Refused, Unclear):
            raise
        except Exception as error:
            meaning = self._meaning(error)
            is_repeat = status_of(error) == 409  # it was taken before, with other words
            if isinstance(meaning, Unclear) and may_repeat and not is_repeat:
                meaning = NotTaken(str(meaning)) if self.provider.knows_repeats else meaning
            raise meaning from error
        finally:
            self._used_at = time.monotonic()
        return self._receipt(message)

    def _ready(self, key: str) -> Any:
        if time.monotonic() - self._used_at > IDLE:
            self.close()
        if self._backend is None:
            backend = self.provider.open()
            if isinstance(backend, AnymailRequestsBackend):
                adapter = watched(self._watch)
                backend.session.mount("https://", adapter)
                backend.session.mount("http://", adapter)
                backend.session.max_redirects = 0
            self._backend = backend
        if self.provider.knows_repeats and key:
            self._backend.session.headers["Idempotency-Key"] = key
        return self._backend

    def _receipt(self, message: EmailMultiAlternatives) -> Taken:
        status = cast(Any, message).anymail_status
        name = status.message_id if isinstance(status.message_id, str) else ""
        words = ", ".join(sorted(str(one) for one in status.status or ()))
        if status.status == {"failed"}:
            raise Refused(f"{self.provider.name}: {words}")
        return Taken(
            words=f"{self.provider.name}: {words} {name}".strip(),
            provider_id=f"{self.provider.name}:{name}"[:250] if name else "",
        )

    def _meaning(self, error: Exception) -> NotTaken | Refused | Unclear:
        """What is known of the message after this."""
        words = str(error).strip()[:WORDS] or type(error).__name__
        if isinstance(error, exceptions.AnymailRecipientsRefused):
            [*statuses] = {one.status for one in _recipients(error)}
            said = f"{words}: {getattr(error.response, 'text', '')}"[:WORDS]
            return Refused(said, is_hard_bounce=statuses == ["invalid"])
        status = status_of(error)
        if status is not None:
            return of_status(status, words, repeats=self.provider.knows_repeats)
        if isinstance(error, (exceptions.AnymailAPIError, requests.RequestException)):
            self.close()  # whatever is left on this connection belongs to no later message
            if self.provider.package:
                return of_boto(error.__cause__, words)
            return Unclear(words) if self._watch.has_left else ServerTrouble(words)
        if self._watch.has_left:
            return Unclear(words)
        # The message itself can't be put into the provider's words.
        is_its_own = isinstance(error, (exceptions.AnymailError, ValueError, TypeError))
        return Refused(words) if is_its_own else ServerTrouble(words)


def _recipients(error: exceptions.AnymailRecipientsRefused) -> list[Any]:
    return list(error.email_message.anymail_status.recipients.values())


def status_of(error: Exception) -> int | None:
    """The provider's HTTP status; None when it has not answered."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # Amazon's
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status if isinstance(status, int) else None
    status = getattr(response, "status_code", None)
    return status if isinstance(status, int) else None


def of_status(status: int, words: str, *, repeats: bool = False) -> NotTaken | Refused | Unclear:
    """What an answer other than "taken" says.

    2xx in a shape that nobody understands: probably taken. 502 and 504 come from a gateway that
    does not know what became of the request behind it. 4xx is this message's fault, except where it
    speaks of the key, the account, the address of the interface, or the speed.
    """
    if 200 <= status < 300 or status in {502, 504}:
        return Unclear(words)
    if status == 409 and repeats:
        # The same key in another request: one is under way, or was taken with other words.
        return NotTaken(words) if "concurrent" in words.lower() else Unclear(words)
    if status in {408, 409, 425}:
        return NotTaken(words)
    if status >= 500 or 300 <= status < 400 or status in {401, 402, 403, 404, 405, 407, 429}:
        return ServerTrouble(words)
    return Refused(words)


# Of botocore's errors, those after which no request can have left.
BEFORE = {
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "NoCredentialsError",
    "NoRegionError",
    "ParamValidationError",
    "PartialCredentialsError",
    "ProxyConnectionError",
    "SSLError",
}


def of_boto(cause: BaseException | None, words: str) -> NotTaken | Unclear:
    return ServerTrouble(words) if type(cause).__name__ in BEFORE else Unclear(words)
