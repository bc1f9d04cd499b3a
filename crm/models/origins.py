"""Where a row came from: the pair that makes importing twice change nothing."""

from typing import ClassVar

from django.db import models


class Imported(models.Model):
    """Known elsewhere as `external_id` in `external_source`; both blank when born here.

    The pair is unique per model (see `once`), so an import finds what it made before.
    """

    external_source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=190, blank=True)

    class Meta:
        abstract = True

    EXTERNAL_KEY: ClassVar = ["external_source", "external_id"]


def once(name: str) -> models.UniqueConstraint:
    """The constraint `Imported` rows carry: a non-blank key names one row."""
    return models.UniqueConstraint(
        fields=Imported.EXTERNAL_KEY, condition=~models.Q(external_id=""), name=name
    )
