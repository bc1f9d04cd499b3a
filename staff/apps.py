from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import audit, health, jobs, sign_in_trail, tasks

        jobs.register("staff.beat", every=timedelta(seconds=30), task=tasks.beat)
        health.register_own()
        sign_in_trail.register()
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
                "person.change_password": _("changed their password"),
                "person.reset_password": _("chose a new password by a mailed link"),
                "person.switch_on_second_step": _("switched on the second step of signing in"),
                "person.switch_off_second_step": _("switched off the second step of signing in"),
                "person.renew_second_step": _("made new recovery codes"),
            }
        )
        audit.name_fields({"reverted": _("taken back"), "left_alone": _("left as they are")})
