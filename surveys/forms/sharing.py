"""Where a survey can be answered by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.actions.sharing import SlugTaken, is_taken
from surveys.models import Survey

if TYPE_CHECKING:
    SurveyModelForm = forms.ModelForm[Survey]
else:  # generic for the type checker alone
    SurveyModelForm = forms.ModelForm

MOST_SITES = 20


class SharingForm(SurveyModelForm):
    sites = forms.CharField(
        label=gettext_lazy("Sites that may show the widget, one a line"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "https://www.example.com"}),
    )

    class Meta:
        model = Survey
        fields = ("is_public", "slug")
        help_texts = {  # noqa: RUF012 - Django's own shape
            "is_public": gettext_lazy(
                "Whoever has the link may answer, once from each browser. "
                "These answers belong to no customer."
            ),
            "slug": gettext_lazy(
                "Letters, digits and hyphens. Printed codes stop working when it changes."
            ),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["slug"].required = True
        self.initial["sites"] = "\n".join(self.instance.embedded_on)

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        # Said here too, before the constraint says it less kindly.
        if is_taken(self.instance, slug):
            raise forms.ValidationError(str(SlugTaken()))
        return slug

    def clean_sites(self) -> list[str]:
        """Origins: what comes after the host in an address that was pasted is left out."""
        written = [line.strip() for line in self.cleaned_data["sites"].splitlines()]
        sites = list(dict.fromkeys(origin_of(line) for line in written if line))
        if len(sites) > MOST_SITES:
            raise forms.ValidationError(
                _("That is more than %(most)s sites.") % {"most": MOST_SITES}
            )
        return sites


def origin_of(address: str) -> str:
    """ "https://shop.example" of any address there; refuses what is none."""
    wrong = forms.ValidationError(
        _("“%(address)s” is no address of a site. Write it like https://www.example.com"),
        params={"address": address},
    )
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, port = parts.hostname or "", parts.port
        host = host.encode("idna").decode("ascii")
    except ValueError as error:
        raise wrong from error
    plain = host.replace("-", "").replace(".", "")
    if parts.scheme not in {"http", "https"} or not plain.isalnum() or parts.username:
        raise wrong
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"
