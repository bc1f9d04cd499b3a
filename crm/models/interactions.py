"""The append-only log of everything that passed between the business and a customer."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models.contacts import Contact
from crm.models.customers import Customer
from crm.models.origins import Imported, once
from crm.querysets import InteractionQuerySet


class Interaction(Imported):
    """One thing that passed. Written only by crm.actions.log_interaction and its bulk twin."""

    class Kind(models.TextChoices):
        CALL = "call", pgettext_lazy("interaction", "call")
        VISIT = "visit", _("visit")
        MEETING = "meeting", _("meeting")
        NOTE = "note", _("note")
        EMAIL = "email", _("e-mail")
        CHAT = "chat", _("chat")
        ORDER = "order", _("order")
        CONTRACT = "contract", _("contract")
        SURVEY_INVITATION = "survey_invitation", _("survey invitation")
        SURVEY_RESPONSE = "survey_response", _("survey response")
        PROMISE = "promise", _("promise")
        TICKET = "ticket", _("ticket")
        DEAL = "deal", _("deal")
        OUTREACH = "outreach", pgettext_lazy("interaction", "message of ours")
        REFERRAL = "referral", pgettext_lazy("interaction", "referral")
        LOST = "lost", pgettext_lazy("interaction", "lost")
        OTHER = "other", _("other")

    # What a person may log by hand.
    LOGGABLE = (Kind.CALL, Kind.VISIT, Kind.MEETING, Kind.NOTE, Kind.EMAIL, Kind.CHAT)

    class Direction(models.TextChoices):
        IN = "in", pgettext_lazy("direction", "from them")
        OUT = "out", pgettext_lazy("direction", "from us")
        NONE = "", pgettext_lazy("direction", "neither")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="interactions")
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    direction = models.CharField(
        _("direction"), max_length=3, choices=Direction.choices, blank=True
    )
    channel = models.CharField(_("channel"), max_length=20, blank=True)
    occurred_at = models.DateTimeField(_("when"), default=timezone.now)
    summary = models.CharField(_("summary"), max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # The record that it tells of, e.g. ("surveys.response", 5); blank when it tells of itself.
    about_model = models.CharField(max_length=60, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        constraints: ClassVar = [once("crm_interaction_external")]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-occurred_at", "-id"], name="crm_timeline"),
            # What passed in some time with everybody: figures count it.
            models.Index(fields=["occurred_at"], name="crm_interaction_when"),
            models.Index(
                fields=["about_model", "about_id"],
                condition=~models.Q(about_model=""),
                name="crm_interaction_about",
            ),
        ]

    def __str__(self) -> str:
        return self.summary


class InteractionBody(models.Model):
    """The long text of an interaction, apart, so that timelines stay light."""

    interaction = models.OneToOneField(
        Interaction, on_delete=models.CASCADE, primary_key=True, related_name="body"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:60]
