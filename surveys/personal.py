"""What surveys know of a person, and what erasing leaves of it: scores stay, words go."""

from __future__ import annotations

from crm import privacy, searched
from crm.privacy import PersonalRows, of_person
from mail.pseudonyms import nobodys_address
from surveys.models import CommentSearch, Invitation, Response, Review, Testimonial


def register() -> None:
    """Called from SurveysConfig.ready."""
    searched.kept_in("surveys.surveyrun.audience")
    privacy.register(
        PersonalRows(
            Response,
            lambda person: Response.objects.filter(of_person(person)),
            {
                "comment": "",
                "further": {},
                "edit_hash": "",
                "external_source": "",
                "external_id": "",
            },
            secret=["edit_hash"],
        ),
        PersonalRows(
            Invitation,
            lambda person: Invitation.objects.filter(of_person(person)),
            {"address": nobodys_address(), "token_hash": "", "reminder_hash": ""},
            secret=["token_hash", "reminder_hash"],
        ),
        PersonalRows(
            CommentSearch,
            lambda person: CommentSearch.objects.filter(
                response__in=Response.objects.filter(of_person(person))
            ),
            secret=["text"],
            order=40,
        ),
        PersonalRows(
            Testimonial,
            lambda person: Testimonial.objects.filter(
                response__in=Response.objects.filter(of_person(person))
            ),
            order=40,
        ),
        PersonalRows(
            Review,
            lambda person: Review.objects.filter(customer__in=person.customers),
            {"text": "", "external_source": "", "external_id": ""},
        ),
    )
    privacy.harmless(
        {
            "surveys.skip": "that nobody was asked, and why",
            "surveys.followup": "which ticket follows which answer",
            "surveys.tagging": "what a comment was about",
        }
    )
