"""How the desk is set up: its rules, queues, categories and canned replies."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.forms.fields import SeveralRowsField
from mail.models import Mailbox
from staff.access import Role
from staff.models import Business, User
from support.canned import FIELDS
from support.forms.ticket import colleagues
from support.models import CannedReply, Category, Queue, SupportSettings

LONGEST_REPLY = 10_000
TEXT = "text_"


class RulesForm(forms.ModelForm[SupportSettings]):
    class Meta:
        model = SupportSettings
        fields: ClassVar = [
            "acknowledges",
            "closes_after_days",
            "mail_to_closed",
            "reopens_within_days",
            "link_works_days",
            "undo_seconds",
            "has_feedback_page",
            "has_board",
        ]
        help_texts: ClassVar = {
            "acknowledges": _(
                "Whoever writes gets a short mail with the ticket’s number and a link to follow it; "
                "never twice for one ticket, and never to a machine."
            ),
            "closes_after_days": _("Until then an answer simply opens the ticket again."),
            "mail_to_closed": _("What a customer’s answer to an old mail does."),
            "reopens_within_days": _(
                "After so many days an answer makes a new ticket in any case, linked to the old one."
            ),
            "link_works_days": _("Afterwards the link says that the ticket is closed."),
            "undo_seconds": _("A reply leaves after this time; 0 sends it at once."),
            "has_feedback_page": _(
                "A page on which anybody can ask, complain, suggest or praise, at /feedback/."
            ),
            "has_board": _("Suggestions that you publish, with votes and your answer, at /board/."),
        }


class QueueForm(forms.ModelForm[Queue]):
    class Meta:
        model = Queue
        fields: ClassVar = ["name", "members", "is_round_robin", "is_private", "mailbox"]
        field_classes: ClassVar = {"members": SeveralRowsField}
        widgets: ClassVar = {"members": forms.CheckboxSelectMultiple}
        help_texts: ClassVar = {
            "members": _("Those to whom new tickets are handed out, and who see a private queue."),
            "is_round_robin": _("A new ticket goes to the member with the fewest open ones."),
            "is_private": _("Others see neither its tickets nor their subjects, anywhere."),
            "mailbox": _("What arrives at this mailbox begins here."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["members"].queryset = colleagues()
        fields["members"].required = False
        fields["mailbox"].queryset = Mailbox.objects.order_by("pk")
        fields["mailbox"].empty_label = pgettext_lazy("mailbox", "None")


class CategoryForm(forms.ModelForm[Category]):
    class Meta:
        model = Category
        fields: ClassVar = ["name"]


class CannedForm(forms.Form):
    """A name, a shortcut, and the reply in each language of the business."""

    name = forms.CharField(label=_("Name"), max_length=80)
    shortcut = forms.SlugField(
        label=_("Shortcut"),
        max_length=30,
        required=False,
        help_text=_("Typed after a slash while answering: /hours"),
    )
    is_shared = forms.BooleanField(label=_("Everybody may use it"), required=False)

    def __init__(
        self,
        *args: Any,
        user: User,
        business: Business,
        reply: CannedReply | None = None,
        **options: Any,
    ) -> None:
        if reply is not None:
            options["initial"] = {
                "name": reply.name,
                "shortcut": reply.shortcut,
                "is_shared": reply.owner_id is None,
                **{f"{TEXT}{code}": text for code, text in reply.texts.items()},
            }
        else:
            options["initial"] = {"is_shared": user.has_role(Role.MANAGER)}
        super().__init__(*args, **options)
        if not user.has_role(Role.MANAGER):
            del self.fields["is_shared"]
        names = dict(settings.LANGUAGES)
        written = reply.texts if reply else {}
        # The business's own first; a text in a language that it no longer uses is not lost.
        codes = dict.fromkeys([business.language, *business.languages, *written])
        for code in codes:
            if code in names:
                self.fields[f"{TEXT}{code}"] = forms.CharField(
                    label=_("Reply in %(language)s") % {"language": names[code]},
                    widget=forms.Textarea(attrs={"rows": 5, "lang": code}),
                    max_length=LONGEST_REPLY,
                    required=False,
                )

    @property
    def texts(self) -> dict[str, str]:
        """What was written, by language, also of a form that is not valid."""
        return {
            name.removeprefix(TEXT): self.data.get(name, "")
            for name in self.fields
            if name.startswith(TEXT)
        }

    def values(self) -> dict[str, Any]:
        """For `save_canned`."""
        kept = {
            name: value for name, value in self.cleaned_data.items() if not name.startswith(TEXT)
        }
        return {**kept, "texts": self.texts}


MERGE_FIELDS = tuple(f"{{{name}}}" for name in FIELDS)
