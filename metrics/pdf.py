"""A page of ours as a PDF, where WeasyPrint and the library that it draws text with are installed.

Both are optional (docs/dependencies.md, extra `pdf`): without them, the browser prints the same page.
"""

from __future__ import annotations

from ctypes.util import find_library
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.contrib.staticfiles import finders


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Not by importing it: that takes a second and thirty megabytes, which only a PDF is worth."""
    return find_spec("weasyprint") is not None and find_library("pango-1.0") is not None


def written(html: str, base_url: str) -> bytes:
    """The PDF of a page for paper. It fetches nothing, from nowhere: its style sheet is given along."""
    library = import_module("weasyprint")
    nowhere = import_module("weasyprint.urls").URLFetcher(allowed_protocols=())
    style = library.CSS(string=_style(), url_fetcher=nowhere)
    page = library.HTML(string=html, base_url=base_url, url_fetcher=nowhere)
    content: bytes = page.write_pdf(stylesheets=[style])
    return content


@lru_cache(maxsize=1)
def _style() -> str:
    return Path(str(finders.find("css/paper.css"))).read_text()
