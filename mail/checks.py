"""What `manage.py` refuses to start with."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mail.ways import names_a_provider, way_out


@register()
def email_url_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_URL:
        return []
    try:
        way_out()
    except ValueError as error:
        return [Error(str(error), id="mail.E001")]
    if names_a_provider(settings.EMAIL_URL):
        from mail.providers import lacking, provider_of  # its libraries are large

        if lack := lacking(provider_of(settings.EMAIL_URL)):
            return [Error(lack, id="mail.E002")]
    return []
