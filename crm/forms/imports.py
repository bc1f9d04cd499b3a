"""A file that comes in: what it is, and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from crm.imports import words
from crm.imports.kinds import ImportKind
from crm.imports.reading import ENCODINGS, FileShape

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField

# A million customers are some 150 MB.
LARGEST_FILE = 300 * 1024 * 1024
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")


class ImportFileField(forms.FileField):
    """A file that may hold a table: its size and ending are checked, its content by who reads it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", pgettext_lazy("to choose", "File"))
        super().__init__(
            widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
            error_messages={
                "required": gettext_lazy("Choose a file first."),
                "missing": gettext_lazy("Choose a file first."),
                "empty": gettext_lazy("This file is empty."),
            },
            **options,
        )
        self.help_text = self.help_text or gettext_lazy(
            "Choose it or drop it here: CSV, TSV, Excel or OpenDocument, up to 300 MB."
        )

    def clean(self, data: Any, initial: Any = None) -> UploadedFile[Any]:
        uploaded: UploadedFile[Any] = super().clean(data, initial)
        if (uploaded.size or 0) > LARGEST_FILE:
            size = filesizeformat(LARGEST_FILE)
            raise ValidationError(
                _("This file is too large: it can have at most %(size)s.") % {"size": size},
                code="size",
            )
        if PurePosixPath(uploaded.name or "").suffix.lower() not in ENDINGS:
            raise ValidationError(
                _("This is no table that we read. Save it as CSV or XLSX and choose that file."),
                code="ending",
            )
        return uploaded


def kind_choices() -> list[tuple[str, str]]:
    found = pgettext("kind of file", "Tell it by its columns")
    return [("", found), *((name, words.kind_label(name)) for name in words.kind_names())]


class UploadForm(forms.Form):
    file = ImportFileField()
    kind = forms.ChoiceField(
        label=gettext_lazy("What is in it"), choices=kind_choices, required=False
    )


class CorrectedFileForm(forms.Form):
    """The refused rows again, corrected: read as the file was that they were refused from."""

    file = ImportFileField(
        label=gettext_lazy("Corrected file"),
        help_text=gettext_lazy("The downloaded rows with their mistakes corrected."),
    )


SEPARATOR_LABELS = {
    ",": gettext_lazy("comma"),
    ";": gettext_lazy("semicolon"),
    "\t": gettext_lazy("tab"),
    "|": gettext_lazy("vertical bar"),
}
ENCODING_LABELS = {
    "utf-8-sig": gettext_lazy("UTF-8 (usual today)"),
    "cp1252": gettext_lazy("Windows (Western Europe, Latin 1)"),
    "iso-8859-15": gettext_lazy("Latin 9 (with €)"),
    "utf-16": "UTF-16",
    "mac_roman": gettext_lazy("Mac (old)"),
}


class ReadingForm(forms.Form):
    """How the file is written, where it was not seen rightly."""

    encoding = forms.ChoiceField(
        label=gettext_lazy("Letters"),
        choices=[(name, ENCODING_LABELS.get(name, name)) for name in ENCODINGS],
        required=False,
        help_text=gettext_lazy("Wrong when you see Ã± instead of ñ."),
    )
    separator = forms.ChoiceField(
        label=gettext_lazy("Columns are separated by"),
        choices=list(SEPARATOR_LABELS.items()),
        required=False,
    )

    def __init__(self, data: Any = None, *, shape: FileShape) -> None:
        super().__init__(data, initial=shape.choices)
        if shape.sheets:
            del self.fields["encoding"], self.fields["separator"]
            self.fields["sheet"] = forms.ChoiceField(
                label=_("Sheet"), choices=[(name, name) for name in shape.sheets], required=False
            )


class ColumnsForm(forms.Form):
    """What each column of the file gives, and how cells are read that can be read in two ways."""

    decimal = forms.ChoiceField(
        label=gettext_lazy("Numbers are written"),
        choices=[
            ("", pgettext_lazy("numbers", "told cell by cell")),
            (",", pgettext_lazy("numbers", "1.234,56 (decimal comma)")),
            (".", pgettext_lazy("numbers", "1,234.56 (decimal point)")),
        ],
        required=False,
    )
    dates = forms.ChoiceField(
        label=gettext_lazy("Dates are written"),
        choices=[
            ("", pgettext_lazy("dates", "told cell by cell")),
            ("dmy", pgettext_lazy("dates", "31/12/2026 (day first)")),
            ("mdy", pgettext_lazy("dates", "12/31/2026 (month first)")),
        ],
        required=False,
    )
    source = forms.CharField(
        label=gettext_lazy("Name of the system that the numbers are from"),
        help_text=gettext_lazy(
            "Rows with the same number and the same name here are one: importing again updates them."
        ),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "import"}),
    )
    create_customers = forms.BooleanField(
        label=gettext_lazy("Make customers that rows name and nobody knows yet"), required=False
    )

    def __init__(
        self,
        data: Any = None,
        *,
        kind: ImportKind,
        shape: FileShape,
        mapping: Mapping[str, str],
        custom: Mapping[str, str],
        initial: Mapping[str, Any],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self.kind, self.shape, self._custom = kind, shape, custom
        targets = {column: target for target, column in mapping.items() if column}
        choices = self._choices(mapping)
        for place, name in self._columns():
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=name,
                choices=choices,
                required=False,
                initial=targets.get(name, ""),
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        if not any(column.name == "customer" for column in kind.columns):
            del self.fields["create_customers"]

    def _columns(self) -> Iterator[tuple[int, str]]:
        return ((place, name) for place, name in enumerate(self.shape.header) if name)

    def _choices(self, mapping: Mapping[str, str]) -> list[Any]:
        """Targets in words, needed ones first and marked; fields of one's own in a group."""
        needed = _("%(name)s (needed)")
        columns = sorted(self.kind.columns, key=lambda column: not column.required)
        offered: list[Any] = [("", pgettext("column of a file", "— leave it out —"))]
        for column in columns:
            label = self._label(column.name)
            offered.append((column.name, needed % {"name": label} if column.required else label))
        prefix = self.kind.open_prefix
        if prefix:
            named = {f"{prefix}{key}": label for key, label in self._custom.items()}
            # What the header itself calls so, or a mapping from the command line.
            others = [target for target in mapping if target.startswith(prefix)]
            named |= {target: self._label(target) for target in others}
            if named:
                offered.append((_("Your own fields"), list(named.items())))
        return offered

    def _label(self, target: str) -> str:
        return words.target_label(self.kind.name, target, self._custom)

    def columns(self) -> Iterator[tuple[BoundField, list[str]]]:
        """Each column's field with a few of its cells, blank ones left out."""
        for place, _name in self._columns():
            cells = (row[place].strip() for row in self.shape.sample)
            samples = list(dict.fromkeys(cell[:60] for cell in cells if cell))[:3]
            yield self[f"column_{place}"], samples

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        mapping: dict[str, str] = {}
        for place, name in self._columns():
            target = cleaned.get(f"column_{place}")
            if target and target in mapping:
                told = {"target": self._label(target), "column": mapping[target]}
                self.add_error(
                    f"column_{place}",
                    _("%(target)s is taken from the column “%(column)s” already.") % told,
                )
            elif target:
                mapping[target] = name
        missing = [c.name for c in self.kind.columns if c.required and c.name not in mapping]
        if missing and not self.errors:
            names = ", ".join(self._label(name) for name in missing)
            raise ValidationError(
                _("No column gives what each row needs: %(names)s.") % {"names": names},
                code="missing",
            )
        cleaned["mapping"] = mapping
        return cleaned
