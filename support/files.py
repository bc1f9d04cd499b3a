"""Files of messages: stored by their content already, and called by a harmless name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from staff.downloads import clean_name
from staff.models import StoredFile
from support.models import Attachment, Message

TYPE_LENGTH = 120
CONTENT_ID_LENGTH = 250


@dataclass(frozen=True)
class FileDraft:
    """A file to go with a message: its content is in the store before."""

    name: str
    content_type: str
    stored: StoredFile
    content_id: str = ""
    is_inline: bool = False


def attach(message: Message, files: Sequence[FileDraft]) -> list[Attachment]:
    return Attachment.objects.bulk_create(
        Attachment(
            message=message,
            file=draft.stored,
            name=clean_name(draft.name),
            content_type=draft.content_type[:TYPE_LENGTH] or "application/octet-stream",
            content_id=draft.content_id.strip("<> ")[:CONTENT_ID_LENGTH],
            is_inline=draft.is_inline,
        )
        for draft in files
    )
