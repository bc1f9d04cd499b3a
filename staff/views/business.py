"""Set-up, the business's settings, its logo."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff import actions
from staff.access import Role, access, acting_user
from staff.files import open_file
from staff.forms import BusinessForm, LogoForm, SetupForm
from staff.models import Business


@access(public=True)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def setup(request: HttpRequest) -> HttpResponse:
    """The first page of all: makes the business and its owner, and signs the owner in."""
    if request.business:  # type: ignore[attr-defined]
        return _already_set_up(request)
    form = SetupForm(request.POST or None, initial=SetupForm.first_values())
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "staff/setup.html", {"form": form}, status=status)
    try:
        owner = actions.set_up(**form.cleaned_data)
    except actions.AlreadySetUp:
        return _already_set_up(request)
    login(request, owner, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(settings.LOGIN_REDIRECT_URL)


def _already_set_up(request: HttpRequest) -> HttpResponse:
    messages.info(request, str(actions.AlreadySetUp()))
    return redirect(settings.LOGIN_REDIRECT_URL)


@access(read=Role.MANAGER, write=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def business_settings(request: HttpRequest) -> HttpResponse:
    business: Business = request.business  # type: ignore[attr-defined]
    form = BusinessForm(request.POST or None, initial=BusinessForm.values_of(business))
    if form.is_valid():
        actions.change_business(by=acting_user(request), **form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return redirect("staff:settings")
    return _settings_page(request, form, LogoForm())


def _settings_page(request: HttpRequest, form: BusinessForm, logo_form: LogoForm) -> HttpResponse:
    context = {
        "form": form,
        "logo_form": logo_form,
        "may_change": acting_user(request).has_role(Role.OWNER),
    }
    refused = form.is_bound or logo_form.is_bound
    return render(request, "staff/settings.html", context, status=422 if refused else 200)


@access(write=Role.OWNER)
@require_POST
def change_logo(request: HttpRequest) -> HttpResponse:
    """Upload a logo, or take it away with `remove`."""
    if "remove" in request.POST:
        actions.remove_logo(by=acting_user(request))
        messages.success(request, _("The logo is gone."))
        return redirect("staff:settings")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        actions.change_logo(content=form.cleaned_data["logo"], by=acting_user(request))
        messages.success(request, _("The new logo is in place."))
        return redirect("staff:settings")
    business: Business = request.business  # type: ignore[attr-defined]
    own = BusinessForm(initial=BusinessForm.values_of(business))
    return _settings_page(request, own, form)


@access(public=True)
@require_safe
def logo(request: HttpRequest) -> FileResponse:
    """The logo as it was uploaded, as an image and as nothing else."""
    business = Business.objects.select_related("logo").filter(pk=1).first()
    if business is None or business.logo is None:
        raise Http404
    response = FileResponse(
        open_file(business.logo), content_type=business.logo.content_type, filename="logo"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = f'"{business.logo.sha256}"'
    patch_cache_control(response, public=True, max_age=300)
    return response
