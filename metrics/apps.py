from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from metrics import merge_rules, personal, survey_results, tasks, triggers, upgrading
        from metrics.findings import pages as finding_pages
        from staff import jobs
        from surveys.registry import register_comparison, register_results_figures

        pre_migrate.connect(upgrading.step_aside, sender=self)
        # Every migrate ends with this, so a table rebuilt on SQLite gets its triggers back.
        post_migrate.connect(triggers.install, sender=self)
        jobs.register("metrics.refresh", every=timedelta(seconds=15), task=tasks.refresh)
        jobs.register("metrics.nightly", every=timedelta(days=1), task=tasks.nightly)
        register_results_figures(survey_results.figures)
        register_comparison(survey_results.comparison)
        merge_rules.register_rules()
        personal.register()
        jobs.register("metrics.findings", every=timedelta(hours=1), task=tasks.look_for_findings)
        jobs.register(
            "metrics.findings_daily", every=timedelta(days=1), task=tasks.look_for_all_findings
        )
        finding_pages.register()
