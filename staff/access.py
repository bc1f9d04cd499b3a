"""Who may open what: the one place where roles are checked.

Each view states its rule with `@access(...)`; `staff.middleware.AccessMiddleware` enforces it
and refuses a view that has none, so a new page is closed until somebody decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from staff.models import User


class Role(models.IntegerChoices):
    """Ascending: each role may do all that the ones before it may."""

    READ_ONLY = 10, pgettext_lazy("role", "Read-only")
    AGENT = 20, pgettext_lazy("role", "Agent")
    MANAGER = 30, pgettext_lazy("role", "Manager")
    OWNER = 40, pgettext_lazy("role", "Owner")


@dataclass(frozen=True)
class Access:
    """The least role that may read (GET, HEAD, OPTIONS) and write (anything else).

    `None` means that nobody may; `public` opens the view to strangers, who prove themselves
    inside it (a token) or need not; `any_user` needs only a signed-in person.
    """

    read: Role | None = None
    write: Role | None = None
    public: bool = False

    def needed(self, method: str) -> Role | None:
        return self.read if method in {"GET", "HEAD", "OPTIONS"} else self.write


# Views of libraries can't carry a rule of ours: by the start of their name in the URLconf.
LIBRARY_RULES = {
    "account_login": Access(public=True),
    "account_logout": Access(public=True),
    "account_reset_password": Access(public=True),
    "account_inactive": Access(public=True),
    "account_reauthenticate": Access(read=Role.READ_ONLY, write=Role.READ_ONLY),
    "account_change_password": Access(read=Role.READ_ONLY, write=Role.READ_ONLY),
    "account_set_password": Access(read=Role.READ_ONLY, write=Role.READ_ONLY),
    "mfa_authenticate": Access(public=True),
    "mfa_": Access(read=Role.READ_ONLY, write=Role.READ_ONLY),
    "set_language": Access(public=True),
}

View = Callable[..., Any]


def access(
    *, read: Role | None = None, write: Role | None = None, public: bool = False
) -> Callable[[View], View]:
    """Who may use a view: `write` defaults to nobody: a page that only shows takes no POST."""
    rule = Access(read=read, write=write, public=public)

    def mark(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined]
        return view

    return mark


def acting_user(request: HttpRequest) -> User:
    """Who asks, in a view whose rule asks for a role; for an action's `by=`."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    return user


def rule_for(view: View, view_name: str) -> Access | None:
    """The rule of a view, or of the library page with the longest matching name; None: refuse."""
    own: Access | None = getattr(view, "access", None)
    if own is not None:
        return own
    names = [name for name in LIBRARY_RULES if view_name.startswith(name)]
    return LIBRARY_RULES[max(names, key=len)] if names else None


def may(request: HttpRequest, rule: Access) -> bool:
    """Whether this request passes the rule."""
    if rule.public:
        return True
    needed = rule.needed(request.method or "GET")
    user = request.user
    return needed is not None and user.is_authenticated and user.role >= needed
