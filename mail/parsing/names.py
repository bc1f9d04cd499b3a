"""Names for files that strangers send."""

from __future__ import annotations

import re
import unicodedata

from mail.parsing import charsets

MAX_NAME = 150
_MAX_EXTENSION = 20
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_EXTENSIONS = {
    "application/ics": ".ics",
    "application/ms-tnef": ".dat",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".pgp",
    "application/pgp-signature": ".asc",
    "application/pgp-keys": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/rtf": ".rtf",
    "application/x-pkcs7-mime": ".p7m",
    "application/x-pkcs7-signature": ".p7s",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "message/global": ".eml",
    "message/partial": ".eml",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "video/mp4": ".mp4",
}


def cleaned(name: str, content_type: str, *, stem: str = "attachment") -> str:
    """`name` without folders, control or direction characters; made up when nothing is left."""
    name = unicodedata.normalize("NFC", name[:4000])
    name = re.split(r"[/\\]", charsets.one_line(name, 4000).rstrip("/\\ "))[-1]
    name = _FORBIDDEN.sub("_", name).strip(". ")
    if not name.strip("_"):
        return stem + _EXTENSIONS.get(content_type, ".bin")
    return _shortened(name)


def _shortened(name: str) -> str:
    """At most MAX_NAME characters, the extension kept."""
    if len(name) <= MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension) > _MAX_EXTENSION:
        return name[:MAX_NAME].rstrip(". ")
    return stem[: MAX_NAME - 1 - len(extension)].rstrip(". ") + dot + extension
