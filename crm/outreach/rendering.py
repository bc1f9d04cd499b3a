"""A message of outreach as a mail: the business's own words, merged for one reader, in their language.

The templates run once per outreach and language; each reader's own words are then put in, so that
a thousand mails cost hardly more than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from typing import Any

from django.conf import settings
from django.db.models import Min, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from crm import custom, referrals
from crm.models import Contract, Customer, CustomField, Outreach, OutreachMessage
from crm.outreach.audience import Decision, Person
from crm.outreach.merging import CUSTOM, Letter, merge, used
from mail.drafts import UNSUBSCRIBE, Draft, one_line
from mail.letterhead import frame
from mail.models import OutgoingEmail
from staff.formats import date_long
from staff.models import Business

# Stand for a reader's own parts while the templates run: no person writes these characters.
SUBJECT, BODY = "\ue000subject\ue000", "\ue000body\ue000"
# A congratulation that could not leave for so long is left unsent.
MOMENT_LASTS = timedelta(days=3)


@dataclass(frozen=True)
class Body:
    """One mail as its reader gets it, but for the link to get no more."""

    subject: str
    text: str
    html: str
    # The words alone, without the frame: for a look while writing.
    words: str

    def without_link(self, instead: str) -> Body:
        """For a look at it: nobody is unsubscribed by that."""
        text, html = (part.replace(UNSUBSCRIBE, instead) for part in (self.text, self.html))
        return Body(self.subject, text, html, self.words)


@dataclass(frozen=True)
class _Frame:
    subject: str
    letter: Letter
    text: str
    html: str


@dataclass
class Renderer:
    """Renders the mails of one outreach, and asks only for what its words need.

    `makes_links`: whoever has no referral link gets one; without it, an example stands there.
    """

    business: Business
    outreach: Outreach
    makes_links: bool = False
    _frames: dict[str, _Frame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._used = used(
            text
            for code, words in self.outreach.texts.items()
            if code != "from"
            for text in words.values()
        )
        self._custom = (
            {f"{CUSTOM}{one.key}": one for one in CustomField.objects.all()}
            if any(name.startswith(CUSTOM) for name in self._used)
            else {}
        )

    def bodies(
        self, decisions: Iterable[Decision], occasions: Mapping[int, str] | None = None
    ) -> dict[int, Body]:
        """By customer; a few queries for all. `occasions` say whose contract's end is meant."""
        decisions = list(decisions)
        ids = [one.customer_id for one in decisions]
        customers = Customer.objects.select_related("owner", "tier").in_bulk(ids)
        links = self._links(customers) if "referral_link" in self._used else {}
        ends = self._ends(ids, occasions or {}) if "contract_end" in self._used else {}
        found = {}
        for one in decisions:
            customer = customers[one.customer_id]
            with translation.override(one.language):
                values = self._values(one, customer)
                values["contract_end"] = date_long(end) if (end := ends.get(customer.pk)) else ""
                values["referral_link"] = links.get(customer.pk, "")
                found[customer.pk] = self._body(one.language, values)
        return found

    def draft(self, message: OutreachMessage, person: Person, body: Body) -> Draft:
        is_once = self.outreach.moment == Outreach.Moment.ONCE
        return Draft(
            stream=OutgoingEmail.Stream.OUTREACH,
            to_address=person.address,
            to_name=person.name,
            subject=body.subject,
            text=body.text,
            html=body.html,
            language=message.language,
            about=("crm.outreachmessage", message.pk),
            once_key=f"crm.outreach:{message.pk}",
            expires_at=None if is_once else timezone.now() + MOMENT_LASTS,
        )

    def _body(self, language: str, values: Mapping[str, str]) -> Body:
        frame = self._frame(language)
        subject = one_line(merge(frame.subject, values))
        words = frame.letter.html(values)
        return Body(
            subject=subject,
            text=frame.text.replace(BODY, frame.letter.plain(values)),
            html=frame.html.replace(SUBJECT, escape(subject)).replace(BODY, words),
            words=words,
        )

    def _frame(self, language: str) -> _Frame:
        if language not in self._frames:
            texts = self.outreach.texts.get(language, {})
            context = {
                **frame(self.business),
                "outreach": self.outreach,
                "language": language,
                "subject": SUBJECT,
                "body": BODY,
                "unsubscribe": UNSUBSCRIBE,
            }
            self._frames[language] = _Frame(
                subject=texts.get("subject", ""),
                letter=Letter(texts.get("body", ""), str(context["on_light"])),
                text=render_to_string("crm/mail/outreach.txt", context),
                html=render_to_string("crm/mail/outreach.html", context),
            )
        return self._frames[language]

    # --- What stands in the gaps ----------------------------------------------------------

    def _values(self, decision: Decision, customer: Customer) -> dict[str, str]:
        """In the active language; without what takes a query."""
        name = decision.person.name if decision.person else ""
        if not name and customer.kind == Customer.Kind.PERSON:
            name = customer.name
        # Nobody is greeted by a company's name.
        is_human = not (customer.kind == Customer.Kind.COMPANY and name == customer.name)
        human = name if is_human else ""
        values = {
            "name": human,
            "first_name": human.split()[0] if human.split() else "",
            "customer": customer.name,
            "city": customer.city,
            "tier": customer.tier.name if customer.tier else "",
            "owner": customer.owner.name if customer.owner else "",
            "business": self.business.name,
            "last_purchase": self._day(customer.last_order_at),
            "date": self._day(holds_from(self.outreach)),
        }
        for key, one in self._custom.items():
            values[key] = custom.show(one, customer.custom.get(one.key))
        return {key: _harmless(value) for key, value in values.items()}

    def _day(self, value: date | None) -> str:
        if value is None:
            return ""
        with timezone.override(self.business.zone):
            return date_long(value)

    def _links(self, customers: Mapping[int, Customer]) -> dict[int, str]:
        if self.makes_links:
            return referrals.urls_of(customers)
        return dict.fromkeys(customers, f"{settings.BASE_URL}/r/{referrals.ALPHABET[:8]}/")

    def _ends(self, ids: list[int], occasions: Mapping[int, str]) -> dict[int, date]:
        """When the contract of the occasion ends, or else the next one that does."""
        with timezone.override(self.business.zone):
            today = timezone.localdate()
        ahead = Contract.objects.filter(
            Q(cancelled_on=None), customer__in=ids, ends_on__gte=today, renewed_by=None
        )
        rows = ahead.order_by().values_list("customer").annotate(next=Min("ends_on"))
        ends = dict(rows)
        meant = {
            int(occasion.removeprefix("contract:"))
            for occasion in occasions.values()
            if occasion.startswith("contract:")
        }
        if meant:
            named = Contract.objects.filter(pk__in=meant, ends_on__isnull=False)
            ends |= dict(named.values_list("customer", "ends_on"))
        return ends


def holds_from(outreach: Outreach) -> date | None:
    """The day from which an announced change holds."""
    known: Any = outreach.texts.get("from")
    return date.fromisoformat(known) if known else None


def _harmless(value: str) -> str:
    """On one line, without what could be taken for a placeholder of the post room's."""
    return one_line(value).replace("{{", "{").replace("}}", "}")
