"""The tabs above the pages about the business, and above those about oneself."""

from django import template
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from staff import navigation
from staff.navigation import Entry

register = template.Library()

# By URL name, as in staff.navigation: a page that isn't there, or not for this role, is left out.
SETTINGS = [
    Entry("staff:settings", _("Business"), "building-store"),
    Entry("crm:silence", _("Losses"), "calendar-x"),
    Entry("crm:custom-fields", _("Fields"), "adjustments"),
    Entry("crm:pipelines", _("Deals"), "columns-3"),
    Entry("crm:loyalty", _("Loyalty"), "trophy"),
    Entry("crm:privacy", _("Privacy"), "shield-lock"),
    Entry("support:hours", _("Hours"), "clock"),
    Entry("support:service-levels", _("Service levels"), "clock"),
    Entry("support:desk", _("Help desk"), "ticket"),
    Entry("surveys:asking-rules", _("Surveys"), "message-2"),
    Entry("mail:mailboxes", _("Mailboxes"), "inbox"),
    Entry("staff:people", _("Team"), "users"),
    Entry("staff:audit", _("Changes"), "history"),
    Entry("staff:health", _("Health"), "heart"),
]
ACCOUNT = [
    Entry("staff:profile", _("Profile"), "user"),
    Entry("support:notices", _("Notices"), "bell"),
    Entry("crm:calendar", _("Calendar"), "calendar-due"),
    Entry("metrics:digest", _("Week in figures"), "chart-line"),
    Entry("account_change_password", _("Password"), "key"),
    Entry("mfa_index", _("Two-factor sign-in"), "shield-lock"),
]


@register.inclusion_tag("staff/_tabs.html", takes_context=True)
def settings_tabs(context: template.Context) -> dict[str, object]:
    return _tabs(context["request"], SETTINGS, _("Settings"))


@register.inclusion_tag("staff/_tabs.html", takes_context=True)
def account_tabs(context: template.Context) -> dict[str, object]:
    return _tabs(context["request"], ACCOUNT, _("Your account"))


def _tabs(request: HttpRequest, entries: list[Entry], label: object) -> dict[str, object]:
    """What this person may open; the page they are on, or the one it lies under, is current."""
    pages = (navigation.page(entry.name) for entry in entries)
    above = [page[0] for page in pages if page and request.path.startswith(page[0])]
    links = navigation.links(navigation.role_of(request), entries, max(above, key=len, default=""))
    return {"links": links, "label": label, "current_path": request.path}
