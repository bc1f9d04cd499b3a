"""What looks at the figures for people, made known to the other rooms: jobs, lists, the trail."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from metrics import watching_tasks as tasks
from metrics.alerts.actions import begin_again
from metrics.findings import pages
from staff import audit, changes, jobs


def register() -> None:
    """Called from MetricsConfig.ready."""
    jobs.register("metrics.findings", every=timedelta(hours=1), task=tasks.look_for_findings)
    jobs.register(
        "metrics.findings_daily", every=timedelta(days=1), task=tasks.look_for_all_findings
    )
    jobs.register("metrics.alerts", every=timedelta(minutes=5), task=tasks.judge_alerts)
    jobs.register("metrics.digest", every=timedelta(minutes=15), task=tasks.send_digests)
    pages.register()
    # What judging moves is no reason to leave an alert alone when making it is taken back.
    changes.derived_columns("metrics.alert", "state", "judged_on")
    changes.derived_model("metrics.alertevent")
    changes.on_revert("metrics.alert", begin_again)
    audit.shown_at({"metrics.alert": "metrics:alert-edit"})
    audit.describe(
        {
            "alert.create": _("had a figure watched"),
            "alert.delete": _("deleted an alert"),
            "alert.pause": _("paused an alert"),
            "alert.resume": _("let an alert go on"),
            "alert.update": _("changed an alert"),
            "digest.start": _("asked for the weekly digest"),
            "digest.stop": _("stopped the weekly digest"),
        }
    )
