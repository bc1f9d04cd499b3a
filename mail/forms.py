"""What people type in the post room."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from mail.models import Scope


class SuppressionForm(forms.Form):
    """An address that somebody asked, in person or on the telephone, not to be written to."""

    address = forms.EmailField(label=_("E-mail address"), max_length=254)
    scope = forms.ChoiceField(
        label=_("Stop"),
        choices=lambda: [(value, capfirst(label)) for value, label in Scope.choices],
        initial=Scope.ALL,
    )
