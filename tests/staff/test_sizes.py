"""A stranger can't fill the disk with one request."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from staff import sizes
from staff.models import Business

pytestmark = pytest.mark.django_db


def send(client: Client, path: str) -> int:
    return client.post(path, {"files": SimpleUploadedFile("a.txt", b"x" * 2000)}).status_code


def test_too_much_is_refused_before_it_is_read(
    client: Client, owner_client: Client, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(client, "/feedback/") == 422
    monkeypatch.setattr(sizes, "LARGEST", 1000)

    for path in ("/feedback/", "/accounts/login/", "/no-such-page/"):
        assert send(client, path) == 413
    assert send(owner_client, "/feedback/") == 422  # whoever is signed in may import much
    assert client.get("/feedback/").status_code == 200
