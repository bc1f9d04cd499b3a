"""Chromium as a person's browser, without the outside world."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Route, sync_playwright

STATIC = Path(__file__).resolve().parents[2] / "static"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
]


def path() -> str | None:
    """Where Chromium is: CHROMIUM_PATH, or the first known name on the PATH."""
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=FLAGS, env={**os.environ, "LANG": "en"}
        )
        try:
            yield browser
        finally:
            browser.close()


def answer_from_disk(route: Route) -> None:
    """The chart library's address answers with the project's own copy; any other is refused."""
    if "chart.js" in route.request.url:
        ours = (STATIC / "vendor/chart.js/chart.umd.min.js").read_bytes()
        route.fulfill(
            # As published, or its integrity hash would not fit.
            body=ours + b"//# sourceMappingURL=chart.umd.min.js.map\n",
            content_type="application/javascript",
            headers={"Access-Control-Allow-Origin": "*"},
        )
    else:
        route.abort()


def shut_in(context: BrowserContext) -> None:
    """Let this context reach nothing but loopback."""
    context.route(re.compile(r"^https?://(?!localhost[:/]|127\.0\.0\.1[:/])"), answer_from_disk)
