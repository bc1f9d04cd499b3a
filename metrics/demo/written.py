"""What the workshop wrote to its customers: a letter with its results, birthdays, a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from crm.actions.interactions import log_interactions_bulk
from crm.models import Consent, Contact, Customer, Interaction, Outreach, OutreachMessage, Segment
from crm.outreach import delivering
from crm.outreach.audience import Deciding, Decision
from crm.outreach.rendering import Renderer
from mail.actions import queue_emails
from metrics.demo.clock import Clock
from staff.bulk import save_columns
from staff.models import Business, User

# How many of the letter's readers there are to look at, and how many days ago it left.
READERS, DAYS = 120, 24
# The share of those with an address who agreed to news when they first came.
AGREED = 0.72
CONSENT = "Quiero recibir novedades y ofertas de Taller Aurora por correo electrónico."

LETTER = {
    "es": {
        "subject": "{first_name|Hola}, tu bici antes del frío",
        "body": (
            "Hola, {first_name|amigo}:\n\nAntes de que llegue el frío revisamos frenos, cambio y "
            "luces por 29 €. Desde tu última visita, el {last_purchase|año pasado}, seguro que la "
            "bici ha rodado lo suyo.\n\nResponde a este correo y te reservamos una hora.\n\n"
            "{owner|El equipo de Taller Aurora}"
        ),
    },
    "pt-br": {
        "subject": "{first_name|Olá}, sua bicicleta antes do frio",
        "body": (
            "Olá, {first_name|amigo}!\n\nAntes de o frio chegar, revisamos freios, câmbio e luzes "
            "por 29 €.\n\nResponda a este e-mail e reservamos um horário para você.\n\n"
            "{owner|A equipe da Taller Aurora}"
        ),
    },
    "en": {
        "subject": "{first_name|Hello}, your bicycle before the cold",
        "body": (
            "Hello {first_name|friend},\n\nBefore the cold comes we check brakes, gears and lights "
            "for €29.\n\nAnswer this mail and we keep an hour for you.\n\n"
            "{owner|Everybody at Taller Aurora}"
        ),
    },
}
BIRTHDAY = {
    "es": {
        "subject": "¡Feliz cumpleaños, {first_name|amigo}!",
        "body": "Hola, {first_name|amigo}:\n\nHoy el café del taller lo ponemos nosotros.",
    },
    "en": {
        "subject": "Happy birthday, {first_name|friend}",
        "body": "Hello {first_name|friend},\n\nToday the coffee at the workshop is on us.",
    },
}
CHANGE = {
    "es": {
        "subject": "Nuevo horario desde el {date}",
        "body": (
            "Hola, {first_name|amigo}:\n\nDesde el {date} abrimos también los sábados por la tarde, "
            "y los lunes cerramos. Las reparaciones se entregan igual que siempre."
        ),
    },
}


@dataclass
class Written:
    clock: Clock
    business: Business
    by: User
    seed: int

    def write(self) -> None:
        random = Random(f"{self.seed}:written")
        self._consents(random)
        segment, _made = Segment.objects.get_or_create(
            name="Clientes de ahora",
            owner=None,
            defaults={"query": "stage=customer", "created_by": self.by},
        )
        self._letter(segment)
        self._draft(
            name="Cumpleaños",
            moment=Outreach.Moment.BIRTHDAY,
            texts=BIRTHDAY,
            state=Outreach.State.PAUSED,
            started_at=self.clock.ago(60),
        )
        day = self.clock.today + timedelta(days=20)
        self._draft(
            name="Nuevo horario",
            purpose=Outreach.Purpose.CHANGE,
            segment=segment,
            texts=CHANGE | {"from": day.isoformat()},
        )

    def _draft(self, **given: object) -> Outreach:
        given.setdefault("created_at", self.clock.ago(3))
        return Outreach.objects.create(created_by=self.by, **given)

    def _consents(self, random: Random) -> None:
        """By whom the newest thousand customers are reached: most agreed when they first came."""
        contacts = Contact.objects.filter(points__kind="email").distinct().order_by("-pk")[:1000]
        Consent.objects.bulk_create(
            Consent(
                contact=contact,
                purpose=Consent.Purpose.OUTREACH,
                given=True,
                at=contact.created_at,
                how=Consent.How.FORM,
                text=CONSENT,
                created_at=contact.created_at,
            )
            for contact in contacts
            if random.random() < AGREED
        )

    def _letter(self, segment: Segment) -> None:
        """Sent some weeks ago; who answered and who came back is read from what happened since."""
        at = self.clock.ago(DAYS, 10)
        letter = self._draft(
            name="Antes del frío",
            segment=segment,
            texts=LETTER,
            state=Outreach.State.SENT,
            created_at=at - timedelta(days=1),
            started_at=at,
            audience={"segment": segment.name, "by": self.by.pk, "is_frozen": True},
        )
        early = Customer.objects.filter(
            stage=Customer.Stage.CUSTOMER, created_at__lt=at, archived_at=None
        )
        chosen = list(early.order_by("-pk").values_list("pk", flat=True)[:READERS])
        decisions = Deciding(letter, self.business, at).about(chosen)
        messages = OutreachMessage.objects.bulk_create(
            OutreachMessage(
                outreach=letter,
                customer_id=one.customer_id,
                contact_id=one.person.contact_id if one.person else None,
                occasion=delivering.ONCE,
                state=OutreachMessage.State.SKIPPED if one.reason else OutreachMessage.State.QUEUED,
                reason=one.reason,
                language=one.language,
                created_at=at,
                queued_at=None if one.reason else at,
            )
            for one in decisions
        )
        self._mails(letter, at, messages, decisions)
        delivering.follow()

    def _mails(
        self,
        letter: Outreach,
        at: datetime,
        messages: list[OutreachMessage],
        decisions: list[Decision],
    ) -> None:
        """In the outbox as they were delivered, and on the timelines."""
        renderer = Renderer(self.business, letter)
        bodies = renderer.bodies([one for one in decisions if one.person and not one.reason])
        written = [
            (message, renderer.draft(message, one.person, bodies[one.customer_id]))
            for message, one in zip(messages, decisions, strict=True)
            if one.person and not one.reason
        ]
        outgoing = queue_emails([draft for _message, draft in written])
        for number, mail in enumerate(outgoing):
            mail.state = "bounced" if number % 41 == 40 else "delivered"
            mail.created_at = mail.due_at = at
            mail.sent_at = at + timedelta(seconds=number)
        save_columns(outgoing, ["state", "created_at", "due_at", "sent_at"])
        for (message, _draft), mail in zip(written, outgoing, strict=True):
            message.outgoing = mail
        save_columns([message for message, _draft in written], ["outgoing"])
        log_interactions_bulk(
            Interaction(
                customer_id=message.customer_id,
                contact_id=message.contact_id,
                kind=Interaction.Kind.OUTREACH,
                direction=Interaction.Direction.OUT,
                channel="email",
                occurred_at=at,
                created_at=at,
                summary=draft.subject,
                by=self.by,
                about_model="crm.outreachmessage",
                about_id=message.pk,
            )
            for message, draft in written
        )
