from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from metrics import (
            check_up_pages,
            customer_page,
            merge_rules,
            personal,
            survey_results,
            tasks,
            trail,
            watching,
        )
        from metrics.engine import self_check, triggers, upgrading
        from metrics.expected import tasks as expected_tasks
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
        trail.register()
        self_check.register()
        customer_page.register()
        check_up_pages.register()
        jobs.register("metrics.fit_expected", every=timedelta(days=1), task=expected_tasks.fit)
        watching.register()
