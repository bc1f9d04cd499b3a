"""Reading comments: their words go into the index, and tags come by their own words.

A comment that nobody has read yet is a row with words and without `read_at`; a tag whose phrases
have changed is a row with `walk_from`. Both are walked through in slices, by whichever worker comes.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from crm import folding
from crm.words import Term, WordIndex, index_words, search_words
from surveys.models import CommentSearch, CommentTag, Response, Tagging

WORDS = WordIndex(table="surveys_commentsearch", key="response_id", name="surveys_comment_words")
BATCH = 500
# Of a comment that is as long as an answer page allows, all; of what was imported, the beginning.
MOST_WORDS = 800


def read_for(seconds: float) -> bool:
    """Read what is unread, then look for changed tags; True when there is more to do."""
    end = time.monotonic() + seconds
    for step in (read_batch, walk_batch):
        while step():
            if time.monotonic() >= end:
                return True
    return False


@transaction.atomic
def read_batch(size: int = BATCH) -> int:
    """Index and tag the next unread comments; how many were read."""
    unread = Response.objects.filter(Q(read_at=None) & ~Q(comment="")).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        unread = unread.select_for_update(skip_locked=True)
    responses = list(unread.only("pk", "comment", "sentiment", "sentiment_is_ours")[:size])
    if not responses:
        return 0
    CommentSearch.objects.bulk_create(
        [CommentSearch(response=one, text=_words(one.comment)) for one in responses],
        update_conflicts=True,
        update_fields=["text"],
        unique_fields=["response"],
    )
    _tag(responses, list(CommentTag.objects.exclude(phrases="")))
    # When an anonymous comment was read would tell when it came.
    read_at = Case(When(is_anonymous=True, then=F("answered_at")), default=Value(timezone.now()))
    Response.objects.filter(pk__in=[one.pk for one in responses]).update(read_at=read_at)
    return len(responses)


@transaction.atomic
def walk_batch(size: int = BATCH) -> int:
    """Look through older comments, newest first, for one changed tag; how many were looked at."""
    waiting = CommentTag.objects.filter(walk_from__isnull=False).order_by("pk")
    tag = waiting.select_for_update().first()
    if tag is None or tag.walk_from is None:
        return 0
    older = Response.objects.filter(pk__lte=tag.walk_from).exclude(comment="").order_by("-pk")
    responses = list(older.only("pk", "comment", "sentiment", "sentiment_is_ours")[:size])
    if responses:
        _untag(responses, tag)
        _tag(responses, [tag] if tag.phrases else [])
    tag.walk_from = responses[-1].pk - 1 if len(responses) == size else None
    tag.save(update_fields=["walk_from"])
    return len(responses) or 1


def matching(text: str) -> Q:
    """A filter of Response: each word of `text` begins a word of the comment; blank matches all."""
    if not text.strip():
        return Q()
    terms = [Term(((word,),)) for word in search_words(text)]
    return WORDS.find(terms)[0] if terms else Q(pk__in=[])


def has_phrase(folded: str, phrases: Collection[str]) -> bool:
    """Whether folded words hold one of these phrases, each of which begins at a word's beginning.

    "wait" is in "the waiting"; "late" is not in "chocolate".
    """
    return any(f" {phrase}" in f" {folded}" for phrase in phrases)


def phrases_of(tag: CommentTag) -> list[str]:
    return [folded for line in tag.phrases.splitlines() if (folded := folding.fold(line))]


def _words(comment: str) -> str:
    return " ".join(list(dict.fromkeys(index_words(comment)))[:MOST_WORDS])


def _tag(responses: Sequence[Response], tags: Sequence[CommentTag]) -> None:
    """Put on what the words bring; what somebody took off by hand stays off."""
    rules = [(tag, phrases) for tag in tags if (phrases := phrases_of(tag))]
    taggings, sounding = [], []
    for response in responses:
        folded = folding.fold(response.comment) if rules else ""
        found = [tag for tag, phrases in rules if has_phrase(folded, phrases)]
        taggings += [Tagging(response=response, tag=tag, is_by_rule=True) for tag in found]
        sounds = {tag.sentiment for tag in found if tag.sentiment}
        # Words that sound both ways say nothing.
        if len(sounds) == 1 and not response.sentiment_is_ours:
            [response.sentiment] = sounds
            sounding.append(response)
    Tagging.objects.bulk_create(taggings, ignore_conflicts=True, batch_size=2000)
    Response.objects.bulk_update(sounding, ["sentiment"], batch_size=200)


def _untag(responses: Sequence[Response], tag: CommentTag) -> None:
    by_rule = Tagging.objects.filter(
        tag=tag, response__in=responses, is_by_rule=True, removed_at=None
    )
    by_rule.delete()
