"""Reads of the customer room; each has a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm.gathering import gathered

if TYPE_CHECKING:
    from crm.models import Customer, Interaction, Tag, Task
    from staff.models import User


# When something last passed, whoever began it.
CONTACTS = ("last_order_at", "last_inbound_at", "last_outbound_at")


def a_year_ago() -> datetime:
    return timezone.now() - timedelta(days=365)


class CustomerQuerySet(QuerySet["Customer"]):
    def active(self) -> Self:
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        return self.filter(archived_at__isnull=False)

    def search(self, text: str) -> Self:
        """Match every word's beginning, folded, in names, e-mails, phones and tags; blank matches all."""
        from crm import search  # it imports the models, which import this module

        return self.filter(search.matching(text))

    def quiet_for(self, days: int) -> Self:
        """Those from whom nothing came for so many days: no word and no purchase, nor are they new."""
        before = timezone.now() - timedelta(days=days)
        unheard = Q(last_inbound_at=None) | Q(last_inbound_at__lt=before)
        unbought = Q(last_order_at=None) | Q(last_order_at__lt=before)
        return self.filter(unheard, unbought, created_at__lt=before)

    def last_contact(self, lookup: str, at: datetime) -> Self:
        """Those with whom something last passed at or after an instant ("gte"), or before ("lt")."""
        if lookup == "gte":
            heard = (Q(**{f"{column}__gte": at}) for column in CONTACTS)
            return self.filter(reduce(or_, heard))
        unheard = (Q(**{column: None}) | Q(**{f"{column}__lt": at}) for column in CONTACTS)
        ever = (Q(**{f"{column}__isnull": False}) for column in CONTACTS)
        return self.filter(*unheard, reduce(or_, ever))

    def tagged(self, tags: Sequence[Tag], how: str = "any") -> Self:
        """Those with any, all or none of these tags."""
        ties = self.model.tags.through.objects
        sets = [[tag] for tag in tags] if how == "all" else [list(tags)]
        found = self
        for one in sets:
            # Exists, not a join: nobody is there twice.
            tied = Exists(ties.filter(customer=OuterRef("pk"), tag__in=one))
            found = found.filter(~tied if how == "none" else tied)
        return found

    def with_open_deal(self, there_is: bool = True) -> Self:
        from crm.models import Deal  # it imports the customer, which imports this module

        found = Exists(Deal.objects.filter(customer=OuterRef("pk"), state="open"))
        return self.filter(found if there_is else ~found)

    def with_late_promise(self) -> Self:
        from crm.models import Task  # it imports the customer, which imports this module

        return self.filter(Exists(Task.objects.promised().late().filter(customer=OuterRef("pk"))))

    def income_of_a_year(self, *, at_least: int | None = None, at_most: int | None = None) -> Self:
        """By what they have brought in the last twelve months, in millionths; nothing is zero.

        What lies on zero's far side is asked of the orders once; what includes those who brought
        nothing is asked customer by customer, which ends when a page is full.
        """
        from crm.models import Order  # it imports the customer, which imports this module

        orders = Order.objects.filter(ordered_at__gte=a_year_ago()).order_by()
        sums = orders.values("customer").annotate(income=Sum("total_micros"))
        own = sums.filter(customer=OuterRef("pk"))
        found = self
        if at_least is not None:
            beyond = sums.filter(income__gte=at_least).values("customer")
            short = Exists(own.filter(income__lt=at_least))
            found = found.filter(pk__in=beyond) if at_least > 0 else found.filter(~short)
        if at_most is not None:
            below = sums.filter(income__lte=at_most).values("customer")
            over = Exists(own.filter(income__gt=at_most))
            found = found.filter(pk__in=below) if at_most < 0 else found.filter(~over)
        return found

    def with_income_of_a_year(self) -> Self:
        """`year_micros`: what they have brought in the last twelve months; null when nothing."""
        from crm.models import Order  # it imports the customer, which imports this module

        orders = Order.objects.filter(customer=OuterRef("pk"), ordered_at__gte=a_year_ago())
        total = orders.order_by().values("customer").annotate(sum=Sum("total_micros"))
        return self.annotate(year_micros=Subquery(total.values("sum")))

    def bought_between(self, start: datetime, end: datetime) -> Self:
        """Those whose last purchase was in [start, end)."""
        return self.filter(last_order_at__gte=start, last_order_at__lt=end)

    def for_page(self) -> Self:
        """What the head of a customer's page shows of the customer; see crm.record for the people there."""
        return self.select_related("owner", "referred_by", "tier").with_tag_words().with_income()

    def with_tag_words(self) -> Self:
        """`tag_words`: their tags as [folded, name], None when there are none; see crm.gathering."""
        from crm.models import Tag  # it imports the customer, which imports this module

        tags = Tag.objects.filter(customers=OuterRef("pk"))
        return self.annotate(tag_words=gathered(tags, "customers", "folded", "name"))

    def with_income(self) -> Self:
        """`income_micros`: what they have brought, refunds taken off, in millionths of the business's
        currency; null when there is nothing yet or an exchange rate is missing.
        """
        from crm.models import Order  # it imports the customer, which imports this module

        orders = Order.objects.filter(customer=OuterRef("pk")).order_by()
        total = orders.values("customer").annotate(sum=Sum("total_micros")).values("sum")
        unknown = Exists(orders.filter(total_micros=None))
        return self.annotate(income_micros=Case(When(unknown, then=None), default=Subquery(total)))

    def with_counts(self) -> Self:
        """`order_count` (purchases) and `referred_count`; no query more."""
        from crm.models import Customer, Order  # they import this module

        bought = Order.objects.filter(customer=OuterRef("pk"), total__gt=0).order_by()
        referred = Customer.objects.filter(referred_by=OuterRef("pk")).order_by()
        return self.annotate(
            order_count=Coalesce(
                Subquery(bought.values("customer").annotate(n=Count("pk")).values("n")), 0
            ),
            referred_count=Coalesce(
                Subquery(referred.values("referred_by").annotate(n=Count("pk")).values("n")), 0
            ),
        )

    def with_merges(self) -> Self:
        """`likely_duplicate` (the key of who may be the same) and the last one who became part of
        them: `merged_name`, `merge_set`, `merged_by`; no query more.
        """
        from crm.models import Duplicate, MergedCustomer  # they import this module

        own = Q(first=OuterRef("pk")) | Q(second=OuterRef("pk"))
        listed = Q(first__archived_at=None, second__archived_at=None)
        pairs = Duplicate.objects.filter(own, listed, dismissed_at=None).order_by("-score", "-pk")
        other = Case(When(first=OuterRef("pk"), then="second"), default="first")
        merged = MergedCustomer.objects.filter(customer=OuterRef("pk")).order_by("-at", "-pk")
        return self.annotate(
            likely_duplicate=Subquery(pairs.annotate(other=other).values("other")[:1]),
            merged_name=Subquery(merged.values("name")[:1]),
            merge_set=Subquery(merged.values("change_set")[:1]),
            merged_by=Subquery(merged.values("change_set__by")[:1]),
        )


