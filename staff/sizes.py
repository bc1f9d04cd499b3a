"""How much a stranger may send at once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Somewhat more than the files that may go with one message (staff.uploads).
LARGEST = 30 * 1024 * 1024


class SizesMiddleware:
    """Answers 413 to a larger body from anybody who isn't signed in, before a byte of it is read.

    What providers bring to /hooks/ has a limit of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        size = request.META.get("CONTENT_LENGTH") or "0"
        is_large = size.isdecimal() and int(size[:18]) > LARGEST
        if (
            is_large
            and not request.path.startswith("/hooks/")
            and not request.user.is_authenticated
        ):
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)
