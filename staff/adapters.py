"""How sign-in differs from django-allauth's defaults."""

from typing import Any, ClassVar
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from staff.mailing import sender
from staff.models import Business


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up alone: people are invited, or made at the first set-up."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("Your access has been switched off. Ask an owner of the business."),
        "email_password_mismatch": _("E-mail or password is not right."),
        "enter_current_password": _("This is not your password until now."),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_from_email(self) -> str:
        return sender(Business.current())

    def get_reset_password_from_key_url(self, key: str) -> str:
        """From BASE_URL: whoever sends a Host header must not choose where the link leads."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.BASE_URL}{path.replace('UID-KEY', quote(key))}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        super().send_mail(template_prefix, email, context | {"business": Business.current()})

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Only what the page itself doesn't show: that one has just signed in is plain to see."""
        template = kwargs.get("message_template") or (args[2] if len(args) > 2 else "")
        if template not in QUIET:
            super().add_message(*args, **kwargs)


QUIET = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The authenticator app shows the business's name beside the address."""

    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right, or it has been used already."),
    }

    def get_totp_issuer(self) -> str:
        business = Business.current()
        return business.name if business else str(super().get_totp_issuer())
