"""/healthz and /readyz: what a monitor learns, and that it learns no more."""

import pytest
from django.db import connection
from django.test import Client, override_settings


@pytest.mark.django_db
def test_healthz_answers_before_there_is_a_business(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_says_that_database_cache_and_broker_answer(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": True, "cache": True, "broker": True}


@pytest.mark.django_db
def test_readyz_names_a_cache_that_does_not_answer(client: Client) -> None:
    nobody_listens = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with override_settings(CACHES=nobody_listens):
        response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": True, "cache": False, "broker": True}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_refuses_to_be_posted_to(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_foreign_keys_and_immediate_transactions_are_on_in_sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own switches")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA foreign_keys")
        assert cursor.fetchone() == (1,)
    assert connection.transaction_mode == "IMMEDIATE"  # type: ignore[attr-defined]
