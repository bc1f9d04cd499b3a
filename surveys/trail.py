"""This room's actions in words, and its pages, for the trail of changes."""

from django.utils.translation import gettext_lazy as _

from staff import audit


def register() -> None:
    audit.name_fields({"invited": _("Invited"), "skipped": _("Not asked")})
    audit.shown_at({"surveys.survey": "surveys:survey"})
    audit.describe(
        {
            "comment_tag.create": _("made a tag for comments"),
            "comment_tag.delete": _("deleted a tag of comments"),
            "comment_tag.update": _("changed a tag of comments"),
            "response.change": _("answered again"),
            "response.count": _("let a response count"),
            "response.discard": _("discarded a response"),
            "response.hold": _("held a response for a look"),
            "response.sentiment": _("said how a comment sounds"),
            "review.create": _("wrote a review down"),
            "review.delete": _("deleted a review"),
            "review.update": _("changed a review"),
            "survey.create": _("made a survey"),
            "survey.send": _("sent a survey"),
            "survey.share": _("changed where anybody can answer a survey"),
            "survey.asking_rules": _("changed when and how often people are asked"),
            "survey.trigger": _("changed when a survey is sent by itself"),
            "survey.trigger_create": _("had a survey sent by itself"),
            "survey.update": _("changed a survey"),
        }
    )
