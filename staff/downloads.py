"""Giving out files that strangers sent: to be kept, never to be opened by the browser as a page.

A file is always an attachment with a name that was cleaned, a type from a short list, and headers
under which even a browser that opened it would run nothing. Nothing that somebody sent is withheld:
what runs when one opens it (programs, scripts, pages, drawings with scripts) gets `.txt` at the
end of its name and no type of its own, so a double click shows it. `staff.uploads` refuses such files
where they are attached here.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from django.core.signing import BadSignature, TimestampSigner
from django.http import FileResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from staff.files import open_file
from staff.models import StoredFile

# Endings that a double click runs, or that a browser shows as a page of somebody's making.
DANGEROUS = frozenset(
    "ade adp apk app appinstaller appref-ms application appx appxbundle bash bat chm cmd com command "
    "cpl desktop dll dmg docm dotm exe gadget hta htc htm html img inf ins iso isp jar jnlp js jse "
    "ksh lib lnk mde mht mhtml msc msh msi msix msp mst ocx one osd pif pkg pl potm ppam ppsm pptm "
    "prg ps1 ps2 psc1 psd1 psm1 py pyw reg rb scf scr sct search-ms settingcontent-ms sh shb shtm "
    "shtml sldm svg svgz swf sys terminal url vb vbe vbs vhd vhdx website ws wsc wsf wsh xbap xht "
    "xhtm xhtml xlam xll xlsm xltm xml xpi xsl xslt xul zsh".split()
)
# Types under which a file may be given out; any other is given out as bytes.
ALLOWED_TYPES = frozenset(
    {
        "application/gzip",
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "audio/aac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "image/gif",
        "image/heic",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/webp",
        "text/calendar",
        "text/csv",
        "text/plain",
        "text/vcard",
        "video/mp4",
        "video/quicktime",
        "video/webm",
    }
)
UNTYPED = "application/octet-stream"
LONGEST_NAME = 120
TOKEN_AGE = 60 * 60 * 12

_TOKENS = TimestampSigner(salt="staff.downloads")
# Names that Windows gives to devices.
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_UNFIT = re.compile(r'[\\/:*?"<>|%;=&#{}$`\x00-\x1f\x7f-\x9f]+')
# Marks without a shape of their own: directions, joiners, and halves of characters.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def download(
    stored: StoredFile, name: str, content_type: str, *, inline_image: bool = False
) -> FileResponse:
    """The file, to be kept under a cleaned `name`.

    With `inline_image`, a PNG, JPEG, GIF or WebP (by its first bytes, whatever it is called) may be shown
    in a page of ours; anything else is an attachment all the same.
    """
    file = open_file(stored)
    picture = image_type(file.read(16)) if inline_image else None
    file.seek(0)
    name = name_for_download(name)
    given_type = picture or safe_type(name, content_type)
    response = FileResponse(file, content_type=given_type)
    response["Content-Length"] = str(stored.size)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=picture is None, filename=name) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def clean_name(name: str) -> str:
    """A file's name from a stranger, fit for any disk: no folders, no tricks, its ending kept."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    seen = "".join(" " if char in "\t\r\n" else char for char in unicodedata.normalize("NFC", last))
    seen = "".join(char for char in seen if unicodedata.category(char) not in _UNSEEN)
    # Windows drops dots and spaces at the end: "a.exe." would be "a.exe" again.
    fit = " ".join(_UNFIT.sub("_", seen).split()).lstrip(". ").rstrip(". ")
    if _DEVICE.match(fit):
        fit = f"_{fit}"
    if not fit.strip("_. "):
        return _("file")
    return _shortened(fit)


def name_for_download(name: str) -> str:
    """`clean_name`, with `.txt` behind an ending that would run or open as a page."""
    fit = clean_name(name)
    return f"{fit}.txt" if is_dangerous(fit) else fit


def is_dangerous(name: str) -> bool:
    """Whether a double click on a file of this name could run what is in it."""
    return _ending(clean_name(name)) in DANGEROUS


def safe_type(name: str, content_type: str) -> str:
    """The type to give a file out under: the one it came with if that is harmless, else bytes."""
    plain = content_type.split(";", 1)[0].strip().lower()
    if plain not in ALLOWED_TYPES or is_dangerous(name.removesuffix(".txt")):
        return UNTYPED
    return f"{plain}; charset=utf-8" if plain.startswith("text/") else plain


def image_type(head: bytes) -> str | None:
    """What kind of picture a page may show these first bytes of; None: none."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


# --- Addresses that serve one person ----------------------------------------------------


def signed_file_token(user_id: int, attachment_id: int) -> str:
    """For the address of one attachment, good for this person only and for twelve hours."""
    return _TOKENS.sign(f"{user_id}-{attachment_id}")


def file_of_token(token: str, user_id: int) -> int | None:
    """The attachment that the token opens for this person; None if it is not theirs, old or forged.

    Whether this person may still see the attachment is for the view to ask.
    """
    try:
        owner, attachment = _TOKENS.unsign(token, max_age=TOKEN_AGE).split("-")
    except (BadSignature, ValueError):
        return None
    return int(attachment) if owner == str(user_id) else None


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lstrip(".").lower()


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    suffix = PurePosixPath(name).suffix[:20]
    return name[: LONGEST_NAME - len(suffix)].rstrip(". ") + suffix
