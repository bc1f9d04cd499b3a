"""Reading mail that strangers send: bytes in, plain values out, whatever the bytes are."""

from mail.parsing.parsed import (
    AUTOMATIC,
    NOTES,
    Address,
    Attachment,
    ParsedMail,
    Report,
    ReportedRecipient,
)
from mail.parsing.reading import parse
from mail.parsing.replies import is_only_thanks, marker_line, reply_text

__all__ = [
    "AUTOMATIC",
    "NOTES",
    "Address",
    "Attachment",
    "ParsedMail",
    "Report",
    "ReportedRecipient",
    "is_only_thanks",
    "marker_line",
    "parse",
    "reply_text",
]
