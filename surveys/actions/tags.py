"""What comments are about and how they sound: by hand, and by words that bring a tag."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from surveys.models import CommentTag, Response, Tagging

FIELDS = ("name", "phrases", "sentiment")
# A tag that is made in passing has no longer name than this.
LONGEST = CommentTag._meta.get_field("name").max_length or 60


class TagNameTaken(Refusal):
    message = _("Another tag has this name already.")


class TagNeedsName(Refusal):
    message = _("Give the tag a name of at most 60 characters.")


def can_tag(user: User) -> bool:
    return user.has_role(Role.AGENT)


def can_edit_tags(user: User) -> bool:
    return user.has_role(Role.MANAGER)


@transaction.atomic
def save_tag(
    *, tag: CommentTag | None = None, name: str, phrases: str, sentiment: str, by: User
) -> CommentTag:
    """Make or change a tag; other phrases are looked for in all comments, in the background.

    Raises TagNameTaken or TagNeedsName.
    """
    tag = CommentTag() if tag is None else CommentTag.objects.select_for_update().get(pk=tag.pk)
    is_new = tag.pk is None
    before = {} if is_new else audit.values(tag, FIELDS)
    tag.name = _checked(name, but=tag)
    tag.phrases = "\n".join(filter(None, (line.strip() for line in phrases.splitlines())))
    tag.sentiment = sentiment
    changes = audit.diff(before, tag, FIELDS)
    if not changes:
        return tag
    if {"phrases", "sentiment"} & set(changes):
        tag.walk_from = Response.objects.aggregate(last=Max("pk"))["last"]
    tag.save()
    action = "comment_tag.create" if is_new else "comment_tag.update"
    audit.record(by=by, action=action, target=tag, changes=changes)
    _nudge_after_commit()
    return tag


@transaction.atomic
def delete_tag(*, tag: CommentTag, by: User) -> None:
    """Take the tag off all comments, for good."""
    audit.record(
        by=by,
        action="comment_tag.delete",
        target=tag,
        changes={"name": [tag.name, None]},
    )
    tag.delete()


@transaction.atomic
def put_on(*, response: Response, name: str, by: User) -> Tagging:
    """Tag a comment, by the tag's name in any spelling of its case; a new name makes a new tag.

    Raises TagNeedsName.
    """
    tag = CommentTag.objects.filter(name__iexact=name.strip()).first()
    if tag is None:
        tag = CommentTag.objects.create(name=_checked(name))
        changes = audit.diff({}, tag, FIELDS)
        audit.record(by=by, action="comment_tag.create", target=tag, changes=changes)
    tagging, _made = Tagging.objects.update_or_create(
        response=response,
        tag=tag,
        defaults={"is_by_rule": False, "by": by, "removed_at": None},
    )
    return tagging


@transaction.atomic
def take_off(*, response: Response, tag: CommentTag, by: User) -> None:
    """Take a tag off a comment; what its words brought does not come again."""
    on = Tagging.objects.filter(response=response, tag=tag, removed_at=None)
    on.filter(is_by_rule=True).update(removed_at=timezone.now(), by=by)
    on.filter(is_by_rule=False).delete()


@transaction.atomic
def set_sentiment(*, response: Response, sentiment: str, by: User) -> Response:
    """Say how a comment sounds; blank leaves it to the tags again."""
    before = audit.values(response, ["sentiment"])
    response.sentiment, response.sentiment_is_ours = sentiment, bool(sentiment)
    response.save(update_fields=["sentiment", "sentiment_is_ours"])
    if changes := audit.diff(before, response, ["sentiment"]):
        audit.record(by=by, action="response.sentiment", target=response, changes=changes)
    return response


def _checked(name: str, but: CommentTag | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST:
        raise TagNeedsName
    others = CommentTag.objects.filter(name__iexact=name)
    if but is not None and but.pk:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise TagNameTaken
    return name


def _nudge_after_commit() -> None:
    from surveys import tasks  # tasks call the actions: imported when both are there

    transaction.on_commit(tasks.read_comments.delay, robust=True)
