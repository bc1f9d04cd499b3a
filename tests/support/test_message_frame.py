"""A mail as it was sent, in its frame: its own pictures load, others' only when asked for, and nothing runs."""

import struct
import zlib

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from staff.files import store_file
from staff.models import User
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.files import FileDraft
from support.models import Ticket
from tests.conftest import signed_in

HTML = (
    '<p>Look:</p><img src="cid:photo@x" alt="photo"><img src="https://px.evil.example/big.png" alt="remote">'
    "<script>document.body.textContent='ran'</script><p onclick=alert(1)>end</p>"
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 3, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\0\0\0" * 3))
    + chunk(b"IEND", b"")
)


@pytest.mark.browser
def test_pictures_of_the_mail_load_and_those_of_others_wait(
    live_server: LiveServer, context: BrowserContext, page: Page, agent: User
) -> None:
    ticket = open_ticket(
        customer=None,
        requester=Correspondent("ada@example.com", "Ada", "en"),
        subject="Look",
        text="Look",
        html=HTML,
        channel=Ticket.Channel.EMAIL,
        files=[FileDraft("photo.png", "image/png", store_file(PNG, "image/png"), "photo@x", True)],
    )
    [cookie] = signed_in(agent).cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    asked: list[str] = []

    def note(request: Request) -> None:
        if "evil" in request.url:
            asked.append(request.url)

    page.on("request", note)
    message = ticket.messages.get()
    page.goto(live_server.url + reverse("support:message-html", args=[ticket.pk, message.pk]))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("end")).to_be_visible()
    photo = frame.get_by_role("img", name="photo")
    expect(photo).to_be_visible()
    assert photo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 3
    assert asked == []

    page.get_by_role("link", name="Load images").click()
    expect(page.frame_locator("iframe").get_by_role("img", name="remote")).to_be_attached()
    page.wait_for_load_state("networkidle")
    assert asked == ["https://px.evil.example/big.png"]
