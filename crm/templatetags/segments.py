"""What pages may tell a person of a segment."""

from django import template

from crm.models import Segment
from crm.segments import is_visible, name_for
from staff.models import User

register = template.Library()


@register.filter
def named_for(segment: Segment, user: User) -> str:
    """`{{ outreach.segment|named_for:user }}`: its name, or that it is somebody's own."""
    return name_for(segment, user)


@register.filter
def seen_by(segment: Segment, user: User) -> bool:
    """`{% if outreach.segment|seen_by:user %}`."""
    return is_visible(segment, user)