class InteractionQuerySet(QuerySet["Interaction"]):
    def timeline(self) -> Self:
        """Newest first, by the index that pages a customer's timeline."""
        return self.order_by("-occurred_at", "-id")

    def for_timeline(self, customer: Customer) -> Self:
        """What a timeline shows of each: who, with whom, and `has_body` for the text behind it."""
        from crm.models import InteractionBody  # it imports this module

        body = InteractionBody.objects.filter(interaction=OuterRef("pk"))
        return (
            self.filter(customer=customer)
            .timeline()
            .select_related("by", "contact")
            .annotate(has_body=Exists(body))
        )


class TaskQuerySet(QuerySet["Task"]):
    def open(self) -> Self:
        return self.filter(done_at=None)

    def of(self, user: User) -> Self:
        return self.filter(owner=user)

    def promised(self) -> Self:
        return self.filter(is_promise=True)

    def late(self, now: datetime | None = None) -> Self:
        """Open, and their due time has passed."""
        return self.open().filter(due_at__lt=now or timezone.now())

    def due(self, now: datetime | None = None) -> Self:
        """Open, not late yet, and due before the local day ends."""
        now = now or timezone.now()
        tomorrow = timezone.localtime(now).date() + timedelta(days=1)
        midnight = timezone.make_aware(datetime.combine(tomorrow, time.min))
        return self.open().filter(due_at__gte=now, due_at__lt=midnight)

    def for_list(self) -> Self:
        """What a row of a task list shows, the most pressing first, those without a due time last."""
        return self.select_related("customer", "owner").order_by("due_at", "pk")
