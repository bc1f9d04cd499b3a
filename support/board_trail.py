"""What is done to the board in words, for the trail of changes."""

from django.utils.translation import gettext_lazy as _

from staff import audit


def register() -> None:
    audit.shown_at({"support.suggestion": "support:suggestion"})
    audit.name_fields({"merged_into": _("joined with")})
    audit.describe(
        {
            "suggestion.change": _("changed a suggestion"),
            "suggestion.join": _("joined a suggestion with another"),
            "board_comment.judge": _("published a comment, or took it off"),
        }
    )
