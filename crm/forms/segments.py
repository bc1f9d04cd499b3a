"""A question about customers under a name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm import segments
from staff.models import User


class SegmentForm(forms.Form):
    """A name; managers may offer it to everybody."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    query = forms.CharField(widget=forms.HiddenInput, max_length=4000, required=False)
    is_shared = forms.BooleanField(required=False, label=gettext_lazy("Everybody sees it"))

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if not segments.can_share(user):
            del self.fields["is_shared"]
