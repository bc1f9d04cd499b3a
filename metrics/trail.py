"""Targets and annotations in the words of the trail of changes."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff import audit


def register() -> None:
    """Called from MetricsConfig.ready."""
    audit.shown_at(
        {"metrics.annotation": "metrics:annotation", "metrics.training": "metrics:training-edit"}
    )
    audit.name_fields(
        {
            "from_on": pgettext_lazy("a target holds", "from"),
            "kpi": _("metric"),
            "kpis": _("metrics"),
            "outreach": _("announcement"),
        }
    )
    audit.describe(
        {
            "annotation.announce": _("made an announcement of what happened"),
            "annotation.create": _("noted what happened"),
            "annotation.delete": _("deleted a note of what happened"),
            "annotation.update": _("changed a note of what happened"),
            "check_up.begin": _("began a check-up"),
            "check_up.discard": _("discarded a check-up"),
            "check_up.finish": _("finished a check-up"),
            "objective.close": _("said what came of an objective"),
            "objective.create": _("set an objective"),
            "objective.delete": _("deleted an objective"),
            "training.create": _("planned a training"),
            "training.delete": _("deleted a training"),
            "training.update": _("changed a training"),
            "target.delete": _("deleted a target"),
            "target.end": _("ended a target"),
            "target.set": _("set a target"),
        }
    )
