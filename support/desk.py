"""The desk as it is set up: its settings, its default queue, what is there from the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.db import connections, transaction
from django.utils import translation
from django.utils.translation import pgettext

from crm.folding import fold
from staff.models import Business
from staff.prepared import Prepared
from support.models import Category, Queue, SupportSettings


def settings() -> SupportSettings:
    """The desk's rules; made with their defaults when first asked for."""
    found = SupportSettings.objects.filter(pk=1).first()
    if found is None:
        # Two who ask at once: the key decides, and both read the one row.
        SupportSettings.objects.bulk_create([SupportSettings(pk=1)], ignore_conflicts=True)
        found = SupportSettings.objects.get(pk=1)
    return found


def default_queue() -> Queue:
    """Where a ticket goes when nothing says otherwise; made when first needed, as the rest is."""
    return _DEFAULT.first() or _make_default_queue()


_DEFAULT = Prepared(lambda _value: Queue.objects.filter(is_default=True))


@transaction.atomic
def _make_default_queue() -> Queue:
    with translation.override(_language()):
        name = pgettext("queue", "General")
    install_categories()
    queue = Queue(name=name, is_default=True)
    Queue.objects.bulk_create([queue], ignore_conflicts=True)
    if found := Queue.objects.filter(is_default=True).first():
        return found
    # Somebody has called another one so: that one takes what fits nowhere else.
    Queue.objects.filter(name=name).update(is_default=True, archived_at=None)
    return Queue.objects.get(is_default=True)


def install_categories() -> None:
    """A few to begin with, in the business's language; none where there are any."""
    if Category.objects.exists():
        return
    with translation.override(_language()):
        names = [
            pgettext("category", "Order"),
            pgettext("category", "Delivery"),
            pgettext("category", "Product"),
            pgettext("category", "Payment"),
            pgettext("category", "Return"),
            pgettext("category", "Other"),
        ]
    Category.objects.bulk_create(
        [Category(name=name, folded=fold(name)) for name in names], ignore_conflicts=True
    )


def _language() -> str:
    business = Business.current()
    return business.language if business else django_settings.LANGUAGE_CODE


def install(using: str = "default", **_signal: Any) -> None:
    """Make what the desk begins with, once the business is there; called after each migrate."""
    tables = set(connections[using].introspection.table_names())
    if not {"support_queue", "support_category", "support_supportsettings"} <= tables:
        return
    if Business.current() is None:
        return  # its language is not known yet: made when first needed
    settings()
    default_queue()
    install_categories()
