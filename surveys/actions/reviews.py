"""What customers said elsewhere, written down by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Customer
from staff import audit
from staff.access import Role
from staff.changes import open_change_set, record_deleted
from staff.models import ChangeSet, User
from staff.refusals import Refusal
from surveys.models import Review

FIELDS = ("site", "rating", "text", "at", "customer")


class ReviewAhead(Refusal):
    message = _("This moment has not come yet.")


class ReviewGone(Refusal):
    message = _("This review is not there any more.")


def can_write_reviews(user: User) -> bool:
    return user.has_role(Role.AGENT)


@transaction.atomic
def record_review(
    *, site: str, rating: int, text: str, at: datetime, customer: Customer | None, by: User
) -> Review:
    """Raises ReviewAhead."""
    review = Review(site=site, rating=rating, text=text, at=at, customer=customer)
    _refuse_ahead(review)
    review.save()
    changes = audit.diff({}, review, FIELDS)
    audit.record(by=by, action="review.create", target=review, changes=changes)
    return review


@transaction.atomic
def correct_review(*, review: Review, by: User, **values: Any) -> Review:
    """Change what of FIELDS is given. Raises ReviewAhead or ReviewGone."""
    review = _current(review)
    before = audit.values(review, FIELDS)
    for name in set(values) & set(FIELDS):
        setattr(review, name, values[name])
    _refuse_ahead(review)
    if changes := audit.diff(before, review, FIELDS):
        review.save(update_fields=FIELDS)
        audit.record(by=by, action="review.update", target=review, changes=changes)
    return review


@transaction.atomic
def delete_review(*, review: Review, by: User) -> ChangeSet:
    """Returns the change set that takes it back. Raises ReviewGone."""
    review = _current(review)
    change_set = open_change_set(kind="surveys.review_delete", label=str(review), by=by)
    record_deleted(change_set, [review])
    audit.record(
        by=by,
        action="review.delete",
        target=review,
        changes={"site": [review.site, None], "rating": [review.rating, None]},
        change_set=change_set,
    )
    review.delete()
    return change_set


def _current(review: Review) -> Review:
    current = Review.objects.select_for_update().filter(pk=review.pk).first()
    if current is None:
        raise ReviewGone
    return current


def _refuse_ahead(review: Review) -> None:
    if review.at > timezone.now():
        raise ReviewAhead
