from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import audit, health, jobs, sign_in_trail, tasks
        from staff.exports import own
        from staff.exports import tasks as export_tasks

        jobs.register("staff.beat", every=timedelta(seconds=30), task=tasks.beat)
        health.register_own()
        sign_in_trail.register()
        export_tasks.register()
        own.register()
        audit.shown_at({"staff.user": "staff:person"})
        audit.describe(
            {
                "business.set_up": _("set up the business"),
                "business.change": _("changed the settings"),
                "business.change_logo": _("changed the logo"),
                "change_set.revert": _("took changes back"),
                "export.cancel": _("cancelled an export"),
                "export.create": _("exported a list"),
                "person.invite": _("invited a person"),
                "person.invite_again": _("sent an invitation again"),
                "person.change_role": _("changed a person's role"),
                "person.deactivate": _("switched off a person's access"),
                "person.reactivate": _("switched on a person's access"),
                "person.change_profile": _("changed a profile"),
                "person.change_password": _("changed their password"),
                "person.reset_password": _("chose a new password by a mailed link"),
                "person.switch_on_second_step": _("switched on the second step of signing in"),
                "person.switch_off_second_step": _("switched off the second step of signing in"),
                "person.renew_second_step": _("made new recovery codes"),
            }
        )
        audit.name_fields(
            {
                "reverted": _("taken back"),
                "left_alone": _("left as they are"),
                "list": _("list"),
                "filters": _("filters"),
                "format": pgettext_lazy("of a file", "format"),
            }
        )
