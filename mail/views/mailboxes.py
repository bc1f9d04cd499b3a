"""/settings/mailboxes/: where mail comes from, whether it can be read, and which folders."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mail import fetching, imap, secrets, tasks, webhooks
from mail import mailboxes as actions
from mail.forms import MailboxForm
from mail.imap import Trouble
from mail.models import Mailbox
from staff.access import Role, access, acting_user
from staff.formats import number
from staff.refusals import Refusal

# A person waits for it; what takes longer goes on in the background.
PATIENCE = 15
# Which field a trouble is about, so that it can be said there.
FIELD_OF = {
    "no_such_host": "host",
    "refused": "port",
    "silent": "host",
    "unreachable": "host",
    "certificate": "host",
    "no_tls": "security",
    "login": "password",
    "password": "password",
}


@access(read=Role.MANAGER)
@require_safe
def mailboxes(request: HttpRequest) -> HttpResponse:
    rows = list(Mailbox.objects.prefetch_related("folders"))
    context = {
        "mailboxes": [(mailbox, health_of(mailbox)) for mailbox in rows],
        "providers": [name for name in webhooks.PROVIDERS if webhooks.view_of(name)],
    }
    return render(request, "mail/mailboxes.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def add(request: HttpRequest) -> HttpResponse:
    """A new mailbox is saved once it could be connected to."""
    form = MailboxForm(request.POST or None, initial={"since": timezone.localdate()})
    if form.is_valid() and connects(form, form.cleaned_data["password"]):
        try:
            mailbox = actions.add(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The connection works. Choose the folders to read."))
            return redirect("mail:mailbox-folders", mailbox.pk)
    status = 422 if form.is_bound else 200
    return render(request, "mail/mailbox_form.html", {"form": form}, status=status)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox, pk=pk, kind=Mailbox.Kind.IMAP)
    values = MailboxForm.values_of(mailbox)
    form = MailboxForm(request.POST or None, initial=values, mailbox=mailbox)
    if form.is_valid() and may_save(form, mailbox):
        try:
            actions.change(mailbox=mailbox, by=acting_user(request), **form.cleaned_data)
        except actions.PasswordNeeded as refusal:
            form.add_error("password", str(refusal))
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The mailbox is saved."))
            return redirect("mail:mailbox", pk)
    context = {"form": form, "mailbox": mailbox}
    return render(request, "mail/mailbox_form.html", context, status=422 if form.is_bound else 200)


def may_save(form: MailboxForm, mailbox: Mailbox) -> bool:
    """Whether the connection is as it was, or works; without its password the action refuses."""
    password = form.cleaned_data["password"]
    changed = {*form.changed_data} & (actions.CONNECTION | {"password"})
    return not changed or not password or connects(form, password)


def connects(form: MailboxForm, password: str) -> bool:
    """Whether the form's server lets us in; if not, the form says why, at the field it is about."""
    data = {name: form.cleaned_data[name] for name in actions.CONNECTION}
    try:
        fetching.test(Mailbox(**data, password=secrets.encrypt(password)))
    except Trouble as trouble:
        form.add_error(FIELD_OF.get(trouble.code), in_words(str(trouble)))
        return False
    return True


@access(read=Role.MANAGER)
@require_safe
def mailbox(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Mailbox, pk=pk)
    context = {
        "mailbox": found,
        "is_imap": found.kind == Mailbox.Kind.IMAP,
        "problem": imap.explained(found.error),
        "folders": [(one, imap.explained(one.error)) for one in found.folders.all()],
        "can_remove": actions.can_remove(found),
    }
    return render(request, "mail/mailbox.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def folders(request: HttpRequest, pk: int) -> HttpResponse:
    """The server's folders, to choose from; those that are chosen and gone are shown as well."""
    found = get_object_or_404(Mailbox, pk=pk, kind=Mailbox.Kind.IMAP)
    if request.method == "POST":
        names = [name[:250] for name in request.POST.getlist("folder")]
        try:
            actions.choose_folders(mailbox=found, names=names, by=acting_user(request))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("mail:mailbox-folders", pk)
        tasks.fetch_mailbox.delay(found.pk)
        messages.success(request, _("These folders are read from now on."))
        return redirect("mail:mailbox", pk)
    chosen = list(found.folders.values_list("name", flat=True))
    context: dict[str, Any] = {"mailbox": found}
    try:
        there = fetching.test(found)
    except Trouble as trouble:
        there, context["problem"] = [], imap.explained(str(trouble))
    gone = [name for name in chosen if name not in there]
    context["choices"] = [(name, name in chosen, name in gone) for name in [*there, *gone]]
    return render(request, "mail/mailbox_folders.html", context)


@access(write=Role.MANAGER)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect and say how it went, in exact words."""
    found = get_object_or_404(Mailbox, pk=pk, kind=Mailbox.Kind.IMAP)
    try:
        names = fetching.test(found)
    except Trouble as trouble:
        messages.error(request, in_words(str(trouble)))
    else:
        chosen = found.folders.values_list("name", flat=True)
        for name in [name for name in chosen if name not in names]:
            messages.error(request, f"{name}: {imap.PROBLEMS['folder']}")
        count = len(names)
        words = ngettext(
            "The connection works; the server has %(count)s folder.",
            "The connection works; the server has %(count)s folders.",
            count,
        )
        messages.success(request, words % {"count": number(count)})
    return redirect("mail:mailbox", pk)


@access(write=Role.MANAGER)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the mailbox now and compare it with the server."""
    found = get_object_or_404(Mailbox, pk=pk, kind=Mailbox.Kind.IMAP)
    try:
        stored = fetching.fetch(found, seconds=PATIENCE, reconcile=True)
    except fetching.Busy:
        messages.info(request, _("It is being read right now. Look again in a minute."))
        return redirect("mail:mailbox", pk)
    if stored:
        tasks.sort_inbound.delay()
    if found.error:
        messages.error(request, in_words(found.error))
    else:
        words = ngettext("%(count)s new mail.", "%(count)s new mails.", stored)
        messages.success(request, words % {"count": number(stored)})
    return redirect("mail:mailbox", pk)


@access(write=Role.MANAGER)
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Mailbox, pk=pk)
    actions.pause(mailbox=found, by=acting_user(request))
    messages.success(request, _("The mailbox is no longer read."))
    return redirect("mail:mailbox", pk)


@access(write=Role.MANAGER)
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Mailbox, pk=pk)
    actions.resume(mailbox=found, by=acting_user(request))
    messages.success(request, _("The mailbox is read again."))
    return redirect("mail:mailbox", pk)


@access(write=Role.MANAGER)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Mailbox, pk=pk)
    try:
        actions.remove(mailbox=found, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("mail:mailbox", pk)
    messages.success(request, _("The mailbox is gone."))
    return redirect("mail:mailboxes")


def in_words(error: str) -> str:
    """What is wrong, then the server's own words."""
    return " ".join(filter(None, imap.explained(error)))


def health_of(mailbox: Mailbox) -> str:
    """One word for the list: failing, paused, missing, well."""
    if not mailbox.is_active:
        return "paused"
    if mailbox.failing_since or any(folder.error for folder in mailbox.folders.all()):
        return "failing"
    return "missing" if any(folder.missing for folder in mailbox.folders.all()) else "well"
