"""The data of the surveys room, a module per noun."""

from surveys.models.invitations import Click, Invitation, Skip, SurveyRun
from surveys.models.responses import Response
from surveys.models.reviews import Review
from surveys.models.surveys import Survey, SurveyVersion
from surveys.models.triggers import FollowUp, SurveyTrigger

__all__ = [
    "Click",
    "FollowUp",
    "Invitation",
    "Response",
    "Review",
    "Skip",
    "Survey",
    "SurveyRun",
    "SurveyTrigger",
    "SurveyVersion",
]
