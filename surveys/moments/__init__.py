"""Moments of customers' own that they are asked about: a module per kind."""

from surveys.models import SurveyTrigger
from surveys.moments import ordered, relational, solved, started
from surveys.moments.base import Moment, MomentKind

KINDS: dict[str, MomentKind] = {
    SurveyTrigger.Moment.TICKET_SOLVED: solved.KIND,
    SurveyTrigger.Moment.ORDERED: ordered.KIND,
    SurveyTrigger.Moment.CONTRACT_STARTED: started.KIND,
    SurveyTrigger.Moment.RELATIONAL: relational.KIND,
}

__all__ = ["KINDS", "Moment", "MomentKind"]
