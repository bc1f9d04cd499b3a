from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from staff import jobs


class SurveysConfig(AppConfig):
    name = "surveys"

    def ready(self) -> None:
        from mail import inbox
        from staff import changes
        from support import claims
        from surveys import (  # models are needed
            customer_filter,
            customer_page,
            exports,
            imports,
            loops,
            merge_rules,
            personal,
            reading,
            stock,
            tasks,
            trail,
        )
        from surveys.actions import replying

        jobs.register("surveys.sweep", every=timedelta(minutes=1), task=tasks.sweep)
        jobs.register("surveys.rounds", every=timedelta(hours=1), task=tasks.ask_customers)
        post_migrate.connect(reading.WORDS.install, sender=self)
        post_migrate.connect(stock.install, sender=self)
        # They go with the answer that an import's revert takes back.
        for name in ("surveys.commentsearch", "surveys.tagging"):
            changes.derived_model(name)
        changes.derived_columns("surveys.response", "read_at", "sentiment")
        customer_page.register()
        customer_filter.register()
        trail.register()
        imports.register()
        exports.register_all()
        loops.register_all()
        merge_rules.register_rules()
        personal.register()
        claims.register("surveys", replying.claim)
        inbox.name_outcome("surveys.response", _("an answer to a survey"))
