"""The people who work here: who is invited, what each may do, who may no longer sign in."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import audit
from staff.access import Role
from staff.mailing import in_words_of, sender
from staff.models import Business, User
from staff.refusals import Refusal

FIELDS = ("email", "name", "role", "language", "is_active")


class EmailTaken(Refusal):
    message = gettext_lazy("Somebody here has this e-mail address already.")


class LastOwner(Refusal):
    message = gettext_lazy(
        "This is the only owner who can sign in. Make somebody else an owner first."
    )


class NotWaiting(Refusal):
    message = gettext_lazy("This person has a password already, or may no longer sign in.")


@transaction.atomic
def invite_person(*, email: str, name: str, role: Role, language: str = "", by: User) -> User:
    """Make a person without a password, and mail a link with which to choose one.

    Raises EmailTaken, also for one who may no longer sign in.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email=email, password=None, role=role, name=name, language=language
            )
    except IntegrityError:
        raise EmailTaken from None
    audit.record(by=by, action="person.invite", target=user, changes=audit.diff({}, user, FIELDS))
    _send_invitation(user, by)
    return user


def is_waiting(user: User) -> bool:
    """Invited, and has not chosen a password yet."""
    return user.is_active and not user.has_usable_password()


@transaction.atomic
def invite_again(*, user: User, by: User) -> User:
    """Mail a new link; raises NotWaiting for one who has a password or may not sign in."""
    user = _locked(user)
    if not is_waiting(user):
        raise NotWaiting
    audit.record(by=by, action="person.invite_again", target=user)
    _send_invitation(user, by)
    return user


def password_link(user: User) -> str:
    """An address where this person, without signing in, may choose a password.

    It works once and for PASSWORD_RESET_TIMEOUT; whoever has it is this person, so show it once
    and only to whom it is meant for.
    """
    key = default_token_generator.make_token(user)
    kwargs = {"uidb36": user_pk_to_url_str(user), "key": key}
    return f"{settings.BASE_URL}{reverse('account_reset_password_from_key', kwargs=kwargs)}"


def _send_invitation(user: User, by: User) -> None:
    """A row of the outbox (mail.backends), so it goes with the transaction that invites."""
    business = Business.objects.get(pk=1)
    context = {"user": user, "by": by, "business": business, "link": password_link(user)}
    with in_words_of(user, business):
        EmailMessage(
            subject=_("%(by)s invites you to %(business)s") % {"by": by, "business": business.name},
            body=render_to_string("staff/mail/invitation.txt", context).strip() + "\n",
            from_email=sender(business),
            to=[user.email],
        ).send()


@transaction.atomic
def change_role(*, user: User, role: Role, by: User) -> User:
    """Raises LastOwner when nobody else could take an owner's decisions afterwards."""
    user = _locked(user)
    if role != Role.OWNER:
        _keep_an_owner(user)
    return _change(user, by, "person.change_role", role=role)


@transaction.atomic
def deactivate(*, user: User, by: User) -> User:
    """Sign this person out everywhere and for good, until `reactivate`; raises LastOwner."""
    user = _locked(user)
    _keep_an_owner(user)
    return _change(user, by, "person.deactivate", is_active=False)


@transaction.atomic
def reactivate(*, user: User, by: User) -> User:
    return _change(_locked(user), by, "person.reactivate", is_active=True)


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, by: User) -> User:
    return _change(_locked(user), by, "person.change_profile", name=name, language=language)


def is_last_owner(user: User) -> bool:
    """Whether the business would be without an owner if this person were none."""
    if not user.has_role(Role.OWNER):
        return False
    others = User.objects.filter(role=Role.OWNER, is_active=True).exclude(pk=user.pk)
    # An owner who never chose a password can't sign in to decide anything.
    return not any(other.has_usable_password() for other in others)


def _keep_an_owner(user: User) -> None:
    if is_last_owner(user):
        raise LastOwner


def _locked(user: User) -> User:
    """The person as they are now. The business's row is the lock on who its people are.

    So two owners who demote each other at the same moment take turns, and the second is refused.
    """
    Business.objects.select_for_update().get(pk=1)
    return User.objects.get(pk=user.pk)


def _change(user: User, by: User, action: str, **new: object) -> User:
    before = audit.values(user, new)
    for name, value in new.items():
        setattr(user, name, value)
    if changes := audit.diff(before, user, new):
        user.save(update_fields=list(new))
        audit.record(by=by, action=action, target=user, changes=changes)
    return user
