"""Suggestions in public: proposed, moderated, supported, answered, done."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from support.models.tickets import Ticket


class Suggestion(models.Model):
    """An idea; on the board once somebody of the business has published it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("suggestion", "to be looked at")
        NEW = "new", pgettext_lazy("suggestion", "new")
        PLANNED = "planned", pgettext_lazy("suggestion", "planned")
        STARTED = "started", pgettext_lazy("suggestion", "being worked on")
        DONE = "done", pgettext_lazy("suggestion", "done")
        DECLINED = "declined", pgettext_lazy("suggestion", "not planned")
        REJECTED = "rejected", pgettext_lazy("suggestion", "not published")
        MERGED = "merged", pgettext_lazy("suggestion", "same as another")

    PUBLIC_STATES = (State.NEW, State.PLANNED, State.STARTED, State.DONE, State.DECLINED)

    title = models.CharField(_("title"), max_length=150)
    text = models.TextField(_("what it is about"), blank=True, max_length=5000)
    language = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged"
    )
    # The ticket in which it came, when it came by the feedback page or mail.
    ticket = models.OneToOneField(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="suggestion"
    )
    answer = models.TextField(_("our answer"), blank=True, max_length=5000)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    # Maintained with each vote: the board is sorted by it.
    votes_count = models.PositiveIntegerField(default=0)
    once_key = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("suggestion")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["once_key"], condition=~Q(once_key=""), name="support_suggested_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-votes_count", "-id"], name="support_board")
        ]

    def __str__(self) -> str:
        return self.title


class BoardVote(models.Model):
    """Support for a suggestion: one per browser, known by the hash of a random cookie."""

    suggestion = models.ForeignKey(Suggestion, on_delete=models.CASCADE, related_name="votes")
    voter_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["suggestion", "voter_hash"], name="support_voted_once")
        ]

    def __str__(self) -> str:
        return f"{self.suggestion_id}"


class BoardFollower(models.Model):
    """An address that wants to hear when it is done; asked to confirm before it is believed."""

    suggestion = models.ForeignKey(Suggestion, on_delete=models.CASCADE, related_name="followers")
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=8, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["suggestion", "address"], name="support_follows_once"),
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="support_follower_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class BoardComment(models.Model):
    """What others say about a suggestion; shown once it is published."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("comment", "to be looked at")
        PUBLISHED = "published", pgettext_lazy("comment", "published")
        REJECTED = "rejected", pgettext_lazy("comment", "not published")

    suggestion = models.ForeignKey(Suggestion, on_delete=models.CASCADE, related_name="comments")
    name = models.CharField(_("name"), max_length=80, blank=True)
    text = models.TextField(_("comment"), max_length=2000)
    # A person of the business answers under their own name, at once published.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    created_at = models.DateTimeField(default=timezone.now)
    once_key = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["once_key"], condition=~Q(once_key=""), name="support_commented_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["suggestion", "created_at"], name="support_board_comments"),
            models.Index(
                fields=["created_at"],
                condition=Q(state="proposed"),
                name="support_comments_to_see",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
