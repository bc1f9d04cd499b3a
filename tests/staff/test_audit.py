from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import models

from crm.models import Customer, Order
from staff import audit
from staff.columns import from_json, to_json
from staff.models import AuditEntry, Business, User


def test_a_diff_names_only_what_changed_in_json_types(agent: User):
    customer = Customer.objects.create(name="Ada", name_folded="ada")
    before = audit.values(customer, ["name", "owner_id", "archived_at", "city"])
    customer.name = "Ada Lovelace"
    customer.owner = agent
    customer.archived_at = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)

    assert audit.diff(before, customer, ["name", "owner_id", "archived_at", "city"]) == {
        "name": ["Ada", "Ada Lovelace"],
        "owner_id": [None, agent.pk],
        "archived_at": [None, "2026-03-01T12:00:00.000001+00:00"],
    }


def test_an_entry_outlives_what_it_tells_of(owner: User):
    customer = Customer.objects.create(name="Ada", name_folded="ada")
    key = customer.pk

    audit.record(by=owner, action="customer.delete", target=customer)
    customer.delete()

    entry = AuditEntry.objects.get(action="customer.delete")
    assert (entry.target_model, entry.target_id, entry.by) == ("crm.customer", key, owner)


@pytest.mark.parametrize(
    ("model", "column", "value"),
    [
        (Order, "total", Decimal("12.50")),
        (Order, "rate", Decimal("0.00000001")),
        (Order, "total", Decimal("-999999999999.99")),
        (Order, "ordered_at", datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        (Customer, "birthday", datetime(1990, 2, 28, tzinfo=UTC).date()),
        (Customer, "custom", {"shoe size": [42, None, "ñ"]}),
        (Business, "languages", ["es", "en"]),
        (User, "is_active", False),
        (User, "name", "true"),
    ],
)
def test_column_values_survive_json_exactly(model: type[models.Model], column: str, value: object):
    back = from_json(model._meta.get_field(column), to_json(value))

    assert back == value
    assert type(back) is type(value)
