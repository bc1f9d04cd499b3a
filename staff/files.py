"""Stored files: by content, and on disk before their row commits."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from staff.models import StoredFile

CHUNK = 1 << 20


def store_file(content: bytes | IO[bytes], content_type: str) -> StoredFile:
    """Keep `content` (bytes, or a file open for reading, read once) and return its row.

    The same content twice is one file and one row, with the content type it first came with.
    The bytes are synced to disk before the row is written, so a committed row always has its
    file; a file whose row was rolled back is merely spare.
    """
    with tempfile.NamedTemporaryFile(dir=_draft_folder(), prefix=".draft-", delete=False) as draft:
        try:
            digest, size = _copy(content, draft)
            stored = StoredFile(sha256=digest, size=size, content_type=content_type)
            if not default_storage.exists(stored.path):
                _put(draft, stored.path)
        finally:
            Path(draft.name).unlink(missing_ok=True)
    row, _created = StoredFile.objects.get_or_create(
        sha256=digest, defaults={"size": size, "content_type": content_type}
    )
    return row


def open_file(stored: StoredFile) -> IO[bytes]:
    """The content, open for reading in binary."""
    return default_storage.open(stored.path, "rb")


@contextmanager
def local_copy(stored: StoredFile) -> Iterator[Path]:
    """The content as a file on this machine, for what reads by path; a remote store's for the while."""
    place = _local(stored.path)
    if place is not None:
        yield place
        return
    with tempfile.NamedTemporaryFile(prefix="stored-") as copy, open_file(stored) as content:
        for chunk in _chunks(content):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def forget_file(stored: StoredFile) -> bool:
    """Delete the row, and after the commit its content; False while something else points to it."""
    try:
        with transaction.atomic():
            StoredFile.objects.filter(pk=stored.pk).delete()
    except (ProtectedError, IntegrityError):
        return False
    transaction.on_commit(lambda: _remove(stored))
    return True


def _remove(stored: StoredFile) -> None:
    # The same content may have come again meanwhile.
    if not StoredFile.objects.filter(sha256=stored.sha256).exists():
        default_storage.delete(stored.path)


def _copy(content: bytes | IO[bytes], draft: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(content):
        digest.update(chunk)
        size += len(chunk)
        draft.write(chunk)
    draft.flush()
    os.fsync(draft.fileno())
    return digest.hexdigest(), size


def _chunks(content: bytes | IO[bytes]) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    else:
        while chunk := content.read(CHUNK):
            yield chunk


def _local(name: str) -> Path | None:
    """Where `name` lies on this machine's disk; None in a remote store."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def _draft_folder() -> Path | None:
    """On the disk where the file will stay, so that putting it in place is one rename."""
    folder = _local("")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _put(draft: IO[bytes], name: str) -> None:
    place = _local(name)
    if place is None:
        draft.seek(0)
        default_storage.save(name, File(draft))
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    # Same name, same content: replacing what a rival wrote a moment ago changes nothing.
    Path(draft.name).replace(place)
    place.chmod(0o640)
    for folder in (place.parent, place.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
