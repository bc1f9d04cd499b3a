"""What a person wants to hear of by mail."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from support.actions.notices import CHOICES
from support.models import NoticeChoice


class NoticeForm(forms.ModelForm[NoticeChoice]):
    class Meta:
        model = NoticeChoice
        fields: ClassVar = list(CHOICES)
        labels: ClassVar = {
            "mentioned": _("Somebody mentions me in a note"),
            "assigned": _("A ticket is given to me"),
            "answered": _("A customer writes in a ticket of mine"),
            "watched": _("A customer writes in a ticket that I watch"),
            "due": _("A ticket of mine, or of my queue, is due soon"),
        }
        help_texts: ClassVar = {
            "answered": _("If you answer that mail, the customer gets your answer."),
        }
