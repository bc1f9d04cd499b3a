"""The surveys of the demo: who was asked and what they said, and a few who are asked for real."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from crm.models import Contact, Customer, Interaction
from metrics.demo.clock import Clock
from metrics.demo.history import Asking, History
from staff.bulk import save_columns
from staff.models import User
from surveys.actions.delivering import queue_batch
from surveys.actions.sending import send_survey
from surveys.actions.sharing import share_survey
from surveys.actions.surveys import latest_version, stock_survey, update_survey
from surveys.audience import Audience
from surveys.models import Invitation, Response, Survey, SurveyRun, SurveyVersion
from surveys.questions import CHOICE, Question, Words

# How many are asked for real: enough to see the outbox, few enough to read.
ASKED_NOW = 14
# Under /p/, for whoever has no mail.
SLUG = "taller-aurora"
FURTHER = Question(
    "q1",
    CHOICE,
    {
        "es": Words(
            "¿Qué te trajo al taller?",
            {"c1": "Una reparación", "c2": "Una bicicleta nueva", "c3": "Un recambio"},
        ),
        "pt-br": Words(
            "O que trouxe você à oficina?",
            {"c1": "Um conserto", "c2": "Uma bicicleta nova", "c3": "Uma peça"},
        ),
        "en": Words(
            "What brought you to the workshop?",
            {"c1": "A repair", "c2": "A new bicycle", "c3": "A spare part"},
        ),
    },
    several=True,
    codes=("c1", "c2", "c3"),
)


@dataclass
class Asked:
    """Sendings by kind and day, made as invitations need them; `sender` sent them all."""

    clock: Clock
    sender: User
    surveys: dict[str, Survey] = field(init=False)
    versions: dict[str, SurveyVersion] = field(init=False)
    runs: dict[tuple[str, date], SurveyRun] = field(default_factory=dict)
    invited: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.surveys = {kind: stock_survey(kind) for kind in Survey.Kind.values}
        self.versions = {kind: latest_version(survey) for kind, survey in self.surveys.items()}

    def _run(self, kind: str, at: datetime) -> SurveyRun:
        """The sending that an invitation belongs to: a wave of its day, or its week's."""
        on = at.astimezone(self.clock.zone).date()
        if kind != Survey.Kind.NPS:
            on -= timedelta(days=on.weekday())
        if (kind, on) not in self.runs:
            survey = self.surveys[kind]
            everyone = kind == Survey.Kind.NPS
            self.runs[kind, on] = SurveyRun.objects.create(
                survey=survey,
                version=self.versions[kind],
                audience={"everyone": True} if everyone else {"filters": {"bought_since": str(on)}},
                once_key=f"demo:{kind}:{on}",
                created_at=min(at, self.clock.midnight(on) + timedelta(hours=10)),
                by=self.sender,
            )
        return self.runs[kind, on]

    def answers(
        self,
        histories: Sequence[History],
        customers: Sequence[Customer],
        contacts: Sequence[Contact],
    ) -> list[Interaction]:
        asked = [
            (asking, self._invitation(asking, history, customer, contact))
            for history, customer, contact in zip(histories, customers, contacts, strict=True)
            for asking in history.askings
        ]
        Invitation.objects.bulk_create([one for _asking, one in asked], batch_size=1000)
        responses = [
            Response(
                survey_id=invitation.survey_id,
                kind=asking.kind,
                version_id=invitation.run.version_id,
                invitation=invitation,
                customer=invitation.customer,
                contact=invitation.contact,
                score=asking.score,
                comment=asking.comment,
                answered_at=asking.answered_at,
                created_at=asking.answered_at,
                origin=Response.Origin.MAIL_LINK,
                language=invitation.language,
            )
            for asking, invitation in asked
            if asking.answered_at is not None
        ]
        Response.objects.bulk_create(responses, batch_size=1000)
        self.invited.update(invitation.run_id for _asking, invitation in asked)
        sent = [self._sent(invitation) for _asking, invitation in asked]
        return sent + [self._received(response) for response in responses]

    def _invitation(
        self, asking: Asking, history: History, customer: Customer, contact: Contact
    ) -> Invitation:
        run = self._run(asking.kind, asking.at)
        answered = asking.answered_at is not None
        return Invitation(
            run=run,
            survey_id=run.survey_id,
            customer=customer,
            contact=contact,
            address=history.person.email,
            language=history.person.language,
            state=Invitation.State.ANSWERED if answered else Invitation.State.QUEUED,
            created_at=asking.at,
            due_at=asking.at,
            expires_at=asking.at + timedelta(days=30),
            sent_at=asking.at + timedelta(minutes=2),
            bounced_at=asking.at + timedelta(minutes=3) if asking.bounced else None,
        )

    def _sent(self, invitation: Invitation) -> Interaction:
        return Interaction(
            customer_id=invitation.customer_id,
            contact_id=invitation.contact_id,
            kind=Interaction.Kind.SURVEY_INVITATION,
            direction=Interaction.Direction.OUT,
            channel="email",
            occurred_at=invitation.created_at,
            summary=invitation.run.survey.name,
            by_id=invitation.run.by_id,
            about_model="surveys.invitation",
            about_id=invitation.pk,
        )

    def _received(self, response: Response) -> Interaction:
        name = self.surveys[response.kind].name
        return Interaction(
            customer=response.customer,
            contact=response.contact,
            kind=Interaction.Kind.SURVEY_RESPONSE,
            direction=Interaction.Direction.IN,
            channel="email",
            occurred_at=response.answered_at,
            summary=f"{name}: {response.score}",
            about_model="surveys.response",
            about_id=response.pk,
        )

    def count_invited(self) -> None:
        runs = list(self.runs.values())
        for run in runs:
            run.invited = self.invited[run.pk]
        save_columns(runs, ["invited"])

    def ask_now(self, by: User) -> None:
        """Ask a few customers for real: their mails wait in the outbox, with links that work."""
        recent = Customer.objects.filter(stage=Customer.Stage.CUSTOMER, last_order_at__isnull=False)
        chosen = recent.order_by("-last_order_at", "pk").values_list("pk", flat=True)[:ASKED_NOW]
        if not chosen:
            return
        survey = self.surveys[Survey.Kind.NPS]
        update_survey(survey=survey, by=by, questions=[FURTHER])
        # On the counter and on the receipt: the same question for whoever comes by.
        share_survey(survey=survey, slug=SLUG, is_public=True, embedded_on=[], by=by)
        send_survey(
            survey=survey,
            audience=Audience(tuple(chosen)),
            once_key=secrets.token_hex(16),
            by=by,
        )
        queue_batch()
