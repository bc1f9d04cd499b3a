"""manage.py import reviews."""

from pathlib import Path

import pytest

from crm.imports.kinds import KINDS
from crm.imports.parsing import BadCell, Context
from crm.imports.run import Import
from staff.models import Business
from surveys.models import Review
from surveys.review_imports import rating
from tests.factories import CustomerFactory

REVIEWS = """external_id,customer,site,rating,text,at
1,#{pk},Google,★★★★☆,Warm bread,2026-01-05
2,,Google,5/5,,2026-01-06
3,,Google,6,,2026-01-06
4,nobody,Google,3,,2026-01-06
"""


@pytest.mark.django_db
def test_reviews_come_with_or_without_a_customer(business: Business, tmp_path: Path) -> None:
    customer = CustomerFactory.create()
    path = tmp_path / "reviews.csv"
    path.write_text(REVIEWS.replace("{pk}", str(customer.pk)), encoding="utf-8")

    def bring_in() -> tuple[int, int, int]:
        ask = Import(kind=KINDS["reviews"], path=path, business=business, by=None)
        done = ask.run()
        return done.created, done.unchanged, done.refused

    assert bring_in() == (2, 0, 2)
    assert set(Review.objects.values_list("customer", "rating")) == {(customer.pk, 4), (None, 5)}
    assert bring_in() == (0, 2, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("cell", ["★" * 6, "★" * 99, "☆☆☆", "0", "6/5"])
def test_no_more_stars_than_five_and_none_without(business: Business, cell: str) -> None:
    with pytest.raises(BadCell, match="between 1 and 5"):
        rating(cell, Context(business))
