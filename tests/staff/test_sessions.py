"""Sessions: Django's own, read in a quicker way."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from staff.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_what_was_kept_is_there_until_it_expires() -> None:
    kept = SessionStore()
    kept["basket"] = ["bread"]
    kept.save()

    assert SessionStore(kept.session_key)["basket"] == ["bread"]

    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    late = SessionStore(kept.session_key)
    assert "basket" not in late
    assert late.session_key is None, "a new one gets a key of its own"


@pytest.mark.parametrize("key", ["x" * 32, "short", "'; drop table"])
def test_a_key_that_nobody_was_given_opens_nothing(key: str) -> None:
    assert SessionStore(key).get("basket") is None
