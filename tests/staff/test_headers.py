"""What every answer tells the browser, and what no request may hold."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_pages_lend_nothing_and_are_embedded_nowhere(read_only_client: Client) -> None:
    response = read_only_client.get("/")
    assert "camera=()" in response["Permissions-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "script-src" in response["Content-Security-Policy"]
    assert "unsafe-inline" not in response["Content-Security-Policy"].split("style-src-attr")[0]


def test_a_null_in_a_plain_form_is_a_bad_request(manager_client: Client) -> None:
    response = manager_client.post(
        "/surveys/send/", b"q=%00&customer=1", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 400
