"""A list's way into a file, in the menu of its page."""

from typing import Any

from django import template
from django.http import HttpRequest

from staff.exports import LISTS
from staff.exports.writing import Format

register = template.Library()


@register.inclusion_tag("staff/_export_items.html", takes_context=True)
def export_items(context: template.Context, name: str, query: str = "") -> dict[str, Any]:
    """Menu entries that export the list as filtered: `{% export_items "customers" filter_query %}`.

    `query` is its address after the "?"; nothing for whom the list is not.
    """
    request: HttpRequest = context["request"]
    found = LISTS.get(name)
    user = request.user
    if not (found and user.is_authenticated and user.has_role(found.role)):
        return {"formats": ()}
    return {
        "list": name,
        "query": query,
        "formats": Format.choices,
        "csrf_token": context.get("csrf_token"),
    }
