"""How gunicorn runs the site; `manage.py serve` adds address and number of workers."""

import gc
from typing import Any

wsgi_app = "config.wsgi:application"
worker_class = "gthread"
threads = 8
# Loaded once, before the workers are forked: they share its memory and start at once.
preload_app = True
keepalive = 5
timeout = 60
graceful_timeout = 8
max_requests = 20_000
max_requests_jitter = 2_000
loglevel = "warning"
control_socket_disable = True


def pre_fork(server: Any, worker: Any) -> None:
    """Keep the collector from touching, and so copying, what the workers share."""
    gc.collect()
    gc.freeze()
