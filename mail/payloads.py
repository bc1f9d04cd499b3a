"""A provider's call from its stored bytes, and the raw mail within it where there is one."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import HTTP
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict


@dataclass(frozen=True)
class RawMail:
    """A mail and its envelope; `sender` None: not told, "": the null sender of reports."""

    raw: bytes
    sender: str | None
    recipient: str


class StoredRequest(WSGIRequest):
    """A POST with a body of any size, for anymail's views.

    Django's own reader of forms stops at DATA_UPLOAD_MAX_MEMORY_SIZE, which a mail may exceed; the
    size was limited when the call came in.
    """

    def __init__(
        self, body: bytes, content_type: str, meta: Mapping[str, Any] | None = None
    ) -> None:
        environ = {
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "PATH_INFO": "/",
            **(meta or {}),
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": (meta or {}).get("wsgi.url_scheme", "http"),
        }
        super().__init__(environ)
        self._body = body

    def _load_post_and_files(self) -> None:
        post, files = QueryDict(mutable=True), MultiValueDict[str, SimpleUploadedFile]()
        for field in self.fields():
            if field.filename is None:
                post.appendlist(field.name, field.content.decode(errors="replace"))
            else:
                file = SimpleUploadedFile(field.filename, field.content, field.content_type)
                files.appendlist(field.name, file)
        self._post, self._files = post, files

    def fields(self) -> list[Field]:
        """The form's fields with their exact bytes."""
        if self.content_type == "multipart/form-data":
            boundary = (self.content_params or {}).get("boundary", "")
            return multipart(self._body, boundary.encode())
        if self.content_type == "application/x-www-form-urlencoded":
            text = self._body.decode("latin-1")
            pairs = parse_qsl(text, keep_blank_values=True, encoding="latin-1")
            return [Field(name, value.encode("latin-1")) for name, value in pairs]
        return []

    def field(self, name: str) -> bytes | None:
        return next((one.content for one in self.fields() if one.name == name), None)

    def text(self, name: str) -> str | None:
        content = self.field(name)
        return None if content is None else content.decode(errors="replace")


@dataclass(frozen=True)
class Field:
    name: str
    content: bytes
    filename: str | None = None
    content_type: str = "text/plain"


def multipart(body: bytes, boundary: bytes) -> list[Field]:
    """RFC 7578: the parts between the boundaries, whatever their content."""
    if not boundary:
        return []
    found = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if part.startswith(b"--"):
            break
        head, _blank, content = part.partition(b"\r\n\r\n")
        headers = BytesHeaderParser(policy=HTTP).parsebytes(head.strip() + b"\r\n\r\n")
        name = headers.get_param("name", header="content-disposition")
        if isinstance(name, str):
            filename = headers.get_filename()
            found.append(Field(name, content, filename, headers.get_content_type()))
    return found


# --- Where each provider puts the raw mail ------------------------------------------------------


def raw_mails(provider: str, request: StoredRequest) -> list[RawMail] | None:
    """The mails that the call holds as raw bytes; None when it tells only their parts."""
    find = _FINDERS.get(provider)
    return find(request) if find else None


def _mailgun(request: StoredRequest) -> list[RawMail] | None:
    raw = request.field("body-mime")
    if raw is None:
        return None
    return [RawMail(raw, request.text("sender"), request.text("recipient") or "")]


def _sendgrid(request: StoredRequest) -> list[RawMail] | None:
    raw = request.field("email")
    if raw is None:
        return None
    envelope = json.loads(request.text("envelope") or "{}")
    recipients = envelope.get("to") or [""]
    return [RawMail(raw, envelope.get("from"), str(recipients[0]))]


def _postmark(request: StoredRequest) -> list[RawMail] | None:
    event = json.loads(request.body)
    if event.get("RecordType", "Inbound") != "Inbound" or "RawEmail" not in event:
        return None
    return [RawMail(event["RawEmail"].encode(), None, event.get("OriginalRecipient") or "")]


def _postal(request: StoredRequest) -> list[RawMail] | None:
    event = json.loads(request.body)
    if "message" not in event or "status" in event:
        return None
    raw = event["message"].encode()
    if event.get("base64") is True:
        raw = b64decode(raw)
    return [RawMail(raw, event.get("mail_from"), event.get("rcpt_to") or "")]


def _sparkpost(request: StoredRequest) -> list[RawMail] | None:
    events = [one.get("msys", {}).get("relay_message") for one in json.loads(request.body)]
    if not all(event and event.get("protocol") == "smtp" for event in events):
        return None
    found = []
    for event in events:
        content = event["content"]
        raw = content["email_rfc822"].encode()
        if content.get("email_rfc822_is_base64"):
            raw = b64decode(raw)
        found.append(RawMail(raw, event.get("msg_from"), event.get("rcpt_to") or ""))
    return found


def _mailersend(request: StoredRequest) -> list[RawMail] | None:
    event = json.loads(request.body)
    data = event.get("data") or {}
    if event.get("type") != "inbound.message" or not data.get("raw"):
        return None
    recipients = data.get("recipients", {}).get("rcptTo") or [{}]
    sender = data.get("sender", {}).get("email")
    return [RawMail(data["raw"].encode(), sender, recipients[0].get("email") or "")]


_FINDERS: dict[str, Callable[[StoredRequest], list[RawMail] | None]] = {
    "mailgun": _mailgun,
    "sendgrid": _sendgrid,
    "postmark": _postmark,
    "postal": _postal,
    "sparkpost": _sparkpost,
    "mailersend": _mailersend,
}
