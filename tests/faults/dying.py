"""A process that kills itself at a point of its way, so that what comes next must go on without it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


def killed_at_commit(act: Callable[[], object], number: int, when: str) -> bool:
    """Run `act` in a child that dies just before or after its `number`th commit.

    True: it died there. False: it came to its end before that. Raises RuntimeError when it failed.
    """
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _die_at(number, when)
            act()
            status = 0
        finally:
            os._exit(status)
    _pid, ended = os.waitpid(pid, 0)
    if os.WIFEXITED(ended) and os.WEXITSTATUS(ended):
        raise RuntimeError("the child failed by itself")
    return os.WIFSIGNALED(ended)


def _die_at(number: int, when: str) -> None:
    commit: Any = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]
    left = [number]

    def counted(self: BaseDatabaseWrapper) -> Any:
        left[0] -= 1
        if left[0] == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = commit(self)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined]
