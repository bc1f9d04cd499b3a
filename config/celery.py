"""The Celery application; where its messages travel is settings.CELERY_BROKER_URL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("vinculo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
