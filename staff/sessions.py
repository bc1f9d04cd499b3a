"""Django's sessions in the database, read by a query composed once: every page begins with it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

from staff.prepared import Prepared


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> AbstractBaseSession | None:
        found = _ALIVE.first(self.session_key, timezone.now())
        if found is None:
            self._session_key = None
        return found


_ALIVE = Prepared(
    lambda key, now: SessionStore.get_model_class().objects.filter(
        session_key=key, expire_date__gt=now
    ),
    str,
    datetime,
)
