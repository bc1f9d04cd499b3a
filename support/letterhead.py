"""How mails to those who take part in a ticket are written: sender's look, language, reply address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from mail.drafts import Draft
from mail.letterhead import frame
from mail.models import Mailbox, OutgoingEmail
from mail.parsing import marker_line
from mail.showing import text_to_html
from mail.sorting import own_addresses
from staff.models import Business
from support import reply_keys
from support.models import Participant, Ticket

# Stand for a ticket's own parts while a confirmation is rendered: no person writes these characters.
NUMBER, LINK = "\ue000number\ue000", "\ue000link\ue000"


@dataclass(frozen=True)
class Words:
    """One mail, but for whom it goes to."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Letterhead:
    """What is the same for all mails that leave within a moment; kept for a batch of them."""

    business: Business
    boxes: Mapping[int, Mailbox]
    # Addresses of our own, to which nothing goes by itself.
    own: frozenset[str]
    _confirmations: dict[str, Words] = field(default_factory=dict)

    @classmethod
    def now(cls) -> Letterhead:
        business = Business.objects.get(pk=1)
        return cls(business, reply_keys.read_mailboxes(), frozenset(own_addresses()))

    def language_of(self, ticket: Ticket, participant: Participant) -> str:
        contact = participant.contact
        wanted = (contact.language if contact else "", ticket.language, self.business.language)
        known = {code for code, _name in settings.LANGUAGES}
        return next(code for code in wanted if code in known)

    def reply(
        self, ticket: Ticket, language: str, *, subject: str, link: str, **words: str
    ) -> Words:
        """`words`: the text of the reply and its author."""
        own = {
            "number": f"#{ticket.pk}",
            "link": link,
            "words": text_to_html(words["text"]),
            **words,
        }
        with translation.override(language):
            return self._rendered("reply", language, subject, own)

    def confirmation(self, ticket: Ticket, language: str, *, link: str) -> Words:
        """Rendered once per language: it says the same of every ticket."""
        if language not in self._confirmations:
            with translation.override(language):
                subject = f"[{NUMBER}] {_('We have received your message')}"
                own = {"number": NUMBER, "link": LINK}
                words = self._rendered("acknowledgement", language, subject, own)
            self._confirmations[language] = words
        words, number = self._confirmations[language], f"#{ticket.pk}"
        return Words(
            *(
                one.replace(NUMBER, number).replace(LINK, link)
                for one in (words.subject, words.text, words.html)
            )
        )

    def _rendered(
        self, template: str, language: str, subject: str, own: Mapping[str, object]
    ) -> Words:
        marker = marker_line(_("Please write your answer above this line"))
        context = {**frame(self.business), "language": language, "subject": subject}
        context |= {"marker": marker, **own}
        return Words(
            subject,
            render_to_string(f"support/mail/{template}.txt", context).strip() + "\n",
            render_to_string(f"support/mail/{template}.html", context),
        )

    def draft(
        self,
        ticket: Ticket,
        participant: Participant,
        words: Words,
        *,
        is_automatic: bool = False,
        **values: object,
    ) -> Draft:
        """To this participant, whose answers come back to the ticket."""
        key = reply_keys.participant_key(participant)
        return Draft(
            stream=OutgoingEmail.Stream.REPLIES,
            to_address=participant.address,
            # What a stranger is called was chosen by whoever wrote to us.
            to_name="" if is_automatic else participant.name,
            subject=words.subject,
            text=words.text,
            html=words.html,
            language=self.language_of(ticket, participant),
            reply_to=reply_keys.reply_address(reply_keys.mailbox_of(ticket, self.boxes), key),
            thread_key=str(key),
            is_automatic=is_automatic,
            **values,  # type: ignore[arg-type]
        )
