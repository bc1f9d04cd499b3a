"""Strangers' words in templates."""

from django import template
from django.utils.safestring import SafeString

from mail.parsing import reply_text
from mail.showing import text_to_html

register = template.Library()


@register.inclusion_tag("mail/_strangers_text.html")
def strangers_text(text: str) -> dict[str, SafeString]:
    """Plain text from anywhere, with what it quotes folded away."""
    fresh, quoted = reply_text(text)
    return {"fresh": text_to_html(fresh.strip()), "quoted": text_to_html(quoted.strip("\n"))}
