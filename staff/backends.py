"""Who is signed in: as django-allauth finds them, by a query composed once."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from staff.models import User
from staff.prepared import Prepared


class Backend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: int) -> User | None:
        user = _BY_KEY.first(user_id)
        return user if user and self.user_can_authenticate(user) else None


_BY_KEY = Prepared(lambda pk: User.objects.filter(pk=pk), int)
