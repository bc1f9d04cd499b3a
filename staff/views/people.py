"""My own profile, and the people who work here."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff import actions
from staff.access import Role, access, acting_user
from staff.actions.people import is_waiting
from staff.forms import InvitationForm, PersonForm, ProfileForm
from staff.models import User
from staff.refusals import Refusal

# Where a link waits for the one page that shows it.
LINK = "staff_invitation_link"


@access(read=Role.READ_ONLY, write=Role.READ_ONLY)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language})
    if request.method == "POST" and form.is_valid():
        actions.change_profile(user=user, by=user, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("staff:profile")
    return render(request, "staff/profile.html", {"form": form}, status=_status(form))


@access(read=Role.MANAGER)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    totp = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    everybody = User.objects.annotate(has_two_factor=Exists(totp)).order_by(
        "-is_active", "name", "email"
    )
    context = {
        "people": everybody,
        "active": sum(person.is_active for person in everybody),
        "may_change": acting_user(request).has_role(Role.OWNER),
    }
    return render(request, "staff/people.html", context)


@access(read=Role.OWNER, write=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        try:
            user = actions.invite_person(by=acting_user(request), **form.cleaned_data)
        except actions.EmailTaken as refusal:
            form.add_error("email", str(refusal))
        else:
            request.session[LINK] = [user.pk, actions.password_link(user)]
            return redirect("staff:person", user_id=user.pk)
    return render(request, "staff/invite.html", {"form": form}, status=_status(form))


@access(read=Role.OWNER, write=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: their role, and whether they may sign in. A link just made is shown once."""
    user = get_object_or_404(User, pk=user_id)
    form = PersonForm(request.POST or None, initial={"role": user.role})
    if form.is_valid():
        try:
            actions.change_role(user=user, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, _("The role is saved."))
            return redirect("staff:people")
    context = {
        "person": user,
        "form": form,
        "waiting": is_waiting(user),
        "last_owner": actions.is_last_owner(user),
        "link": _link_for(request, user),
    }
    return render(request, "staff/person.html", context, status=_status(form))


def _status(form: Form) -> int:
    """422 for a form that comes back with what is wrong with it."""
    return 422 if form.is_bound else 200


def _link_for(request: HttpRequest, user: User) -> str:
    of, link = request.session.get(LINK, (None, ""))
    if of != user.pk:
        return ""
    del request.session[LINK]
    return str(link)


@access(write=Role.OWNER)
@require_POST
def invite_again(request: HttpRequest, user_id: int) -> HttpResponse:
    user = get_object_or_404(User, pk=user_id)
    try:
        actions.invite_again(user=user, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        request.session[LINK] = [user.pk, actions.password_link(user)]
    return redirect("staff:person", user_id=user.pk)


@access(write=Role.OWNER)
@require_POST
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    user = get_object_or_404(User, pk=user_id)
    try:
        actions.deactivate(user=user, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s can no longer sign in.") % {"name": user})
    return redirect("staff:person", user_id=user.pk)


@access(write=Role.OWNER)
@require_POST
def reactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    user = get_object_or_404(User, pk=user_id)
    actions.reactivate(user=user, by=acting_user(request))
    messages.success(request, _("%(name)s can sign in again.") % {"name": user})
    return redirect("staff:person", user_id=user.pk)
