"""Tickets that belong together: merged, taken apart again, split, linked."""

import pytest

from staff.changes import AlreadyReverted
from staff.models import AuditEntry, Business, User
from support import projection
from support.actions import merging
from support.actions.conversation import receive, reply
from support.actions.people import watch
from support.correspondents import Correspondent
from support.models import Queue, Ticket, TicketEvent
from tests.factories import CustomerFactory, OpenedTicketFactory

pytestmark = pytest.mark.django_db
ADA = Correspondent("ada@example.com", "Ada Lovelace")
BOB = Correspondent("bob@example.com", "Bob")


def two(**values: object) -> tuple[Ticket, Ticket]:
    """Of one customer: the first is asked by Ada, the second by Bob."""
    customer = CustomerFactory()
    return (
        OpenedTicketFactory(customer=customer, requester=ADA, text="first", **values),
        OpenedTicketFactory(customer=customer, requester=BOB, text="second", **values),
    )


def snapshot(ticket: Ticket) -> dict[str, object]:
    """All that merging moves, and what follows from it."""
    ticket.refresh_from_db()
    facts = {
        name: getattr(ticket, name)
        for name in ("state", "merged_into_id", "snoozed_until", *projection.COLUMNS)
    }
    return facts | {
        "messages": list(ticket.messages.order_by("pk").values_list("pk", flat=True)),
        "participants": list(ticket.participants.order_by("pk").values_list("pk", flat=True)),
        "watchers": list(ticket.watchers.order_by("pk").values_list("user", flat=True)),
    }


def test_what_was_said_goes_along_and_comes_back(business: Business, agent: User) -> None:
    loser, winner = two()
    reply(ticket=loser, text="We are on it.", by=agent)
    watch(ticket=loser, by=agent)
    before = snapshot(loser), snapshot(winner)

    change_set = merging.merge(ticket=loser, into=winner, by=agent)

    loser.refresh_from_db()
    winner.refresh_from_db()
    assert (loser.state, loser.merged_into) == ("merged", winner)
    assert [one.text for one in winner.messages.order_by("pk")] == [
        "first",
        "second",
        "We are on it.",
    ]
    assert {one.address for one in winner.participants.all()} == {ADA.address, BOB.address}
    assert winner.first_replied_at is not None
    assert loser.open_spans.count() == 0
    entry = AuditEntry.objects.get(action="ticket.merge")
    assert entry.changes == {"merged_into": [None, winner.pk]}

    later = receive(ticket=loser, text="Any news?", sender=ADA)
    outcome = merging.undo_merge(change_set=change_set, by=agent)

    assert outcome.left_alone_count == 0
    after = snapshot(loser), snapshot(winner)
    assert after[0] == before[0]
    assert later.ticket == winner
    assert after[1]["messages"] == [*before[1]["messages"], later.pk]
    assert projection.differing([loser.pk, winner.pk]) == []
    unmerged = TicketEvent.objects.get(kind="unmerged")
    assert (unmerged.ticket, unmerged.by) == (loser, agent)
    with pytest.raises(AlreadyReverted):
        merging.undo_merge(change_set=change_set, by=agent)


def test_a_mail_follows_a_chain_of_merges(business: Business, agent: User) -> None:
    first, second = two()
    third = OpenedTicketFactory(customer=first.customer)
    merging.merge(ticket=first, into=second, by=agent)
    merging.merge(ticket=second, into=third, by=agent)

    assert receive(ticket=first, text="Hello?", sender=ADA).ticket == third


def test_a_merge_within_a_merge_is_taken_back_first(business: Business, agent: User) -> None:
    first, second = two()
    third = OpenedTicketFactory(customer=first.customer)
    inner = merging.merge(ticket=first, into=second, by=agent)
    outer = merging.merge(ticket=second, into=third, by=agent)

    with pytest.raises(merging.MergedFurther):
        merging.undo_merge(change_set=inner, by=agent)
    merging.undo_merge(change_set=outer, by=agent)
    merging.undo_merge(change_set=inner, by=agent)

    first.refresh_from_db()
    assert [one.text for one in first.messages.all()] == ["first"]


