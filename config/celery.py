"""The Celery application; where its messages travel is settings.CELERY_BROKER_URL."""

import gc
import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_before_create_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# It warns of messages that run code when they are read; ours are JSON. In a container root is usual.
warnings.filterwarnings("ignore", "You're running the worker with superuser")

app = Celery("vinculo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_the_projects_logging(**kwargs: Any) -> None:
    """Being connected is enough: Celery then leaves the LOGGING of the settings as it is."""


@worker_before_create_process.connect
def keep_memory_shared(**kwargs: Any) -> None:
    """Keep the collector from touching, and so copying, what the worker's children share."""
    gc.collect()
    gc.freeze()
