from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import audit, health, jobs, tasks

        jobs.register("staff.beat", every=timedelta(seconds=30), task=tasks.beat)
        health.register_own()
        audit.shown_at({"staff.user": "staff:person"})
        audit.describe(
            {
                "business.set_up": _("set up the business"),
                "business.change": _("changed the settings"),
                "business.change_logo": _("changed the logo"),
                "change_set.revert": _("took changes back"),
                "person.invite": _("invited a person"),
                "person.invite_again": _("sent an invitation again"),
                "person.change_role": _("changed a person's role"),
                "person.deactivate": _("switched off a person's access"),
                "person.reactivate": _("switched on a person's access"),
                "person.change_profile": _("changed a profile"),
            }
        )
        audit.name_fields({"reverted": _("taken back"), "left_alone": _("left as they are")})
