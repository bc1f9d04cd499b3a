"""A list's way into a file, in the menu of its page."""

from typing import Any

from django import template
from django.http import HttpRequest, QueryDict

from staff.exports import LISTS
from staff.exports.writing import Format

register = template.Library()


@register.inclusion_tag("staff/_export_items.html", takes_context=True)
def export_items(context: template.Context, name: str, **narrowed: object) -> dict[str, Any]:
    """Menu entries that export the list as the address filters it, and `narrowed` beside.

    `{% export_items "orders" customer=customer.pk %}`; nothing for whom the list is not.
    """
    request: HttpRequest = context["request"]
    found, user = LISTS.get(name), request.user
    if not (found and user.is_authenticated and user.has_role(found.role)):
        return {"formats": ()}
    fixed = QueryDict(mutable=True)
    for key, value in narrowed.items():
        fixed[key] = str(value)
    return {
        "list": name,
        # Scripts put the address of the moment before the fixed part, once htmx has changed it.
        "fixed": fixed.urlencode(),
        "address": request.GET.urlencode(),
        "formats": Format.choices,
        "csrf_token": context.get("csrf_token"),
    }
