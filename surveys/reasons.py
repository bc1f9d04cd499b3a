"""Why an answer was held or does not count, in words; the codes are Response.validity_reason."""

from django.utils.translation import gettext_lazy as _

BECAUSE = {
    "too_fast": _("It came within seconds of the e-mail's leaving or the page's opening."),
    "many_scores": _("Several different scores came within a second."),
    "hidden_field": _("A field was filled in that people can't see."),
    "scanner_agent": _("It came from a program that checks links."),
    "many_answers": _("Many answers came from the same place in a short time."),
    "unsure_reply": _("It is a reply by mail in which the score is not certain."),
    "other_address": _("It is a reply from another address than the invited one."),
    "out_of_scale": _("The score is outside the scale."),
    "no_score": _("There is no score."),
    "discarded": _("Somebody discarded it."),
}
