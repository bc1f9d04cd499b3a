"""Files for a customer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from staff.uploads import FilesField


class FilesForm(forms.Form):
    attachments = FilesField(
        required=True, error_messages={"required": _("Choose a file, or drop some here.")}
    )
