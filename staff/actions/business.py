"""The business itself: its first set-up, its settings, its logo."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.currency import currency_is_fixed
from staff.files import store_file
from staff.models import Business, User
from staff.refusals import Refusal

FIELDS = (
    "name",
    "time_zone",
    "currency",
    "languages",
    "language",
    "colour",
    "email",
    "postal_address",
    "survey_pause_days",
    "outreach_pause_days",
)
LOGO_LIMIT = 1024 * 1024
# What a browser shows as an image and what can carry no script, by its first bytes.
LOGO_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class AlreadySetUp(Refusal):
    message = _("This installation is set up already. Sign in instead.")


class CurrencyFixed(Refusal):
    message = _("The currency can't change any more: amounts have been recorded in it.")


class NotALogo(Refusal):
    message = _("Choose a PNG or JPEG image of at most 1 MB.")


@transaction.atomic
def set_up(
    *,
    name: str,
    time_zone: str,
    currency: str,
    languages: list[str],
    language: str,
    owner_email: str,
    password: str,
    owner_name: str = "",
) -> User:
    """Make the business and its first owner, who is returned.

    Of two who try at once, one gets AlreadySetUp: the business has one possible key.
    """
    business = Business(
        pk=1,
        name=name,
        time_zone=time_zone,
        currency=currency,
        languages=languages,
        language=language,
    )
    try:
        with transaction.atomic():
            business.save(force_insert=True)
    except IntegrityError:
        raise AlreadySetUp from None
    owner = User.objects.create_user(
        email=owner_email, password=password, role=Role.OWNER, name=owner_name, language=language
    )
    changes = audit.diff({}, business, FIELDS)
    audit.record(by=owner, action="business.set_up", target=business, changes=changes)
    return owner


@transaction.atomic
def change_business(*, by: User, **new: Any) -> Business:
    """Change what is given of `FIELDS`; raises CurrencyFixed once there are amounts."""
    business = _locked()
    before = audit.values(business, FIELDS)
    for name, value in new.items():
        if name not in FIELDS:
            raise TypeError(f"{name} is no setting of the business")
        setattr(business, name, value)
    changes = audit.diff(before, business, FIELDS)
    if "currency" in changes and currency_is_fixed():
        raise CurrencyFixed
    if changes:
        business.save(update_fields=list(changes))
        audit.record(by=by, action="business.change", target=business, changes=changes)
    return business


def logo_kind(content: bytes) -> str | None:
    """The content type that the first bytes show, whatever the file's name says; None: no logo."""
    return next((kind for magic, kind in LOGO_KINDS.items() if content.startswith(magic)), None)


@transaction.atomic
def change_logo(*, content: bytes, by: User) -> Business:
    """Show `content` as the logo; raises NotALogo unless it is a small PNG or JPEG."""
    kind = logo_kind(content)
    if kind is None or len(content) > LOGO_LIMIT:
        raise NotALogo
    return _set_logo(store_file(content, kind).pk, by)


@transaction.atomic
def remove_logo(*, by: User) -> Business:
    return _set_logo(None, by)


def _set_logo(logo_id: int | None, by: User) -> Business:
    business = _locked()
    before = audit.values(business, ["logo_id"])
    business.logo_id = logo_id
    if changes := audit.diff(before, business, ["logo_id"]):
        business.save(update_fields=["logo"])
        audit.record(by=by, action="business.change_logo", target=business, changes=changes)
    return business


def _locked() -> Business:
    return Business.objects.select_for_update().get(pk=1)
