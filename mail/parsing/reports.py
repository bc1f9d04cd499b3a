"""What servers report of our mails: bounces (RFC 3464, and Exim's and qmail's own way), complaints."""

from __future__ import annotations

import re

from mail.parsing import addresses, charsets, headers
from mail.parsing.headers import Headers
from mail.parsing.parsed import Notes, Report, ReportedRecipient
from mail.parsing.structure import Part

MAX_RECIPIENTS = 200
MAX_DIAGNOSTIC = 500
_ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
# RFC 5965 and 6430; "not-spam" takes a complaint back, "auth-failure" and "dmarc" are no person's.
_COMPLAINTS = frozenset(("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"))
_STATUSES = frozenset(("message/delivery-status", "message/global-delivery-status"))
_ENCLOSED = frozenset(
    ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_SMTP_CODE = re.compile(r"(?:^|[\s:>;(#-])([45])\d\d(?=[\s:;)#-]|$)")
_ADDRESS = r"[^\s@\"<>(),:;\\\[\]]{1,64}@[^\s@\"<>(),:;\\\[\]]{1,253}"
# A line that is an address and nothing else, but for its marks: "<ana@x.example>:" or "  ana@x.example".
_ADDRESS_LINE = re.compile(rf"^[ \t]{{0,8}}(?:\*\s)?<?({_ADDRESS})>?:?[ \t]*$", re.MULTILINE)
_MESSAGE_ID = re.compile(
    r"^[ \t>]{0,9}message-id:\s{0,9}(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE
)
_COPY = re.compile(
    r"^(?:-{1,40} ?This is a copy of (?:the|your) (?:message|headers)"
    r"|--- Below this line is a copy of the message"
    r"|--- Enclosed (?:is|are) (?:the )?(?:original|copy)"
    r"|-{2,40} ?(?:Original message|The following is a copy|Message header))",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMONS = re.compile(r"mailer-?daemon|postmaster|mail-?delivery|maildelivery", re.IGNORECASE)
_FAILED = re.compile(
    r"undeliver|deliver(?:y|ed) (?:status|fail|has failed|problem|incomplete)|failure notice"
    r"|mail delivery|returned mail|returned to sender|could not be delivered|delivery has failed"
    r"|no se (?:puede|pudo) entregar|no entregado|não (?:foi )?entregue|nao entregue"
    r"|falha na entrega|delayed|warning: message",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\s{0,50}(?:Hi\. This is the (?:qmail-send|deliver) program"
    r"|This message was created automatically by mail)"
)
_DELAYED = re.compile(
    r"not yet been delivered|delivery attempts? (?:will continue|to continue)|has been delayed"
    r"|still trying|will (?:keep|be) (?:trying|retried)|THIS IS A WARNING MESSAGE ONLY",
    re.IGNORECASE,
)
_MAX_TEXT = 100_000


def read(parts: list[Part], text: str, notes: Notes) -> Report | None:
    """The report that a mail is; None when it is none, or one that says nothing of our mails."""
    by_type = {part.content_type: part for part in reversed(parts)}
    if (feedback := by_type.get("message/feedback-report")) is not None:
        return _complaint(feedback, parts, notes)
    for content_type in _STATUSES:
        if (status := by_type.get(content_type)) is not None:
            recipients = _recipients(status.body(), notes)
            if recipients:
                return Report("bounce", _enclosed_id(parts, text, notes), recipients)
    return _unstructured(parts, text[:_MAX_TEXT], notes)


def _complaint(feedback: Part, parts: list[Part], notes: Notes) -> Report | None:
    fields = next(iter(_groups(feedback.body(), notes)), None)
    kind = (fields.first("feedback-type") if fields else "").strip().lower()[:40]
    if fields is None or kind not in _COMPLAINTS:
        return None
    named = [*fields.all("original-rcpt-to"), *fields.all("removal-recipient")]
    if not named and (enclosed := _enclosed(parts, notes)) is not None:
        named = enclosed.all("to")
    people = dict.fromkeys(
        person.address for value in named for person in addresses.parse(value[:20_000], notes)
    )
    return Report(
        "complaint",
        _enclosed_id(parts, "", notes),
        tuple(
            ReportedRecipient(address, "delivered", "", "")
            for address in list(people)[:MAX_RECIPIENTS]
            if address
        ),
        kind,
    )


def _groups(content: bytes, notes: Notes) -> list[Headers]:
    """Headers separated by blank lines."""
    found: list[Headers] = []
    content = content.replace(b"\r\n", b"\n").strip(b"\n")
    position = 0
    while position < len(content) and len(found) <= MAX_RECIPIENTS:
        while content[position : position + 1] == b"\n":
            position += 1
        fields, after = headers.read(content, position, Notes(), lambda _line: False)
        if fields:
            found.append(fields)
        if after == position:
            # A line that is no field.
            after = content.find(b"\n", position) + 1 or len(content)
        position = after
    return found


def _recipients(content: bytes, notes: Notes) -> tuple[ReportedRecipient, ...]:
    found: list[ReportedRecipient] = []
    for fields in _groups(content, notes):
        address = _recipient(fields, notes)
        action = fields.first("action").strip().lower().split(" ")[0].strip(";")
        if not address or ("action" not in fields and "status" not in fields):
            continue
        diagnostic = charsets.one_line(fields.first("diagnostic-code"), MAX_DIAGNOSTIC)
        status = _status(fields.first("status"), diagnostic)
        if action not in _ACTIONS:
            action = "delayed" if status.startswith("4") else "failed"
        found.append(ReportedRecipient(address, action, status, diagnostic))
    return tuple(found[:MAX_RECIPIENTS])


def _recipient(fields: Headers, notes: Notes) -> str:
    """Whom we wrote to: the original recipient where it is told, else the final one."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        value = headers.words(fields.first(name)[:2000], notes)
        for person in addresses.parse(value.rpartition(";")[2], notes):
            if person.address:
                return person.address
    return ""


def _status(given: str, diagnostic: str) -> str:
    """5.1.1 and the like. A diagnostic that is more exact than x.0.0 wins; else 550 is 5.0.0."""
    match = _STATUS.search(given[:100])
    if match is None or match[2] == match[3] == "0":
        exact = _STATUS.search(diagnostic)
        match = exact if exact and (match is None or exact[1] == match[1]) else match
    if match is not None:
        return match[0]
    code = _SMTP_CODE.search(diagnostic)
    return f"{code[1]}.0.0" if code else ""


def _enclosed(parts: list[Part], notes: Notes) -> Headers | None:
    """The header of the mail that came back."""
    for part in parts[1:]:
        if part.content_type in _ENCLOSED:
            content = part.body()[: headers.MAX_HEADER].lstrip(b"\r\n")
            fields, _start = headers.read(
                content, headers.start(content), Notes(), lambda _line: False
            )
            return fields
    return None


def _enclosed_id(parts: list[Part], text: str, notes: Notes) -> str:
    fields = _enclosed(parts, notes)
    value = fields.first("message-id") if fields else ""
    if not value and (match := _MESSAGE_ID.search(text)):
        value = match[1]
    ids = headers.message_ids(value, 1)
    return ids[0] if ids else ""


def _unstructured(parts: list[Part], text: str, notes: Notes) -> Report | None:
    """Reports in words. Only what says clearly that it is one: an address may be suppressed for it."""
    top = parts[0].headers
    is_exim = "x-failed-recipients" in top
    if not (is_exim or _OPENING.match(text)):
        is_daemon = _DAEMONS.search(top.first("from")[:500]) is not None
        subject = headers.words(top.first("subject")[:2000], Notes())
        if not (is_daemon and _FAILED.search(subject)):
            return None
    copy = _COPY.search(text)
    words = text[: copy.start()] if copy else text
    message_id = _enclosed_id(parts, text[copy.start() :] if copy else "", notes)
    recipients = _from_words(words)
    if is_exim:
        named = addresses.parse(", ".join(top.all("x-failed-recipients"))[:20_000], notes)
        told = {recipient.address: recipient for recipient in recipients}
        recipients = [
            told.get(one.address, ReportedRecipient(one.address, "failed", "", ""))
            for one in named
            if one.address
        ]
    if not recipients:
        return None
    return Report("bounce", message_id, tuple(recipients[:MAX_RECIPIENTS]))


def _from_words(words: str) -> list[ReportedRecipient]:
    """`<ana@x.example>:` or `  ana@x.example` on a line, and below it the reason."""
    lines = list(_ADDRESS_LINE.finditer(words))[:MAX_RECIPIENTS]
    ends = [*(line.start() for line in lines[1:]), len(words)]
    all_delayed = _DELAYED.search(words) is not None
    found: dict[str, ReportedRecipient] = {}
    for line, end in zip(lines, ends, strict=False):
        reason = words[line.end() : end].strip().split("\n\n")[0]
        diagnostic = charsets.one_line(reason, MAX_DIAGNOSTIC)
        status = _status("", diagnostic)
        address = addresses.usable(line[1])
        if address and address not in found:
            action = "delayed" if all_delayed or status.startswith("4") else "failed"
            found[address] = ReportedRecipient(address, action, status, diagnostic)
    return list(found.values())
