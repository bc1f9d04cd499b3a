from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CrmConfig(AppConfig):
    name = "crm"

    def ready(self) -> None:
        from crm import (
            constraints,
            deals,
            duplicate_hints,
            duplicate_tasks,
            merge_rules,
            money,
            palette,
            personal,
            referrals,
            reverting,
            search,
            tasks,
            today,
            trail,
        )
        from crm.bulk import tasks as bulk_tasks
        from crm.exports import deals as deal_exports
        from crm.exports import kinds as export_kinds
        from crm.exports import lists as export_lists
        from crm.imports import standard, words
        from crm.imports import tasks as import_tasks
        from crm.outreach import exports as outreach_exports
        from crm.outreach import tasks as outreach_tasks
        from staff import currency

        post_migrate.connect(constraints.install, sender=self)
        post_migrate.connect(search.WORDS.install, sender=self)
        currency.fixed_when(money.currency_is_fixed)
        tasks.register()
        import_tasks.register()
        bulk_tasks.register()
        outreach_tasks.register()
        outreach_exports.register_list()
        today.register()
        palette.register()
        standard.register()
        words.register()
        reverting.register()
        merge_rules.register_rules()
        duplicate_hints.register()
        duplicate_tasks.register()
        trail.register()
        personal.register()
        referrals.register()
        deals.register()
        export_lists.register_all()
        deal_exports.register_list()
        export_kinds.register_all()
