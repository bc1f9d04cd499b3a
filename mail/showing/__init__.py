"""Showing what strangers wrote, so that it can do nothing but be read."""

from mail.showing.cleaning import CleanHtml, clean_html
from mail.showing.framing import framed
from mail.showing.linking import text_to_html

__all__ = ["CleanHtml", "clean_html", "framed", "text_to_html"]
