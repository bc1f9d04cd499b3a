"""A form that anybody may fill in: it keeps what was typed, needs no cookie, and is sent once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, ClassVar

from django import forms

from staff.public import stamps
from staff.refusals import Refusal

LONGEST_TEXT = 10_000


class PublicForm(forms.Form):
    """With a stamp instead of a cookie, and a field that no person sees."""

    PURPOSE: ClassVar[str] = ""
    FASTEST: ClassVar[timedelta] = stamps.FASTEST
    # Programs that fill in whatever they find give themselves away.
    TRAP = "website"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.once_key = ""
        for field in self.fields.values():
            if not isinstance(field.widget, (forms.RadioSelect, forms.CheckboxInput)):
                field.widget.attrs.setdefault("class", "form-control")

    def clean(self) -> dict[str, Any]:
        """Subclasses look at their fields first: the stamp is spoken of only when all else is right."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            key = stamps.key_of(self.data.get("stamp", ""), self.PURPOSE, fastest=self.FASTEST)
        except Refusal as refusal:
            self.add_error(None, str(refusal))
        else:
            # Who goes back and writes something else in the same form has said something else.
            said = [f"{name}={data[name]}" for name in sorted(data) if isinstance(data[name], str)]
            self.once_key = hashlib.sha256("\0".join([key, *said]).encode()).hexdigest()
        return data

    @property
    def is_programs(self) -> bool:
        """Whether a program filled it in."""
        return bool(self.data.get(self.TRAP))

    @property
    def stamp(self) -> str:
        """For the form as it is shown: the same again while it is good, so that twice is once."""
        given = self.data.get("stamp", "") if self.is_bound else ""
        good = given and stamps.may_be_pressed_again(given, self.PURPOSE)
        return given if good else stamps.new_stamp(self.PURPOSE)


def text_field(label: Any, *, rows: int = 6, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=options.pop("max_length", LONGEST_TEXT),
        widget=forms.Textarea(attrs={"rows": rows}),
        **options,
    )
