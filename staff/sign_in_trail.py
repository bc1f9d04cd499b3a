"""Changes to how somebody signs in, on the trail: django-allauth makes them and says so by signal."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset

from staff import audit
from staff.models import User

ACTIONS = {
    password_changed: "person.change_password",
    password_set: "person.change_password",
    password_reset: "person.reset_password",
    authenticator_added: "person.switch_on_second_step",
    authenticator_removed: "person.switch_off_second_step",
    authenticator_reset: "person.renew_second_step",
}


def register() -> None:
    """Called from StaffConfig.ready."""
    for signal, action in ACTIONS.items():
        signal.connect(_recorder(action), weak=False, dispatch_uid=f"staff.{action}")


def _recorder(action: str) -> Any:
    def record(sender: object, *, user: User, **told: Any) -> None:
        # Recovery codes come and go with the app that makes codes: one entry tells of both.
        codes = getattr(told.get("authenticator"), "type", "") == Authenticator.Type.RECOVERY_CODES
        if not codes or action == "person.renew_second_step":
            audit.record(by=user, action=action, target=user)

    return record
