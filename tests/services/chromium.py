"""Chromium as a person's browser, without the outside world."""

import os
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.mail import certificates

STATIC = Path(__file__).resolve().parents[2] / "static"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--ignore-certificate-errors",  # of the library's publisher below
]


def path() -> str | None:
    """Where Chromium is: CHROMIUM_PATH, or the first known name on the PATH."""
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running(executable: str) -> Iterator[Browser]:
    """A browser that reaches loopback and the chart library; any other name is unknown to it.

    By its own rules of names rather than by Playwright's routes: with a route, each request waits
    for this process, and nothing is cached.
    """
    with publisher() as port, sync_playwright() as playwright:
        names = f"MAP cdn.jsdelivr.net 127.0.0.1:{port}, MAP * ~NOTFOUND"
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[*FLAGS, f"--host-resolver-rules={names}, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
            env={**os.environ, "LANG": "en"},
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def publisher() -> Iterator[int]:
    """Where the chart library is published, with the project's own copy of it: its port."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadingHTTPServer(("127.0.0.1", 0), ChartLibrary) as server,
    ):
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(certificates.write(Path(folder)))
        server.socket = secure.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class ChartLibrary(BaseHTTPRequestHandler):
    # As published, or its integrity hash would not fit.
    body = (STATIC / "vendor/chart.js/chart.umd.min.js").read_bytes() + (
        b"//# sourceMappingURL=chart.umd.min.js.map\n"
    )

    def do_GET(self) -> None:
        if not self.path.endswith("/chart.umd.min.js"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/javascript")
        self.send_header("Content-Length", str(len(self.body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""
