"""The character that PostgreSQL keeps in no text."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest


class NullsMiddleware:
    """Answers 400 to a null in a query or in a plain form: nobody types one, and a search for it
    would end in an error of the database. Forms with files refuse it field by field."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\0" in query:
            return HttpResponseBadRequest()
        # What a provider brings may be a mail with anything in it; it is stored before it is read.
        is_form = request.content_type == "application/x-www-form-urlencoded"
        if is_form and not request.path.startswith("/hooks/"):
            body = request.body
            if b"%00" in body or b"\0" in body:
                return HttpResponseBadRequest()
        return self.get_response(request)
