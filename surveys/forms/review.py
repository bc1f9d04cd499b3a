"""A review on another site."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.forms.fields import CustomerField, MomentField
from surveys.models import Review

STARS = [(str(number), "★" * number + "☆" * (5 - number)) for number in range(5, 0, -1)]


class ReviewForm(forms.Form):
    site = forms.CharField(
        label=_("Site"), max_length=60, help_text=_("Google, Trustpilot, TripAdvisor …")
    )
    rating = forms.TypedChoiceField(label=_("Stars"), choices=STARS, coerce=int, initial="5")
    text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    at = MomentField(label=pgettext_lazy("of a review", "When"))
    customer = CustomerField(
        label=_("Customer"),
        required=False,
        help_text=_("When you know who wrote it."),
    )

    def __init__(self, *args: Any, review: Review | None = None, **options: Any) -> None:
        if review is not None:
            options["initial"] = {
                "site": review.site,
                "rating": str(review.rating),
                "text": review.text,
                "at": review.at,
                "customer": review.customer,
            }
        super().__init__(*args, **options)
        if review is None:
            self.fields["at"].initial = timezone.now()
