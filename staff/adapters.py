"""How sign-in differs from django-allauth's defaults."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up alone: people are invited, or made at the first set-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
