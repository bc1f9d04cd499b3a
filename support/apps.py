from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SupportConfig(AppConfig):
    name = "support"

    def ready(self) -> None:
        from support import (  # models are needed
            board_tasks,
            board_trail,
            customer_filter,
            customer_page,
            desk,
            exports,
            first_levels,
            imports,
            merge_rules,
            outbox,
            palette,
            personal,
            reverting,
            search,
            service_levels,
            sla_tasks,
            tasks,
            trail,
        )

        post_migrate.connect(search.WORDS.install, sender=self)
        post_migrate.connect(desk.install, sender=self)
        search.register()
        trail.register()
        board_trail.register()
        board_tasks.register()
        imports.register()
        exports.register_all()
        customer_page.register()
        customer_filter.register()
        outbox.register()
        palette.register()
        reverting.register()
        merge_rules.register_rules()
        personal.register()
        tasks.register()
        post_migrate.connect(first_levels.install, sender=self)
        sla_tasks.register()
        service_levels.register()
