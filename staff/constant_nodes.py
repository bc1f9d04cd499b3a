"""Template tags that come to the same at each visit, worked out once: `{% url %}` without arguments or
of a record's number, `{% translate %}` and `{% static %}` of what the template itself spells out.

A page has dozens of them, and together they cost more than its rows. The templates' own library
(staff.templatetags.vinculo) puts these in the place of Django's; any other use of the tags is Django's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from django.conf import settings
from django.template import Context, Node
from django.template.base import FilterExpression, Parser, Token, Variable
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.templatetags.i18n import TranslateNode, do_translate
from django.templatetags.static import StaticNode, do_static
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language


class Constant(Node):
    """What `node` renders, kept by all that it depends on: `where()`, and whether it is escaped."""

    child_nodelists = ()

    def __init__(self, node: Node, name: str | None, where: Callable[[], Hashable]) -> None:
        self.node, self.name, self.where = node, name, where
        self.kept: dict[Hashable, str] = {}

    def render(self, context: Context) -> str:
        place = (self.where(), context.autoescape)
        known = self.kept.get(place)
        if known is None:
            rendered = self.node.render(context)
            known = self.kept[place] = context[self.name] if self.name else rendered
        if not self.name:
            return known
        context[self.name] = known
        return ""


class Numbered(Node):
    """`{% url "crm:customer" customer.pk %}`: what stands before and after the number is kept."""

    child_nodelists = ()
    # Of so many digits that only what takes any number takes it.
    NUMBER = 2**62

    def __init__(self, node: URLNode) -> None:
        self.node, self.name, self.number = node, node.asvar, node.args[0]
        self.kept: dict[Hashable, tuple[str, str] | None] = {}

    def render(self, context: Context) -> str:
        number = self.number.resolve(context)
        if type(number) is not int or number < 0:
            return self._asked(context)
        place = _addresses()
        if place not in self.kept:
            self.kept[place] = self._around(context)
        around = self.kept[place]
        if around is None:
            return self._asked(context)
        address = SafeString(f"{around[0]}{number}{around[1]}")
        if not self.name:
            return address
        context[self.name] = address
        return ""

    def _asked(self, context: Context) -> str:
        return str(self.node.render(context))

    def _around(self, context: Context) -> tuple[str, str] | None:
        try:
            address = reverse(self.node.view_name.resolve(context), args=[self.NUMBER])
        except NoReverseMatch:
            return None
        before, _number, after = address.partition(str(self.NUMBER))
        return before, after


def url(parser: Parser, token: Token) -> Node:
    node: URLNode = django_url(parser, token)
    if not spelt_out(node.view_name) or node.kwargs or len(node.args) > 1:
        return node
    return Numbered(node) if node.args else Constant(node, node.asvar, _addresses)


def translate(parser: Parser, token: Token) -> Node:
    node: TranslateNode = do_translate(parser, token)
    context: FilterExpression | None = node.message_context
    is_constant = spelt_out(node.filter_expression) and (context is None or spelt_out(context))
    return Constant(node, node.asvar, get_language) if is_constant and not node.noop else node


def static(parser: Parser, token: Token) -> Node:
    node: StaticNode = do_static(parser, token)
    return Constant(node, node.varname, _files) if spelt_out(node.path) else node


def spelt_out(expression: Any) -> bool:
    """Whether it is a text of the template, neither a variable nor filtered."""
    value = expression.var
    is_text = value.literal is not None if isinstance(value, Variable) else isinstance(value, str)
    return is_text and not expression.filters


def _addresses() -> Hashable:
    return get_urlconf(), get_script_prefix(), settings.ROOT_URLCONF


def _files() -> Hashable:
    return settings.STATIC_URL
