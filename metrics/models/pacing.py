"""What the engine remembers of figures that read far, and so are not counted at every change."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Pace(models.Model):
    """What a theme's figures took when they were last counted, and when its far ones may be again."""

    theme = models.CharField(max_length=20, primary_key=True)
    seconds = models.FloatField()
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.theme} from {self.next_at:%Y-%m-%d %H:%M}"


class Waiting(models.Model):
    """Local days on which a kind of fact changed, which a theme's far figures have yet to count.

    What becomes of a mark that such figures didn't count when a refresh took it.
    """

    theme = models.CharField(max_length=20)
    fact = models.CharField(max_length=20)
    first_on = models.DateField()
    last_on = models.DateField(null=True)  # null: and all that follows

    class Meta:
        indexes: ClassVar = [models.Index(fields=["theme"], name="metrics_waiting_theme")]

    def __str__(self) -> str:
        return f"{self.theme}: {self.fact} {self.first_on}"
