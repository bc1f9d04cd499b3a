"""Encryption and sign-in on real TLS: used when asked for, and never done without."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pytest_django import Settings

from mail import delivery
from mail.actions import queue_email
from mail.models import OutgoingEmail
from staff.models import Business
from tests.mail import certificates
from tests.mail.drafting import draft
from tests.mail.servers import Misbehaving
from tests.services.processes import free_port

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State


class Guarded(Misbehaving):
    """Takes mail only from who signed in, which it offers only under encryption."""

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 sign in first"
        return await super().handle_MAIL(server, session, envelope, address, options)


def knows(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data == LoginPassword(b"u@x", b"p/w"), handled=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificates.write(tmp_path)


@pytest.fixture
def server(certificate: Path, business: Business) -> Iterator[Guarded]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    guarded = Guarded()
    guarded.port = free_port()
    controller = Controller(
        guarded,
        hostname="127.0.0.1",
        port=guarded.port,
        tls_context=context,
        require_starttls=True,
        authenticator=knows,
        auth_required=False,
    )
    controller.start()
    yield guarded
    controller.stop()


def sent(settings: Settings, url: str) -> OutgoingEmail:
    settings.EMAIL_URL = url
    row = queue_email(draft())
    delivery.sweep()
    row.refresh_from_db()
    return row


def test_a_message_travels_encrypted_and_signed_in(
    server: Guarded, settings: Settings, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    row = sent(settings, f"smtp://u%40x:p%2Fw@127.0.0.1:{server.port}?tls=starttls")
    assert (row.state, row.detail) == (State.SENT, "250 2.0.0 taken")


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    server: Guarded, settings: Settings
) -> None:
    row = sent(settings, f"smtp://u%40x:p%2Fw@127.0.0.1:{server.port}?tls=starttls")
    assert row.state == State.QUEUED
    assert "certificate" in row.detail.lower()
    assert server.seen == []


def test_a_wrong_password_keeps_everything_in_the_queue(
    server: Guarded, settings: Settings, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queue_email(draft(1))
    row = sent(settings, f"smtp://u%40x:wrong@127.0.0.1:{server.port}?tls=starttls")
    assert row.state == State.QUEUED
    assert OutgoingEmail.objects.order_by("pk")[0].detail.startswith("535")
    assert row.attempts == 0  # the first told enough
    assert server.seen == []


def test_a_server_that_insists_on_encryption_gets_none_without_being_told(
    server: Guarded, settings: Settings
) -> None:
    row = sent(settings, f"smtp://127.0.0.1:{server.port}?tls=none")
    assert row.state == State.QUEUED
    assert row.detail.startswith("530")
