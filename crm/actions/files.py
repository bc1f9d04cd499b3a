"""Files of a customer: added and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Customer, CustomerFile
from staff import audit, uploads
from staff.changes import open_change_set, record_deleted
from staff.models import ChangeSet, User
from staff.refusals import Refusal


class FileGone(Refusal):
    message = _("This file has been deleted meanwhile.")


@transaction.atomic
def add_files(
    *, customer: Customer, files: Sequence[UploadedFile[Any]], by: User | None
) -> list[CustomerFile]:
    """Keep all of them, or none. Raises what `staff.uploads.check_all` does."""
    made = [
        CustomerFile.objects.create(
            customer=customer, file=one.stored, name=one.name, content_type=one.content_type, by=by
        )
        for one in uploads.accept_all(files)
    ]
    changes: audit.Changes = {"files": [None, [file.name for file in made]]}
    audit.record(by=by, action="customer.add_files", target=customer, changes=changes)
    return made


@transaction.atomic
def delete_file(*, file: CustomerFile, by: User | None) -> ChangeSet:
    """Off the customer's page. Returns the change set that takes it back; raises FileGone."""
    current = CustomerFile.objects.select_for_update().filter(pk=file.pk).first()
    if current is None:
        raise FileGone
    change_set = open_change_set(kind="crm.file_delete", label=current.name, by=by)
    record_deleted(change_set, [current])
    audit.record(
        by=by,
        action="customer.delete_file",
        target=current.customer,
        changes={"files": [current.name, None]},
        change_set=change_set,
    )
    current.delete()
    return change_set
