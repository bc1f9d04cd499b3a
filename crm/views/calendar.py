"""One's own calendar at a secret address, and the mail of the morning."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import actions
from crm.actions.calendar import morning_mail_of
from crm.calendar import calendar_of, feed_of, note_reading
from crm.forms.calendar import MorningMailForm
from crm.models import CalendarFeed
from staff.access import Role, access, acting_user
from staff.limits import misses_too_often
from staff.mailing import in_words_of
from staff.models import Business

# For how long a device need not ask again, in seconds.
FRESH = 300


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    data = request.POST if request.method == "POST" else None
    form = MorningMailForm(data, instance=morning_mail_of(user))
    if form.is_valid():
        actions.choose_morning_mail(by=user, **form.cleaned_data)
        messages.success(request, _("Your choice is saved."))
        return redirect("crm:calendar")
    return _page(request, form)


def _page(request: HttpRequest, form: MorningMailForm, address: str = "") -> HttpResponse:
    feed = CalendarFeed.objects.filter(user=acting_user(request)).first()
    context = {"form": form, "feed": feed, "address": address}
    response = render(request, "crm/calendar.html", context, status=422 if form.errors else 200)
    if address:
        patch_cache_control(response, no_store=True)
    return response


@access(write=Role.AGENT)
@require_POST
def calendar_open(request: HttpRequest) -> HttpResponse:
    """Shows the address in the answer itself: it is kept nowhere."""
    user = acting_user(request)
    address = actions.open_calendar(by=user)
    return _page(request, MorningMailForm(instance=morning_mail_of(user)), address)


@access(write=Role.AGENT)
@require_POST
def calendar_close(request: HttpRequest) -> HttpResponse:
    actions.close_calendar(by=acting_user(request))
    messages.success(request, _("The address of your calendar no longer works."))
    return redirect("crm:calendar")


@access(public=True)
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar itself, for programs that have nothing but its address."""
    feed, business = feed_of(token), Business.current()
    if feed is None or business is None:
        if misses_too_often(request):
            return HttpResponse(status=429)
        raise Http404
    note_reading(feed)
    user = feed.user
    with in_words_of(user, business):
        content = calendar_of(user, business)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    patch_cache_control(response, private=True, max_age=FRESH)
    return response
