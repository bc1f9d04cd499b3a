"""A process that kills itself at a point of its way, so that what comes next must go on without it.

Run inside an installation (tests.faults.installation.Installation.ask), whose database it works on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

COMMITS = ((BaseDatabaseWrapper, "_commit"),)
# "WITH p": several inserts that go to PostgreSQL as one statement (staff.bulk).
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH P")

# What is counted beside commits: functions by their owner and name.
Calls = Iterable[tuple[Any, str]]


def killed(
    act: Callable[[], object], number: int, when: str, *, writes: bool = True, also: Calls = ()
) -> bool:
    """Run `act` in a child that dies just `when` ("before" or "after") its `number`th point comes.

    A point is a commit, a statement that `writes`, or a call of `also`. True: it died there. False:
    it came to its end before that. Raises RuntimeError when it failed by itself.
    """
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _die_at(number, when, writes=writes, also=also)
            act()
            status = 0
        finally:
            os._exit(status)
    _pid, ended = os.waitpid(pid, 0)
    if os.WIFEXITED(ended) and os.WEXITSTATUS(ended):
        raise RuntimeError("the child failed by itself")
    return os.WIFSIGNALED(ended)


def _die_at(number: int, when: str, *, writes: bool, also: Calls) -> None:
    left = [number]

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def point(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **named)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return point

    for owner, name in (*COMMITS, *also):
        setattr(owner, name, counted(getattr(owner, name)))
    if not writes:
        return
    execute: Callable[..., Any] = CursorWrapper.execute
    writing = counted(execute)

    def watched(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        is_write = str(sql).lstrip()[:6].upper() in WRITES
        return (writing if is_write else execute)(self, sql, params)

    CursorWrapper.execute = watched  # type: ignore[method-assign]
