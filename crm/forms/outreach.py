"""Writing an outreach: to whom, when, and the words in each language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from crm import custom, segments
from crm.actions.outreach import COUNTING_DAYS
from crm.forms.fields import DayField, MomentField
from crm.models import Outreach, Segment
from crm.outreach.merging import unknown
from crm.outreach.rendering import holds_from
from staff.models import Business, User

Moment = Outreach.Moment
LONGEST = {"subject": 150, "body": 8000}
WORDS = ("subject", "body")


class OutreachForm(forms.Form):
    """The settings, and fields `subject_<language>` and `body_<language>`.

    An announced change has no moment, but a day from which it holds.
    """

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("Only your team sees it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    segment = forms.ModelChoiceField(
        label=gettext_lazy("To whom"),
        queryset=Segment.objects.none(),
        required=False,
        empty_label=str(gettext_lazy("All customers and leads")),
        help_text=gettext_lazy("Save filters of your customer list as a segment to find it here."),
    )
    moment = forms.ChoiceField(label=gettext_lazy("When"), choices=Moment.choices)
    days = forms.IntegerField(
        label=gettext_lazy("Days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=gettext_lazy("After a purchase, before a contract ends, or of silence."),
    )
    due_at = MomentField(
        label=gettext_lazy("Not before"),
        required=False,
        help_text=gettext_lazy("Left empty, it leaves as soon as a manager sends it."),
    )
    holds_from = DayField(label=gettext_lazy("From when it holds"))

    def __init__(
        self,
        *args: Any,
        user: User,
        business: Business,
        purpose: str,
        outreach: Outreach | None = None,
        **options: Any,
    ) -> None:
        self.business, self.purpose = business, purpose
        self.languages = list(dict.fromkeys([business.language, *business.languages]))
        self.is_change = purpose == Outreach.Purpose.CHANGE
        given = _initial(outreach) if outreach else {}
        options["initial"] = given | options.get("initial", {})
        super().__init__(*args, **options)
        seen = segments.visible_to(user)
        if outreach and outreach.segment_id:
            seen = seen | Segment.objects.filter(pk=outreach.segment_id)
        self._field("segment").queryset = seen.order_by("name", "pk")
        self._field("segment").empty_label = _("All customers and leads")
        self._field("segment").label_from_instance = lambda one: segments.name_for(one, user)
        for name in ("moment", "days") if self.is_change else ("holds_from",):
            del self.fields[name]
        if outreach and outreach.state != Outreach.State.DRAFT:
            self.fields["moment"].disabled = True
        self._add_words(outreach)
        self._custom = [field.key for field in custom.fields()]

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def _add_words(self, outreach: Outreach | None) -> None:
        known = outreach.texts if outreach else {}
        for code in self.languages:
            own = known.get(code, {}) if outreach else self._beginning(code)
            is_main = code == self.business.language
            for name in WORDS:
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=_("Subject") if name == "subject" else _("Text"),
                    required=is_main,
                    max_length=LONGEST[name],
                    initial=own.get(name, ""),
                    widget=forms.TextInput(attrs={"lang": code, "autocomplete": "off"})
                    if name == "subject"
                    else forms.Textarea(attrs={"rows": 10, "lang": code}),
                )

    def _beginning(self, code: str) -> dict[str, str]:
        """How a letter begins, in its own language; only the main one, so that none is left half done."""
        if code != self.business.language:
            return {}
        with override(code):
            # Translators: what stands before the bar within the braces is a name, and stays.
            hello = _("Hello {first_name|friend},")
            if not self.is_change:
                return {"body": f"{hello}\n\n"}
            return {
                "subject": _("Something changes on {date}"),
                "body": f"{hello}\n\n\n\n" + _("This holds from {date}."),
            }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        needs_days = cleaned.get("moment") in COUNTING_DAYS and "days" not in self.errors
        if needs_days and not cleaned.get("days"):
            self.add_error("days", _("Say how many days."))
        due_at = cleaned.get("due_at")
        if due_at and due_at < timezone.now() and "due_at" in self.changed_data:
            self.add_error("due_at", _("This hour is over already."))
        for code in self.languages:
            self._check_words(code, cleaned)
        return cleaned

    def _check_words(self, code: str, cleaned: dict[str, Any]) -> None:
        given = {name: cleaned.get(f"{name}_{code}", "") for name in WORDS}
        for name, text in given.items():
            field = f"{name}_{code}"
            if found := unknown(text, self._custom):
                names = ", ".join(f"{{{one}}}" for one in found)
                self.add_error(field, _("There is no such field: %(names)s") % {"names": names})
            if not text and any(given.values()) and field not in self.errors:
                self.add_error(field, _("Write both, a subject and a text, or neither."))

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes."""
        cleaned = self.cleaned_data
        known = ("name", "segment", "moment", "days", "due_at", "holds_from")
        texts = {
            code: {name: cleaned[f"{name}_{code}"] for name in WORDS} for code in self.languages
        }
        return {name: cleaned[name] for name in known if name in cleaned} | {
            "purpose": self.purpose,
            "texts": texts,
        }

    def unsaved(self) -> Outreach:
        """What is written at this moment, right or wrong: for a look at it."""
        texts: dict[str, Any] = {}
        for code in self.languages:
            words = {name: str(self[f"{name}_{code}"].value() or "") for name in WORDS}
            if any(words.values()):
                texts[code] = words
        given = self.cleaned_data if self.is_bound else self.initial
        if day := given.get("holds_from"):
            texts["from"] = day.isoformat()
        chosen = given.get("segment")
        if chosen and not isinstance(chosen, Segment):
            chosen = self._field("segment").queryset.filter(pk=chosen).first()
        return Outreach(purpose=self.purpose, texts=texts, segment=chosen)

    def setting_fields(self) -> list[forms.BoundField]:
        words = {f"{name}_{code}" for code in self.languages for name in WORDS}
        return [self[name] for name in self.fields if name not in words]

    def word_fields(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        """By language: its fields, and whether they stand open."""
        found = []
        for code in self.languages:
            fields = [self[f"{name}_{code}"] for name in WORDS]
            has_any = any(field.value() or field.errors for field in fields)
            found.append((code, fields, has_any or code == self.business.language))
        return found


def _initial(outreach: Outreach) -> dict[str, Any]:
    return {
        "name": outreach.name,
        "segment": outreach.segment_id,
        "moment": outreach.moment,
        "days": outreach.days,
        "due_at": outreach.due_at,
        "holds_from": holds_from(outreach),
    }
