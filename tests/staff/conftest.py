import pytest

from staff.models import AuditEntry


@pytest.fixture
def empty_trail(db: None) -> None:
    """Without what migrations wrote, so that a test sees its own entries."""
    AuditEntry.objects.all().delete()
