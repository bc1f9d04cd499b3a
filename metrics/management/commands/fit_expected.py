"""`manage.py fit_expected`: work out what customers are expected to bring, as every night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from metrics.expected import actions
from metrics.words import reason
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = (
        "Fits the purchase models (extra `clv`: numpy, scipy) and stores what each customer is "
        "expected to bring."
    )

    def handle(self, **_options: Any) -> None:
        business_or_refusal()
        fit = actions.fit_expected()
        if fit is None or fit.status != actions.OK:
            raise CommandError(str(reason(fit.status if fit else actions.TOO_FEW)))
        said = _("%(total)s expected of %(buyers)s customers, %(again)s of whom bought again.")
        counts = {"total": fit.total, "buyers": fit.buyers, "again": fit.repeat_buyers}
        self.stdout.write(said % counts)
        for name, value in fit.parameters.items():
            self.stdout.write(f"{name} {value:.6g}")
