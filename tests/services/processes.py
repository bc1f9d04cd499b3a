"""Children that never outlive the process that started them."""

import contextlib
import ctypes
import signal
import socket


def die_with_parent() -> None:
    """For `preexec_fn`: on Linux the kernel ends this child when its parent dies, even by SIGKILL."""
    with contextlib.suppress(AttributeError, OSError):  # not Linux: teardown must do
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
