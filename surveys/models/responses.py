"""Answers: a person's, or none."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Contact, Customer
from surveys.models.invitations import Invitation
from surveys.models.surveys import Survey, SurveyVersion
from surveys.querysets import ResponseQuerySet
from surveys.scores import HIGH, LOW, MIDDLE, group_of


class Response(models.Model):
    """One answer. Only `valid` ones count; one valid response per invitation, by constraint."""

    class Origin(models.TextChoices):
        MAIL_LINK = "mail_link", _("mailed link")
        PUBLIC_LINK = "public_link", _("public link")
        KIOSK = "kiosk", _("kiosk")
        WIDGET = "widget", _("widget")
        REPLY = "reply", _("reply by mail")
        IMPORT = "import", _("import")

    class Validity(models.TextChoices):
        VALID = "valid", pgettext_lazy("response", "counted")
        HELD = "held", pgettext_lazy("response", "held")
        INVALID = "invalid", pgettext_lazy("response", "not counted")

    class Sentiment(models.TextChoices):
        POSITIVE = "positive", pgettext_lazy("comment", "positive")
        NEUTRAL = "neutral", pgettext_lazy("comment", "neutral")
        NEGATIVE = "negative", pgettext_lazy("comment", "negative")

    class Group(models.TextChoices):
        PROMOTER = "promoter", _("promoter")
        PASSIVE = "passive", _("passive")
        DETRACTOR = "detractor", _("detractor")

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    # The survey's kind, copied, so that figures need no join.
    kind = models.CharField(max_length=4, choices=Survey.Kind.choices)
    version = models.ForeignKey(
        SurveyVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    invitation = models.ForeignKey(
        Invitation, on_delete=models.SET_NULL, null=True, blank=True, related_name="responses"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="responses"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="responses"
    )
    # Null or outside the scale only when imported so; then invalid, shown, never in a figure.
    score = models.IntegerField(null=True, blank=True)
    comment = models.TextField(_("reason"), blank=True)
    # Of an anonymous answer the midnight that began its day, and nobody.
    answered_at = models.DateTimeField(default=timezone.now)
    is_anonymous = models.BooleanField(default=False)
    # Answers to the further questions of its version, by their keys: {"q1": ["a", "c"], "q2": 4}.
    further = models.JSONField(default=dict, blank=True)
    # How its words sound: by hand, or by a tag's rule; by hand stays.
    sentiment = models.CharField(max_length=8, choices=Sentiment.choices, blank=True)
    sentiment_is_ours = models.BooleanField(default=False)
    tags = models.ManyToManyField(
        "surveys.CommentTag", through="surveys.Tagging", related_name="responses"
    )
    origin = models.CharField(max_length=11, choices=Origin.choices)
    validity = models.CharField(max_length=7, choices=Validity.choices, default=Validity.VALID)
    # A code of surveys.reasons.BECAUSE.
    validity_reason = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=8, blank=True)
    # SHA-256 of the browser's secret that may change this answer for 24 hours, hex.
    edit_hash = models.CharField(max_length=64, blank=True)
    external_source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=190, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)
    # When its words were last put into the index and looked through for tags (surveys.reading);
    # whoever changes the comment takes it away.
    read_at = models.DateTimeField(null=True, blank=True)
    # Since when the rules have to look at it (surveys.actions.follow_ups); null: they have, or,
    # of what was imported, never will. One that is held waits until it counts.
    unseen_since = models.DateTimeField(null=True, blank=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(validity="valid", invitation__isnull=False),
                name="surveys_one_answer",
            ),
            models.UniqueConstraint(
                fields=["external_source", "external_id"],
                condition=~Q(external_id=""),
                name="surveys_response_external",
            ),
            models.CheckConstraint(
                condition=~Q(validity="valid")
                | Q(kind="nps", score__range=(0, 10))
                | Q(kind="csat", score__range=(1, 5))
                | Q(kind="ces", score__range=(1, 7)),
                name="surveys_valid_score_in_scale",
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=False)
                | Q(customer=None, contact=None, invitation=None, external_id=""),
                name="surveys_anonymous_is_nobodys",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "answered_at", "id"], name="surveys_response_kind"),
            models.Index(fields=["survey", "-answered_at", "-id"], name="surveys_response_survey"),
            models.Index(fields=["customer", "-answered_at"], name="surveys_response_customer"),
            models.Index(
                fields=["-answered_at"], condition=Q(validity="held"), name="surveys_response_held"
            ),
            models.Index(
                fields=["-answered_at", "-id"],
                condition=Q(validity="valid"),
                name="surveys_response_recent",
            ),
            models.Index(
                fields=["id"],
                condition=Q(read_at=None) & ~Q(comment=""),
                name="surveys_response_unread",
            ),
            models.Index(
                fields=["id"],
                condition=Q(unseen_since__isnull=False, validity="valid"),
                name="surveys_response_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.score}"

    @property
    def group(self) -> str:
        """Promoter, passive or detractor of an NPS answer; of the others, their like."""
        names = {LOW: self.Group.DETRACTOR, MIDDLE: self.Group.PASSIVE, HIGH: self.Group.PROMOTER}
        return names.get(group_of(self.kind, self.score), "")


class CommentSearch(models.Model):
    """The folded words of a comment (surveys.reading fills it, crm.words finds by it)."""

    response = models.OneToOneField(
        Response, on_delete=models.CASCADE, primary_key=True, related_name="search_row"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return self.text


class CommentTag(models.Model):
    """What comments are about: "waiting", "price". Put on by hand, or by its words."""

    name = models.CharField(_("name"), max_length=60)
    # One phrase a line, without accents and case; a comment that has one of them gets the tag.
    phrases = models.TextField(_("words that bring it"), blank=True)
    # What such a comment sounds like; blank: nothing follows.
    sentiment = models.CharField(
        _("sounds"), max_length=8, choices=Response.Sentiment.choices, blank=True
    )
    # Its phrases have changed, and comments up to this key have still to be looked through.
    walk_from = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("tag")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="surveys_tag_name"),
            models.CheckConstraint(condition=~Q(name=""), name="surveys_tag_named"),
        ]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A tag on a comment: by somebody, or by the tag's own words."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(CommentTag, on_delete=models.CASCADE, related_name="taggings")
    is_by_rule = models.BooleanField(default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Taken off by hand: the rule doesn't bring it again.
    removed_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "tag"], name="surveys_tagged_once")
        ]
        indexes: ClassVar = [models.Index(fields=["tag", "response"], name="surveys_tagging_tag")]

    def __str__(self) -> str:
        return f"{self.response_id} {self.tag_id}"


class Testimonial(models.Model):
    """Words that their author lets the business quote: a consent of its own, with its proof."""

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="testimonial")
    # As it was agreed to; later changes of the comment don't change it.
    words = models.TextField()
    # How its author wants to be named; blank: not at all.
    signed = models.CharField(max_length=120, blank=True)
    # The sentence that was agreed to, in the language in which it was read.
    agreed_to = models.TextField()
    language = models.CharField(max_length=8, blank=True)
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="surveys_testimonial_at")]

    def __str__(self) -> str:
        return f"{self.response_id}"
