"""Files that come in through the browser: kept, recognised, taken in as drafts."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from crm.actions import imports as actions
from crm.imports import guessing, words
from crm.imports.kinds import KINDS
from crm.imports.reading import FileShape
from crm.models import FileImport
from staff.downloads import clean_name
from staff.files import store_file
from staff.models import StoredFile, User
from staff.uploads import sniffed_type

# What most files are, where nobody can tell.
COMMON = "customers"


@transaction.atomic
def take_in(*, file: UploadedFile[Any], kind: str, by: User) -> FileImport:
    """A draft of this file; a blank `kind` is told by its columns.

    Raises FileUnusable; then the file's row is not kept.
    """
    one = actions.start_import(
        kind=kind or COMMON, file=_keep(file), file_name=clean_name(file.name or ""), by=by
    )
    found = kind or kind_of(actions.shape(one)) or COMMON
    return one if found == one.kind else actions.take_as(file_import=one, kind=found, by=by)


@transaction.atomic
def take_corrected(*, of: FileImport, file: UploadedFile[Any], by: User) -> FileImport:
    """Have a file with the corrected rows of an import checked, by the mapping of that import.

    Raises FileUnusable, also when a column that the mapping names is gone.
    """
    one = actions.start_import(
        kind=of.kind, file=_keep(file), file_name=clean_name(file.name or ""), by=by
    )
    actions.set_mapping(
        file_import=one, mapping=of.mapping, options=of.options, reading=one.reading, by=by
    )
    return actions.begin_check(file_import=one, by=by)


def recognised(one: FileImport, shape: FileShape) -> dict[str, Any]:
    """What the page of its columns tells: taken as what, whether as last time, whether in doubt."""
    known = guessing.remembered(KINDS[one.kind], shape.header)
    return {
        "kind_label": words.kind_label(one.kind),
        "kinds": [(name, words.kind_label(name)) for name in words.kind_names()],
        "is_remembered": known is not None and known.mapping == one.mapping,
        "is_doubtful": is_doubtful(one, shape),
    }


def kind_of(shape: FileShape) -> str:
    """The kind that makes most of these columns; blank when none makes half of them."""
    named = [name for name in shape.header if name]
    best, most = "", 0
    for name in words.kind_names():
        kind = KINDS[name]
        found = guessing.guess(kind, shape.header, shape.sample)
        needed = {column.name for column in kind.columns if column.required}
        if needed <= found.keys() and len(found) > most:
            best, most = name, len(found)
    return best if most >= max(2, len(named) / 2) else ""


def is_doubtful(one: FileImport, shape: FileShape) -> bool:
    """Whether so few columns are made out that the file may be something else altogether."""
    named = [name for name in shape.header if name]
    return len([name for name in one.mapping.values() if name]) < len(named) / 2


def _keep(file: UploadedFile[Any]) -> StoredFile:
    head = bytes(file.read(512))
    file.seek(0)
    return store_file(file, sniffed_type(clean_name(file.name or ""), head))
