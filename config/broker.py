"""Celery's messages as files in a folder, for an installation without Redis.

kombu's own filesystem transport lets a reader take a file whose writer hasn't finished, and lists
the folder anew for each message. Here a message appears whole (written aside, then renamed), is
taken by whoever deletes it first, and a listing is used up before the next one.
"""

import logging
import time
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    # Messages to all workers at once would need a table of who listens; nothing here sends any.
    supports_fanout = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listed: dict[str, deque[Path]] = {}

    @property
    def folder(self) -> Path:
        return Path(self.data_folder_in)

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        """A queue's messages come by its own name: there is no table of bindings to keep."""

    def get_table(self, exchange: str) -> list[Any]:
        return []

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> list[str]:
        return [routing_key]

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        # Names sort by age; the random part keeps two of the same instant apart.
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        draft = self.folder / f".{name}.draft"
        draft.write_text(dumps(payload))
        draft.rename(self.folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message that no other process took first; raises Empty."""
        listed = self.listed.get(queue)
        if not listed:
            listed = self.listed[queue] = deque(sorted(self.folder.glob(f"*.{queue}.msg")))
        while listed:
            path = listed.popleft()
            try:
                payload = path.read_text()
                path.unlink()
            except FileNotFoundError:
                continue
            try:
                return loads(payload)
            except ValueError:  # a disk that was full, a machine that lost power
                logger.warning("Threw away %s: it is no message.", path.name)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
