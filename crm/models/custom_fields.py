"""Fields of one's own on customers: defined in settings, kept in `Customer.custom`."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CustomField(models.Model):
    """One field; its value lives in `Customer.custom[key]`, in JSON's own types (crm.custom).

    Text and choices are strings, numbers decimal strings, dates ISO strings, yes/no booleans; an
    empty value has no key. The key never changes: files and saved segments name it.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        CHOICE = "choice", pgettext_lazy("kind of field", "choice")
        YES_NO = "yes_no", _("yes or no")

    key = models.CharField(max_length=60, unique=True, validators=[RegexValidator(r"^[a-z0-9_]+$")])
    label = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    # The words to choose from, in their order; empty for other kinds.
    choices = models.JSONField(_("choices"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    # Out of forms and filters; what was filled in stays.
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("field")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["text", "number", "date", "choice", "yes_no"]),
                name="crm_custom_field_kind",
            ),
            models.CheckConstraint(condition=~Q(label=""), name="crm_custom_field_named"),
        ]

    def __str__(self) -> str:
        return self.label
