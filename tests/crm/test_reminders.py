"""The mail of the morning, and the one before a promise is due: once each, and only with news."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from crm import actions, reminders
from crm.models import MorningMail, Task
from crm.tasks import remind
from mail.models import OutgoingEmail
from staff.models import Business, User
from tests.factories import ContractFactory, CustomerFactory, TaskFactory

MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture(autouse=True)
def in_madrid(business: Business) -> None:
    business.time_zone = "Europe/Madrid"
    business.save()


def madrid(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=MADRID)


def mails() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.order_by("pk"))


def test_the_day_is_told_in_the_morning_once_and_in_ones_language(agent: User) -> None:
    agent.language = "es"
    agent.save()
    customer = CustomerFactory(name="Ana & Co")
    promise = TaskFactory(
        title="Enviar <oferta>",
        owner=agent,
        customer=customer,
        due_at=madrid(3, 23, 59),
        is_promise=True,
    )
    TaskFactory(title="Otro día", owner=agent, due_at=madrid(4, 10))
    TaskFactory(title="De otra persona", due_at=madrid(3, 12))

    assert reminders.send_morning_mails(madrid(3, 7, 55)) == 0  # before her hour
    sent = reminders.send_morning_mails(madrid(3, 8, 5))
    again = reminders.send_morning_mails(madrid(3, 8, 10))

    to_agent = [mail for mail in mails() if mail.to_address == agent.email]
    assert (len(to_agent), again) == (1, 0)
    assert sent >= 1
    mail = to_agent[0]
    assert mail.language == "es"
    assert mail.stream == OutgoingEmail.Stream.ACCOUNT
    assert promise.title in mail.text
    assert "Ana & Co" in mail.text
    assert "Otro día" not in mail.text
    assert "De otra persona" not in mail.text
    assert "Enviar &lt;oferta&gt;" in mail.html
    assert "Ana &amp; Co" in mail.html


def test_what_was_late_already_yesterday_makes_no_mail_by_itself(agent: User) -> None:
    TaskFactory(title="Old", owner=agent, due_at=madrid(1, 12))
    assert reminders.send_morning_mails(madrid(4, 9)) == 0
    assert not mails()

    # It became late yesterday: that is news, and what is late longer stands beside it.
    TaskFactory(title="Yesterday's", owner=agent, due_at=madrid(4, 23, 59))
    assert reminders.send_morning_mails(madrid(5, 9)) == 1
    text = mails()[0].text
    assert "Old" in text
    assert "Yesterday's" in text


def test_contracts_are_told_of_a_month_and_a_week_before(agent: User) -> None:
    customer = CustomerFactory(owner=agent)
    for ahead in (7, 8, 30, 31):
        ContractFactory(
            customer=customer,
            starts_on=madrid(1, 0).date() - timedelta(days=300),
            ends_on=madrid(3, 0).date() + timedelta(days=ahead),
        )

    reminders.send_morning_mails(madrid(3, 9))

    told = [mail.text.count(f"/customers/{customer.pk}/") for mail in mails()]
    assert told == [2]


def test_who_wants_none_gets_none_and_hours_are_ones_own(agent: User) -> None:
    TaskFactory(owner=agent, due_at=madrid(3, 23, 59))
    actions.choose_morning_mail(by=agent, is_on=True, hour=11)
    assert reminders.send_morning_mails(madrid(3, 10)) == 0
    actions.choose_morning_mail(by=agent, is_on=False, hour=11)
    assert reminders.send_morning_mails(madrid(3, 12)) == 0
    actions.choose_morning_mail(by=agent, is_on=True, hour=11)
    assert reminders.send_morning_mails(madrid(3, 19)) == 0  # too late in the day to help
    assert reminders.send_morning_mails(madrid(3, 12)) == 1


def test_who_no_longer_works_here_is_not_written_to(agent: User) -> None:
    TaskFactory(owner=agent, due_at=madrid(3, 23, 59))
    agent.is_active = False
    agent.save()

    assert reminders.send_morning_mails(madrid(3, 9)) == 0


def test_a_promise_at_an_hour_is_told_of_before_and_again_when_it_moves(agent: User) -> None:
    promise = TaskFactory(
        title="Call",
        owner=agent,
        is_promise=True,
        due_at=madrid(3, 16),
        created_at=madrid(2, 9),
    )

    assert reminders.remind_of_promises(madrid(3, 13)) == 0
    assert reminders.remind_of_promises(madrid(3, 14, 30)) == 1
    assert reminders.remind_of_promises(madrid(3, 14, 35)) == 0
    actions.reschedule_task(task=promise, due_at=madrid(3, 18), by=agent)
    assert reminders.remind_of_promises(madrid(3, 16, 30)) == 1

    assert len(mails()) == 2
    assert "Call" in mails()[0].subject


@pytest.mark.parametrize(
    "change",
    [
        {"is_promise": False},
        {"due_at": madrid(3, 23, 59)},
        {"done_at": madrid(3, 9)},
        {"created_at": madrid(3, 14)},
        {"owner": None},
    ],
    ids=["no promise", "all day", "done", "just made", "nobody's"],
)
def test_of_other_things_nobody_is_reminded(agent: User, change: dict[str, object]) -> None:
    usual = {"is_promise": True, "due_at": madrid(3, 16), "created_at": madrid(2, 9)}
    TaskFactory(owner=change.pop("owner", agent), **{**usual, **change})

    at = madrid(3, 22, 30) if change.get("due_at") else madrid(3, 15)
    assert reminders.remind_of_promises(at) == 0
    assert not mails()


def test_before_the_set_up_nothing_happens_and_the_job_runs(agent: User) -> None:
    assert remind() >= 0
    Business.objects.all().delete()
    assert reminders.send_morning_mails(datetime(2026, 3, 3, 9, tzinfo=UTC)) == 0
    assert reminders.remind_of_promises(timezone.now()) == 0


def test_rows_are_made_when_they_are_first_needed(agent: User) -> None:
    reminders.send_morning_mails(madrid(3, 9))

    assert MorningMail.objects.filter(user=agent, is_on=True, hour=8).exists()
    assert Task.objects.count() == 0
