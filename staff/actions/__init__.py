"""What can be done to the business and its people."""

from staff.actions.business import (
    AlreadySetUp,
    CurrencyFixed,
    NotALogo,
    change_business,
    change_logo,
    remove_logo,
    set_up,
)
from staff.actions.people import (
    EmailTaken,
    LastOwner,
    NotWaiting,
    change_profile,
    change_role,
    deactivate,
    invite_again,
    invite_person,
    is_last_owner,
    password_link,
    reactivate,
)

__all__ = [
    "AlreadySetUp",
    "CurrencyFixed",
    "EmailTaken",
    "LastOwner",
    "NotALogo",
    "NotWaiting",
    "change_business",
    "change_logo",
    "change_profile",
    "change_role",
    "deactivate",
    "invite_again",
    "invite_person",
    "is_last_owner",
    "password_link",
    "reactivate",
    "remove_logo",
    "set_up",
]
