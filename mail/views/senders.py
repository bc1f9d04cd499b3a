"""Stopping a sender, letting it go on, and how fast it may send."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mail import gates
from mail.forms import RateForm
from mail.messages import current_sender
from mail.models import SenderGate
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(write=Role.MANAGER)
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    sender = current_sender()
    try:
        if sender is not None:
            gates.pause(address=sender.address, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Surveys and outreach are paused."))
    return redirect("mail:outbox")


@access(write=Role.MANAGER)
@require_POST
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    gate = get_object_or_404(SenderGate, pk=pk)
    try:
        gates.go_on(gate=gate, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Surveys and outreach leave again."))
    return redirect("mail:outbox")


@access(write=Role.MANAGER)
@require_POST
def rate(request: HttpRequest) -> HttpResponse:
    """How many messages may leave in a minute."""
    form, sender = RateForm(request.POST), current_sender()
    if sender is None or not form.is_valid():
        messages.error(request, _("Type a whole number, or leave it empty for no limit."))
        return redirect("mail:outbox")
    per_minute = form.cleaned_data["per_minute"]
    gates.set_rate(address=sender.address, per_minute=per_minute, by=acting_user(request))
    messages.success(request, _("This holds from now on."))
    return redirect("mail:outbox")
