"""Taking in files that people attach: a few, not large, and none that runs when one opens it."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from staff.downloads import ALLOWED_TYPES, UNTYPED, clean_name, image_type, is_dangerous
from staff.files import store_file
from staff.models import StoredFile
from staff.refusals import Refusal

MOST_FILES = 10
LARGEST_FILE = 10 * 1024 * 1024
LARGEST_TOGETHER = 25 * 1024 * 1024

# How programs begin, whatever they are called: Windows, Linux, macOS (five ways), a script's first line.
_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
    b"L\x00\x00\x00\x01\x14\x02\x00",
)
# How files of these types begin; another beginning means that the name is wrong.
_BEGINNINGS = {
    "application/pdf": b"%PDF-",
    "application/zip": b"PK",
    "application/gzip": b"\x1f\x8b",
}


class FileTooLarge(Refusal):
    pass


class EmptyFile(Refusal):
    pass


class DangerousFile(Refusal):
    pass


class TooManyFiles(Refusal):
    pass


@dataclass(frozen=True)
class Accepted:
    """A file that was taken in: what to keep of it beside its content."""

    stored: StoredFile
    name: str
    content_type: str


def accept(uploaded: UploadedFile[Any]) -> StoredFile:
    """Keep one file; raises FileTooLarge, EmptyFile, DangerousFile. Its name: `clean_name(uploaded.name)`."""
    return _keep(uploaded).stored


def accept_all(uploads: Sequence[UploadedFile[Any]]) -> list[Accepted]:
    """Keep all files of one message, or none; raises what `check_all` does."""
    check_all(uploads)
    return [_keep(uploaded) for uploaded in uploads]


def check_all(uploads: Sequence[UploadedFile[Any]]) -> None:
    """Raise the refusal that one of these files, or their number or sum, deserves."""
    if len(uploads) > MOST_FILES:
        raise TooManyFiles(
            ngettext(
                "At most %(count)s file can go with one message.",
                "At most %(count)s files can go with one message.",
                MOST_FILES,
            )
            % {"count": MOST_FILES}
        )
    for uploaded in uploads:
        check(uploaded)
    if sum(uploaded.size or 0 for uploaded in uploads) > LARGEST_TOGETHER:
        raise FileTooLarge(
            _("The files of one message can have at most %(size)s together.")
            % {"size": filesizeformat(LARGEST_TOGETHER)}
        )


def check(uploaded: UploadedFile[Any]) -> None:
    """Raise what this one file would be refused for."""
    name = clean_name(uploaded.name or "")
    if not uploaded.size:
        raise EmptyFile(_("%(name)s is empty.") % {"name": name})
    if uploaded.size > LARGEST_FILE:
        raise FileTooLarge(
            _("%(name)s is too large: a file can have at most %(size)s.")
            % {"name": name, "size": filesizeformat(LARGEST_FILE)}
        )
    if is_dangerous(name) or _head(uploaded).startswith(_PROGRAMS):
        raise DangerousFile(
            _(
                "%(name)s can't be attached, because files of this kind can do harm when they are opened. "
                "A PDF or a picture can."
            )
            % {"name": name}
        )


def sniffed_type(name: str, head: bytes) -> str:
    """The type that the first bytes and the ending agree on; bytes, where they don't."""
    if picture := image_type(head):
        return picture
    guessed = mimetypes.guess_type(name, strict=True)[0] or UNTYPED
    if guessed not in ALLOWED_TYPES or guessed.startswith("image/"):
        return UNTYPED
    if guessed.startswith("text/") and b"\0" in head:
        return UNTYPED
    is_package = "openxmlformats" in guessed or "opendocument" in guessed
    beginning = b"PK" if is_package else _BEGINNINGS.get(guessed, b"")
    return guessed if head.startswith(beginning) else UNTYPED


def _keep(uploaded: UploadedFile[Any]) -> Accepted:
    check(uploaded)
    name = clean_name(uploaded.name or "")
    content_type = sniffed_type(name, _head(uploaded))
    uploaded.seek(0)
    return Accepted(store_file(uploaded, content_type), name, content_type)


def _head(uploaded: UploadedFile[Any]) -> bytes:
    uploaded.seek(0)
    return bytes(uploaded.read(512))


# --- In forms ---------------------------------------------------------------------------


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, checked as `check_all` does; cleans to a list of uploads."""

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Files"))
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", gettext_lazy("At most 10 files, each up to 10 MB."))
        # What is empty is said by its name, below.
        super().__init__(allow_empty_file=True, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        given = data if isinstance(data, (list, tuple)) else [data]
        uploads = [super(FilesField, self).clean(one, initial) for one in given or [None]]
        uploads = [uploaded for uploaded in uploads if uploaded]
        try:
            check_all(uploads)
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return uploads
