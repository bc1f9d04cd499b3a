"""What `manage.py` refuses to start with."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mail.transport import Server


@register()
def email_url_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_URL:
        return []
    try:
        Server.of(settings.EMAIL_URL)
    except ValueError as error:
        return [Error(str(error), id="mail.E001")]
    return []
