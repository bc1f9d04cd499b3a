"""What other rooms' pages show of what follows answers; its files, and its words for the trail."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.exports.looks import reference_column
from staff import audit
from staff.exports import Column, ExportList, column, register
from staff.models import User
from support import beginnings
from support.models import CannedReply, Ticket
from surveys.models import FollowUp, Testimonial


def reply_to_begin_with(ticket: Ticket) -> CannedReply | None:
    """The reply of the rule that made or reopened a ticket, until somebody has replied since."""
    if ticket.channel != Ticket.Channel.SURVEY and ticket.first_reopened_at is None:
        return None
    found = FollowUp.objects.filter(ticket=ticket.pk).select_related("rule__canned_reply")
    latest = found.order_by("-pk").first()
    if latest is None or latest.rule is None:
        return None
    if ticket.last_outbound_at is not None and ticket.last_outbound_at > latest.created_at:
        return None
    return latest.rule.canned_reply


def testimonials(query: QueryDict, _user: User | None) -> Any:
    """As the page shows them: those that stand, or those that were withdrawn."""
    is_withdrawn = query.get("state") == "withdrawn"
    return Testimonial.objects.filter(withdrawn_at__isnull=not is_withdrawn)


def testimonial_columns(_query: QueryDict, _user: User | None) -> list[Column]:
    return [
        column("words", pgettext_lazy("testimonial", "Words")),
        column("signed", pgettext_lazy("testimonial", "Signed")),
        reference_column("customer", _("Customer number"), "response__customer"),
        column("customer_name", _("Customer"), "response__customer__name"),
        column("survey", _("Survey"), "response__survey__name"),
        column("score", _("Score"), "response__score"),
        column("language", _("Language")),
        column("agreed_to", _("Agreed to")),
        column("at", pgettext_lazy("testimonial", "When")),
        column("withdrawn_at", pgettext_lazy("testimonial", "Taken back")),
    ]


def register_all() -> None:
    """Called from SurveysConfig.ready."""
    beginnings.register(reply_to_begin_with)
    register(
        ExportList(
            "testimonials",
            _("testimonials"),
            testimonials,
            testimonial_columns,
            key=lambda _query, _user: ("-at", "-pk"),
        )
    )
    audit.shown_at({"surveys.looprule": "surveys:rule-edit"})
    audit.describe(
        {
            "loop_rule.arrange": _("put a rule for answers in another place"),
            "loop_rule.create": _("made a rule for answers"),
            "loop_rule.delete": _("deleted a rule for answers"),
            "loop_rule.restore": _("took back the deletion of a rule for answers"),
            "loop_rule.update": _("changed a rule for answers"),
            "review_site.arrange": _("put a review site in another place"),
            "review_site.create": _("added a review site"),
            "review_site.delete": _("deleted a review site"),
            "review_site.update": _("changed a review site"),
            "testimonial.agree": _("agreed to be quoted"),
            "testimonial.withdraw": _("withdrew a testimonial"),
        }
    )
