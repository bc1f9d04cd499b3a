"""What people do by hand in the post room: effect, refusal, audit, twice."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from mail import actions
from mail.actions import queue_email
from mail.models import OutgoingEmail, Scope, Suppression
from staff.models import AuditEntry, User
from tests.mail.drafting import draft

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State


def in_state(state: State) -> OutgoingEmail:
    row = queue_email(draft())
    row.state = state
    row.attempts = 3
    row.message_id = "<1@example.com>"
    row.save()
    return row


def test_cancelling_withdraws_what_waits(manager: User) -> None:
    row = actions.cancel(outgoing=queue_email(draft()), by=manager)
    assert row.state == State.CANCELLED
    entry = AuditEntry.objects.get(action="outgoing_email.cancel")
    assert (entry.by, entry.target_id) == (manager, row.pk)
    assert entry.changes == {"state": ["queued", "cancelled"]}
    with pytest.raises(actions.CannotCancel):
        actions.cancel(outgoing=row, by=manager)


def test_what_a_worker_has_meanwhile_cannot_be_cancelled(manager: User) -> None:
    row = queue_email(draft())
    OutgoingEmail.objects.claim(row.pk, holder="worker")
    with pytest.raises(actions.CannotCancel):
        actions.cancel(outgoing=row, by=manager)


def test_a_failed_message_is_sent_again_under_its_own_id(
    manager: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    row = in_state(State.FAILED)
    with django_capture_on_commit_callbacks() as callbacks:
        actions.retry(outgoing=row, by=manager)

    assert len(callbacks) == 1
    assert (row.state, row.attempts, row.message_id) == (State.QUEUED, 0, "<1@example.com>")
    assert AuditEntry.objects.get(action="outgoing_email.retry").changes == {
        "state": ["failed", "queued"]
    }


def test_an_unknown_message_needs_a_persons_word(manager: User) -> None:
    row = in_state(State.UNKNOWN)
    with pytest.raises(actions.NotConfirmed):
        actions.retry(outgoing=row, by=manager)
    actions.retry(outgoing=row, by=manager, may_arrive_twice=True)
    assert row.state == State.QUEUED


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.SENT, State.SUPPRESSED])
def test_nothing_else_is_sent_again(manager: User, state: State) -> None:
    with pytest.raises(actions.CannotRetry):
        actions.retry(outgoing=in_state(state), by=manager, may_arrive_twice=True)


def test_retrying_twice_from_two_windows_is_once(manager: User) -> None:
    row = in_state(State.FAILED)
    other = OutgoingEmail.objects.get(pk=row.pk)
    actions.retry(outgoing=row, by=manager)
    with pytest.raises(actions.CannotRetry):
        actions.retry(outgoing=other, by=manager)


def test_suppressing_and_releasing_leave_their_trace(agent: User) -> None:
    def stop() -> Suppression:
        return actions.suppress(
            address=" Maria@Example.com ",
            scope=Scope.ALL,
            reason=Suppression.Reason.BY_HAND,
            by=agent,
        )

    first = stop()
    assert first.address == "maria@example.com"
    assert stop().pk == first.pk
    actions.release(suppression=first, by=agent)
    actions.release(suppression=first, by=agent)
    assert stop().pk != first.pk

    done = AuditEntry.objects.filter(action__startswith="suppression.")
    assert list(done.order_by("pk").values_list("action", "by")) == [
        ("suppression.create", agent.pk),
        ("suppression.release", agent.pk),
        ("suppression.create", agent.pk),
    ]


def test_only_an_address_can_be_suppressed(agent: User) -> None:
    with pytest.raises(actions.NotAnAddress):
        actions.suppress(
            address="maria", scope=Scope.ALL, reason=Suppression.Reason.BY_HAND, by=agent
        )
