"""A page of ours as a PDF, where WeasyPrint and the libraries that it needs are installed.

It is an optional extra (`pip install weasyprint`, see docs/metrics.md): without it, the browser prints
the same page.
"""

from __future__ import annotations

import importlib
import logging
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _weasyprint() -> Any:
    """The library, or None. It is looked for once: importing it takes a second."""
    try:
        return importlib.import_module("weasyprint")
    except ImportError:
        return None
    except OSError as missing:  # Pango and its kin
        logger.warning("WeasyPrint is installed, but can't work: %s", missing)
        return None


def is_available() -> bool:
    return _weasyprint() is not None


def written(html: str, base_url: str) -> bytes:
    """The PDF of a page. It fetches our own style sheets and nothing else, from nowhere else."""
    library = _weasyprint()
    if library is None:
        raise LookupError("WeasyPrint is not installed.")
    page = library.HTML(string=html, base_url=base_url, url_fetcher=_own_static)
    content: bytes = page.write_pdf()
    return content


def _own_static(url: str, *_args: Any, **_options: Any) -> dict[str, Any]:
    """A file under STATIC_URL, read from the disk; anything else is refused."""
    path = urlsplit(url).path
    root = urlsplit(settings.STATIC_URL).path
    if not path.startswith(root):
        raise ValueError("Only our own files go into a PDF.")
    name = path.removeprefix(root)
    if staticfiles_storage.exists(name):
        content = staticfiles_storage.open(name).read()
    elif found := finders.find(name):
        with open(found, "rb") as file:  # noqa: PTH123 (finders give a path as text)
            content = file.read()
    else:
        raise ValueError("There is no such file.")
    return {"string": content, "mime_type": "text/css"}
