"""The data of the surveys room, a module per noun."""

from surveys.models.invitations import Click, Invitation, Skip, SurveyRun
from surveys.models.responses import CommentSearch, CommentTag, Response, Tagging, Testimonial
from surveys.models.reviews import Review, ReviewSite
from surveys.models.surveys import Survey, SurveyVersion
from surveys.models.triggers import AskingRules, FollowUp, LoopRule, SurveyTrigger

__all__ = [
    "AskingRules",
    "Click",
    "CommentSearch",
    "CommentTag",
    "FollowUp",
    "Invitation",
    "LoopRule",
    "Response",
    "Review",
    "ReviewSite",
    "Skip",
    "Survey",
    "SurveyRun",
    "SurveyTrigger",
    "SurveyVersion",
    "Tagging",
    "Testimonial",
]
