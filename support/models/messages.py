"""What was written in a ticket, with its files, mentions and promises."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Contact, Task
from mail.models import InboundEmail
from staff.models import StoredFile
from support.models.tickets import Ticket


class Message(models.Model):
    """One mail or note. What strangers wrote is kept as it came and made safe when it is shown."""

    class Kind(models.TextChoices):
        # From outside: by mail, by the link, by the form, told on the phone.
        RECEIVED = "received", pgettext_lazy("message", "from the customer")
        # A person's public reply: the only kind that counts as one.
        REPLY = "reply", pgettext_lazy("message", "reply")
        NOTE = "note", pgettext_lazy("message", "note")
        # Public, but written by the program: an acknowledgement.
        AUTOMATIC = "automatic", pgettext_lazy("message", "automatic")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    # Of staff; null for the customer and the program.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    from_name = models.CharField(max_length=200, blank=True)
    from_address = models.CharField(max_length=254, blank=True)
    # Whether the sender proved to be a participant (keyed address, link), or only says so.
    is_proven = models.BooleanField(default=False)
    # An automatic mail from outside: shown, but it neither reopens nor counts.
    automatic = models.CharField(max_length=40, blank=True)
    # Thanks alone: neither reopens nor counts.
    is_thanks = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    # Raw; shown only through mail.showing.
    html = models.TextField(blank=True)
    # Codes of mail.parsing.NOTES and support.filing.NOTES: what was wrong with the mail.
    notes = models.JSONField(default=list, blank=True)
    # Whom the mail was addressed to besides us: [{"address": …, "name": …}]. They take no part unless
    # staff add them, because anyone can write any address there.
    also_addressed = models.JSONField(default=list, blank=True)
    inbound = models.ForeignKey(
        InboundEmail, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    # Pressing the button twice makes one message.
    once_key = models.CharField(max_length=64, blank=True)
    # Until then it can be taken back; its mails leave then.
    leaves_at = models.DateTimeField(null=True, blank=True)
    # Taken back before it left: remembered, shown to nobody.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["inbound"], condition=Q(inbound__isnull=False), name="support_filed_once"
            ),
            models.UniqueConstraint(
                fields=["once_key"], condition=~Q(once_key=""), name="support_message_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ticket", "created_at", "id"], name="support_thread")
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_public(self) -> bool:
        return self.kind != self.Kind.NOTE and self.withdrawn_at is None


class Attachment(models.Model):
    """A file of a message, under a cleaned name; served only by staff.downloads."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=120)
    # Of an image inside the HTML ("cid:…"), without brackets.
    content_id = models.CharField(max_length=250, blank=True)
    is_inline = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name


class SystemMail(models.Model):
    """An automatic mail that went to an address about tickets: the backstop counts these."""

    address = models.EmailField(max_length=254)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["address", "at"], name="support_automatic_to")]

    def __str__(self) -> str:
        return f"{self.address} {self.at:%Y-%m-%d %H:%M}"


class Mention(models.Model):
    """Somebody of the business was named in a note."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user"], name="support_mentioned_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(seen_at=None), name="support_mention_unseen")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class ReplyPromise(models.Model):
    """What a reply promised, as a promise of the customer room."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="promises")
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="promises"
    )
    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"#{self.ticket_id}: {self.task_id}"
