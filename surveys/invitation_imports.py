"""Whom other tools asked, and when, so that people are left in peace: the import kind `invitations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.among import Among
from crm.imports import facts, kinds, words
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import BadCell, Context, email, instant, text
from crm.imports.session import Session
from crm.imports.standard import EXTERNAL_ID, at
from crm.models import ContactPoint
from staff.changes import record_created
from surveys import texts
from surveys.actions.surveys import latest_version, stock_survey
from surveys.audience import Person, whom_to_ask
from surveys.models import Invitation, Survey, SurveyRun

# By lower-cased name, and by kind: nps, csat, ces.
Surveys = Mapping[str, Survey]
# By the e-mail address, or else by the customer, that a row names.
People = Mapping[str, Person]


def known_surveys() -> Surveys:
    stock = {kind: stock_survey(kind) for kind in Survey.Kind.values}
    return stock | {survey.name.lower(): survey for survey in Survey.objects.all()} | stock


def survey_named(surveys: Surveys, name: str) -> Survey:
    """Raises BadCell where there is none."""
    survey = surveys.get(name.strip().lower())
    if survey is None:
        raise BadCell(
            _("survey: there is none named “%(name)s”. Write nps, csat, ces or a survey's name.")
            % {"name": name}
        )
    return survey


def invitation_fields(surveys: Surveys, people: People, values: Values, context: Context) -> Values:
    survey, asked_at = survey_named(surveys, values["survey"]), values["sent_at"]
    if asked_at > timezone.now():
        raise BadCell(_("sent_at is still to come."))
    named = values.get("email") or values.get("customer")
    if not named:
        raise BadCell(_("customer and email are empty; one of them is needed."))
    person = people.get(named)
    if person is None:
        raise BadCell(
            _("Nobody here could be asked at “%(name)s”. Import customers or contacts first.")
            % {"name": named}
        )
    return {
        "survey_id": survey.pk,
        "contact_id": person.contact_id,
        "address": person.address,
        "language": texts.supported(person.language, context.business.language),
        "state": Invitation.State.ELSEWHERE.value,
        # No figure counts what did not leave from here: `sent_at` stays empty.
        "created_at": asked_at,
        "due_at": asked_at,
        "expires_at": asked_at + timedelta(days=survey.expires_after_days),
    }


@dataclass(frozen=True)
class InvitationKind(FactKind):
    """A FactKind whose rows name a survey and a person: both are read once per batch."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        surveys = known_surveys()
        people = _people(entries, session)
        for entry in entries:
            if not entry.values.get("customer") and entry.values.get("email"):
                entry.values["customer"] = entry.values["email"]
        runs: dict[int, SurveyRun] = {}

        def fields(values: Values, context: Context) -> Values:
            found = invitation_fields(surveys, people, values, context)
            pk = found["survey_id"]
            if pk not in runs:
                runs[pk] = _run_of(survey_named(surveys, values["survey"]), session)
            return found | {"run_id": runs[pk].pk}

        facts.apply(replace(self, fields=fields), entries, session)


def _people(entries: Sequence[Entry], session: Session) -> dict[str, Person]:
    """By what a row calls them: the contact of an address, or whom one would ask of a customer."""
    addresses = {address for entry in entries if (address := entry.values.get("email"))}
    points = ContactPoint.objects.filter(
        Among("value", sorted(addresses)),
        kind=ContactPoint.Kind.EMAIL,
        retired_at=None,
        contact__erased_at=None,
    ).values_list("value", "contact_id", "contact__name", "contact__language")
    found = {address: Person(pk, name, code, address) for address, pk, name, code in points}
    customers = session.find_customers(
        {name for entry in entries if (name := entry.values.get("customer"))}
    )
    asked, _unclear = whom_to_ask(sorted(set(customers.values())))
    named = {name: asked[pk] for name, pk in customers.items() if pk in asked}
    return named | found


def _run_of(survey: Survey, session: Session) -> SurveyRun:
    """The one run that all askings of other tools by this survey belong to."""
    run, is_new = SurveyRun.objects.get_or_create(
        once_key=f"elsewhere:{survey.pk}",
        defaults={
            "survey": survey,
            "version": latest_version(survey),
            "audience": {"elsewhere": True},
        },
    )
    if is_new:
        record_created(session.change_set, [run])
    return run


INVITATIONS = InvitationKind(
    name="invitations",
    model=Invitation,
    columns=(
        EXTERNAL_ID,
        Column("survey", text(120), required=True),
        Column("customer", text(190)),
        Column("email", email),
        Column("sent_at", instant, required=True),
    ),
    fields=partial(invitation_fields, {}, {}),
    at=at("sent_at"),
    natural_key=("survey", "customer", "email", "sent_at"),
)
WORDS = words.KindWords(
    label=gettext_lazy("Askings by other tools"),
    teaches=gettext_lazy(
        "A row per survey sent elsewhere: which, to whom, when. Nobody is asked again too soon."
    ),
    place=205,
    page="surveys:survey-list",
    leads=gettext_lazy("See the surveys"),
    targets={
        "external_id": gettext_lazy("Asking number"),
        "survey": gettext_lazy("Survey"),
        "sent_at": gettext_lazy("Asked on"),
    },
    example=(
        {
            "external_id": "Q-1",
            "survey": "nps",
            "customer": "1001",
            "email": "maria@example.com",
            "sent_at": "2026-03-02 18:20",
        },
    ),
)


def register() -> None:
    """Called where the room registers its kinds."""
    kinds.register(INVITATIONS)
    words.describe(INVITATIONS.name, WORDS)
