from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SupportConfig(AppConfig):
    name = "support"

    def ready(self) -> None:
        from support import imports, reverting, search, tasks  # models are needed

        post_migrate.connect(search.WORDS.install, sender=self)
        search.register()
        imports.register()
        reverting.register()
        tasks.register()
