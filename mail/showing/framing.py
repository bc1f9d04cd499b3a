"""The page of its own on which strangers' HTML stands."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from mail.showing.cleaning import CleanHtml

# No script, form or plug-in may run in it. It keeps its origin only so that pictures that came with
# the mail, which are ours to give to whoever is signed in, load; without scripts nothing can use it.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
POLICY = (
    "default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox " + SANDBOX
)
# On paper in either colour scheme: senders choose colours for a white page.
STYLE = mark_safe(
    ":root{color-scheme:light}body{margin:12px;background:#fff;color:#1f2430;"
    "font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}"
    "table{max-width:100%}pre{white-space:pre-wrap}"
    "blockquote{margin:8px 0;padding-left:12px;border-left:3px solid #c9ced6}a{color:#0b5d8f}"
)


def framed(clean: CleanHtml, *, language: str = "") -> HttpResponse:
    """The page for an `<iframe>` of ours, whose `sandbox` should be SANDBOX too.

    It loads nothing but pictures: ours, and others' where they were asked for.
    """
    response = HttpResponse(
        format_html(
            '<!doctype html><html{}><head><meta charset="utf-8"><title>{}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<style>{}</style></head><body>{}</body></html>",
            format_html(' lang="{}"', language) if language else "",
            _("Message"),
            STYLE,
            clean.html,
        )
    )
    pictures = "'self' https:" if clean.images else "'self'"
    response["Content-Security-Policy"] = POLICY.format(pictures=pictures)
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