def test_what_can_not_be_merged(business: Business, agent: User) -> None:
    ticket, other = two()
    spam = OpenedTicketFactory(customer=ticket.customer, state="spam")
    with pytest.raises(merging.SameTicket):
        merging.merge(ticket=ticket, into=ticket, by=agent)
    with pytest.raises(merging.CannotMerge):
        merging.merge(ticket=ticket, into=spam, by=agent)
    with pytest.raises(merging.OtherCustomer):
        merging.merge(ticket=ticket, into=OpenedTicketFactory(), by=agent)
    merging.merge(ticket=ticket, into=other, by=agent)
    with pytest.raises(merging.CannotMerge):
        merging.merge(ticket=ticket, into=other, by=agent)
    with pytest.raises(merging.CannotMerge):
        merging.merge(ticket=other, into=ticket, by=agent)


def test_different_customers_when_it_is_meant(business: Business, agent: User) -> None:
    ticket, other = OpenedTicketFactory(), OpenedTicketFactory()

    merging.merge(ticket=ticket, into=other, by=agent, across_customers=True)

    assert other.messages.count() == 2


def test_nobody_merges_what_they_may_not_see(
    business: Business, agent: User, manager: User
) -> None:
    ticket, other = two()
    private = Queue.objects.create(name="Complaints about us", is_private=True)
    Ticket.objects.filter(pk=other.pk).update(queue=private)
    for pair in ((ticket, other), (other, ticket)):
        with pytest.raises(merging.NotTheirs):
            merging.merge(ticket=pair[0], into=pair[1], by=agent)
    with pytest.raises(merging.NotTheirs):
        merging.link(ticket=ticket, other=other, by=agent)
    change_set = merging.merge(ticket=ticket, into=other, by=manager)
    with pytest.raises(merging.NotTheirs):
        merging.undo_merge(change_set=change_set, by=agent)


def test_split_messages_are_a_ticket_of_their_own(business: Business, agent: User) -> None:
    ticket, _other = two()
    second = receive(ticket=ticket, text="And the invoice is wrong.", sender=ADA)

    new = merging.split(ticket=ticket, messages=[second], subject="The invoice", by=agent)

    assert [one.text for one in new.messages.all()] == ["And the invoice is wrong."]
    assert new.opened_at == new.last_inbound_at == second.created_at
    assert new.participants.get().address == ADA.address
    link = new.linked_from.get()
    assert (link.ticket, link.kind) == (ticket, "split")
    assert [one.kind for one in new.events.order_by("at", "pk")] == ["received", "opened", "split"]
    assert projection.differing([ticket.pk, new.pk]) == []
    ticket.refresh_from_db()
    assert ticket.last_inbound_at == ticket.opened_at
    with pytest.raises(merging.NothingChosen):
        merging.split(ticket=ticket, messages=[second], subject="Again", by=agent)
    with pytest.raises(merging.NothingLeft):
        merging.split(ticket=ticket, messages=list(ticket.messages.all()), subject="All", by=agent)


def test_a_link_is_made_once_either_way_round(business: Business, agent: User) -> None:
    ticket, other = two()
    made = merging.link(ticket=ticket, other=other, by=agent, kind="follow_up")

    assert merging.link(ticket=other, other=ticket, by=agent) == made
    with pytest.raises(merging.SameTicket):
        merging.link(ticket=ticket, other=ticket, by=agent)
    merging.unlink(link=made, by=agent)
    made.pk = 1
    with pytest.raises(merging.NotLinked):
        merging.unlink(link=made, by=agent)
    assert [one.after or one.before for one in ticket.events.filter(kind="linked")] == [
        f"#{other.pk}"
    ] * 2
