"""The kinds beside customers and money: contacts, what passed, subscribers, what mailers heard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm.consents import with_consent
from crm.imports.kinds import KINDS
from crm.imports.run import Import, Outcome, import_to_revert
from crm.models import (
    Affiliation,
    Consent,
    Contact,
    ContactPoint,
    Customer,
    Interaction,
    InteractionBody,
)
from mail.models import DeliveryEvent, Suppression
from staff.changes import revert
from staff.models import Business, User

CUSTOMERS = "external_id,name,kind,email\na,Taller Sol,company,sol@example.com\nb,Bia,person,\n"


@pytest.fixture
def take(business: Business, tmp_path: Path) -> Any:
    def run(kind: str, text: str, **options: Any) -> Outcome:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        return Import(kind=KINDS[kind], path=path, business=business, by=None, **options).run()

    run("customers", CUSTOMERS)
    return run


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, outcome.refused


def taken_back(outcome: Outcome) -> int:
    assert outcome.import_id is not None
    change_set = import_to_revert(outcome.import_id)
    assert change_set is not None
    return revert(change_set=change_set, by=None).left_alone_count


CONTACTS = """external_id,customer,name,email,phone,role,is_primary
1,a,João Pereira,joao@example.com,+5511987654321,accounts,yes
2,a,Rui,rui@example.com,,,
3,b,Bia,bia@example.com,,,no
4,nobody,Eva,eva@example.com,,,
5,a,Sol Lua,sol@example.com,,,
1,a,Twice,,,,
"""


def test_contacts_join_their_customers(take: Any) -> None:
    dry = take("contacts", CONTACTS, dry_run=True)
    assert Contact.objects.count() == 1
    done = take("contacts", CONTACTS)
    assert counts(done) == counts(dry) == (3, 1, 0, 2)
    joao = Affiliation.objects.get(contact__name="João Pereira")
    assert (joao.role, joao.is_primary, joao.customer.name) == ("accounts", True, "Taller Sol")
    assert Affiliation.objects.filter(customer__name="Taller Sol", is_primary=True).count() == 1
    assert Affiliation.objects.get(contact__name="Bia").is_primary
    assert Customer.objects.search("joao pereira").get().name == "Taller Sol"
    assert counts(take("contacts", CONTACTS)) == (0, 0, 4, 2)
    changed = CONTACTS.replace("joao@", "jp@").replace(
        "Rui,rui@example.com,,,", "Rui,joao@example.com,,sales,"
    )
    dry = take("contacts", changed, dry_run=True)
    again = take("contacts", changed)
    assert counts(again) == counts(dry) == (0, 2, 2, 2)
    assert ContactPoint.objects.get(value="joao@example.com").contact.name == "Rui"
    assert taken_back(again) == 0
    assert ContactPoint.objects.get(value="joao@example.com").contact.name == "João Pereira"
    assert taken_back(done) == 0
    assert Contact.objects.count() == 1
    assert Affiliation.objects.get().is_primary


INTERACTIONS = """external_id,customer,kind,direction,occurred_at,summary,body,by
1,a,call,in,2026-01-05 10:00,Asked for prices,,Ana Reis
2,a,note,,2026-01-06 10:00,,"A long story
with a second line",
3,a,party,,2026-01-06 10:00,x,,
4,a,call,out,2026-01-07T10:00Z,,,
"""


def test_interactions_join_the_timeline(take: Any, agent: User) -> None:
    done = take("interactions", INTERACTIONS)
    assert counts(done) == (3, 0, 0, 1)
    call = Interaction.objects.get(external_id="1")
    assert (call.by, call.summary) == (agent, "Asked for prices")
    assert InteractionBody.objects.get().text.endswith("second line")
    sol = Customer.objects.get(name="Taller Sol")
    assert sol.last_outbound_at == datetime(2026, 1, 7, 10, tzinfo=UTC)
    assert counts(take("interactions", INTERACTIONS)) == (0, 0, 3, 1)
    assert counts(take("interactions", INTERACTIONS.replace("second", "third"))) == (0, 1, 2, 1)
    assert InteractionBody.objects.get().text.endswith("third line")


def test_interactions_are_taken_back_with_their_texts_and_dates(take: Any, agent: User) -> None:
    assert taken_back(take("interactions", INTERACTIONS)) == 0
    assert not Interaction.objects.exists()
    assert Customer.objects.get(name="Taller Sol").last_outbound_at is None


SUBSCRIBERS = """email,subscribed_at,left_at
sol@example.com,2026-01-05,
nobody@example.com,2026-01-05,
"""


def test_subscribers_are_consents_to_news(take: Any) -> None:
    [contact] = Contact.objects.values_list("pk", flat=True)
    assert counts(take("subscribers", SUBSCRIBERS)) == (1, 0, 0, 1)
    assert with_consent([contact], Consent.Purpose.OUTREACH) == {contact}
    assert counts(take("subscribers", SUBSCRIBERS)) == (0, 0, 1, 1)
    left = take(
        "subscribers", "email,subscribed_at,left_at\nsol@example.com,2026-01-05,2026-02-01\n"
    )
    assert counts(left) == (0, 1, 0, 0)
    assert with_consent([contact], Consent.Purpose.OUTREACH) == set()
    assert taken_back(left) == 0
    assert with_consent([contact], Consent.Purpose.OUTREACH) == {contact}


EVENTS = """external_id,email,type,at
1,Sol@example.com,unsubscribe,2026-01-05 10:00
2,x@example.com,hard_bounce,2026-01-05 10:00
3,y@example.com,delivered,2026-01-05 10:00
4,y@example.com,eaten,2026-01-05 10:00
"""


def test_what_a_mailer_heard_keeps_us_from_writing(take: Any) -> None:
    done = take("delivery_events", EVENTS)
    assert counts(done) == (3, 0, 0, 1)
    assert set(Suppression.objects.values_list("address", "scope", "reason")) == {
        ("sol@example.com", "all", "unsubscribe"),
        ("x@example.com", "all", "hard_bounce"),
    }
    assert counts(take("delivery_events", EVENTS)) == (0, 0, 3, 1)
    assert taken_back(done) == 0
    assert not DeliveryEvent.objects.exists()
    assert not Suppression.objects.exists()
