"""Tasks as lines of a list; pages show dozens of them, so that what lines share is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.models import Task
from staff.formats import ago

register = template.Library()
# Of so many digits that it is nothing else in an address.
NUMBER = 2**62


@register.inclusion_tag("crm/_task_lines.html", takes_context=True)
def task_lines(
    context: template.Context,
    tasks: Iterable[Task],
    *,
    may_write: bool,
    back: str,
    with_customer: bool = False,
) -> dict[str, Any]:
    """`{% task_lines tasks may_write=may_write back=here %}`: a <li> of each.

    Without scripts one comes back to the address `back`; `with_customer` names the customer of each,
    otherwise its owner is named.
    """
    fields = (("next", back), ("with_customer", "1" if with_customer else ""))
    lay_out = _Lines(with_customer=with_customer)
    return {
        "lines": [lay_out.line(task) for task in tasks],
        "may_write": may_write,
        "hidden": _hidden(("csrfmiddlewaretoken", str(context.get("csrf_token", ""))), *fields),
    }


def _hidden(*fields: tuple[str, str]) -> SafeString:
    """They are of every form of every line, those of the menu included."""
    field = '<input type="hidden" name="{}" value="{}">'
    return SafeString("".join(format_html(field, name, value) for name, value in fields))


class _Lines:
    """Texts ready to be shown, which a template finds fastest in a dict."""

    def __init__(self, *, with_customer: bool) -> None:
        self.with_customer, self.now = with_customer, timezone.now()
        self.customer_url = _addresses("crm:customer")
        self.urls = {
            verb: _addresses(f"crm:task-{verb}")
            for verb in ("complete", "reopen", "move", "edit", "delete")
        }
        self.done_label, self.more_label = _("Done: %(title)s"), _("More: %(title)s")

    def line(self, task: Task) -> dict[str, Any]:
        pk, is_done, title = task.pk, task.is_done, {"title": task.title}
        shows_customer = self.with_customer and task.customer_id is not None
        return {
            "pk": str(pk),
            "title": task.title,
            "is_done": is_done,
            "is_promise": task.is_promise,
            "is_late": not is_done and task.due_at is not None and task.due_at < self.now,
            "due": ago(task.due_at) if task.due_at else "",
            "customer": task.customer.name if shows_customer and task.customer else "",
            "customer_url": self.customer_url(task.customer_id) if shows_customer else "",
            "owner": str(task.owner) if task.owner_id and not self.with_customer else "",
            "done_label": self.done_label % title,
            "more_label": self.more_label % title,
            "toggle_url": self.urls["reopen" if is_done else "complete"](pk),
            "move_url": self.urls["move"](pk),
            "edit_url": self.urls["edit"](pk),
            "delete_url": self.urls["delete"](pk),
        }


def _addresses(name: str) -> Callable[[int | None], SafeString]:
    """The addresses of a page of a record, by its key."""
    before, _number, after = reverse(name, args=[NUMBER]).partition(str(NUMBER))
    return lambda pk: SafeString(f"{before}{pk}{after}")
