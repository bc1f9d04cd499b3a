"""The Celery application; where its messages travel is settings.CELERY_BROKER_URL."""

import gc
import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# It warns of messages that run code when they are read; ours are JSON. In a container root is usual.
warnings.filterwarnings("ignore", "You're running the worker with superuser")

app = Celery("vinculo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_the_projects_logging(**kwargs: Any) -> None:
    """Being connected is enough: Celery then leaves the LOGGING of the settings as it is."""


@worker_init.connect
def keep_memory_shared(**kwargs: Any) -> None:
    """Keep the collector from touching, and so copying, what the worker's children share.

    The signal before a child is forked would be the place, but only one of Celery's two pools sends it.
    """
    os.register_at_fork(before=_freeze)


def _freeze() -> None:
    gc.collect()
    gc.freeze()
