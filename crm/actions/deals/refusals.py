"""Why an action on a deal is refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from staff.refusals import Refusal


class DealAmountBelowZero(Refusal):
    message = gettext_lazy("A deal's amount can't be below zero.")


class DealClosed(Refusal):
    message = gettext_lazy("This deal is closed. Open it again first.")


class DealOpen(Refusal):
    message = gettext_lazy("This deal is open.")


class DealChanged(Refusal):
    message = gettext_lazy(
        "Somebody has changed this deal in the meantime. See how it stands now, then go on."
    )


class DealGone(Refusal):
    message = gettext_lazy("This deal has been deleted meanwhile.")


class StageNotInUse(Refusal):
    message = gettext_lazy("This stage is no longer in use.")


class NotAReason(Refusal):
    message = gettext_lazy("Choose a reason from the list.")


class ContactElsewhere(Refusal):
    message = gettext_lazy("This contact belongs to somebody else.")
