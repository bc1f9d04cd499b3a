"""The data of the help desk, a module per noun."""

from support.models.board import BoardComment, BoardFollower, BoardVote, Suggestion
from support.models.desk import CannedReply, Category, Queue, SavedView, SupportSettings
from support.models.messages import Attachment, Mention, Message, ReplyPromise, SystemMail
from support.models.new_terms import NewTerms
from support.models.people import NoticeChoice, Participant, TicketAccess, TicketPresence, Watcher
from support.models.service_levels import (
    BusinessCalendar,
    CalendarVersion,
    SlaPolicy,
    SlaPolicyVersion,
    SlaTarget,
)
from support.models.tickets import OpenSpan, Ticket, TicketEvent, TicketLink, TicketSearch

__all__ = [
    "Attachment",
    "BoardComment",
    "BoardFollower",
    "BoardVote",
    "BusinessCalendar",
    "CalendarVersion",
    "CannedReply",
    "Category",
    "Mention",
    "Message",
    "NewTerms",
    "NoticeChoice",
    "OpenSpan",
    "Participant",
    "Queue",
    "ReplyPromise",
    "SavedView",
    "SlaPolicy",
    "SlaPolicyVersion",
    "SlaTarget",
    "Suggestion",
    "SupportSettings",
    "SystemMail",
    "Ticket",
    "TicketAccess",
    "TicketEvent",
    "TicketLink",
    "TicketPresence",
    "TicketSearch",
    "Watcher",
]
