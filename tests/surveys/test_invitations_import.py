"""manage.py import invitations: whom other tools asked is left in peace, and counts in no figure."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from crm.imports.kinds import KINDS
from crm.imports.run import Import, Outcome
from metrics import reading
from metrics.definitions import find
from metrics.models import Grain
from metrics.periods import containing
from staff.changes import revert
from staff.models import Business, ChangeSet, User
from surveys import results
from surveys.actions.surveys import stock_survey
from surveys.audience import Audience, preview_audience
from surveys.models import Invitation, SurveyRun
from tests.factories import CustomerFactory

HEADER = "external_id,survey,customer,email,sent_at\n"


@pytest.fixture
def take(business: Business, tmp_path: Path) -> Any:
    def run(rows: str) -> Outcome:
        path = tmp_path / "invitations.csv"
        path.write_text(HEADER + rows, encoding="utf-8")
        return Import(kind=KINDS["invitations"], path=path, business=business, by=None).run()

    return run


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, outcome.refused


def ago(days: int) -> str:
    return (timezone.now() - timedelta(days=days)).isoformat()


def test_who_was_asked_elsewhere_ten_days_ago_is_skipped(business: Business, take: Any) -> None:
    ada = CustomerFactory.create(name="Ada", email="ada@example.com")
    long_ago = CustomerFactory.create(name="Bia", email="bia@example.com")
    rows = (
        f"1,nps,,Ada@example.com,{ago(10)}\n"
        f"2,nps,,ada@example.com,{ago(100)}\n"
        f"3,nps,#{long_ago.pk},,{ago(400)}\n"
    )

    assert counts(take(rows)) == (3, 0, 0, 0)

    asked = Invitation.objects.get(external_id="1")
    assert (asked.state, asked.sent_at, asked.customer) == ("elsewhere", None, ada)
    assert SurveyRun.objects.count() == 1
    preview = preview_audience(
        survey=stock_survey("nps"), audience=Audience((ada.pk, long_ago.pk)), business=business
    )
    assert (preview.invited, preview.skipped) == (1, {"throttled": 1})
    [skipped] = preview.named["throttled"]
    assert skipped.until == asked.created_at + timedelta(days=30)


def test_no_figure_counts_them(business: Business, take: Any) -> None:
    CustomerFactory.create(email="ada@example.com")
    take(f"1,nps,,ada@example.com,{ago(0)}\n")

    now = timezone.now()
    period = containing(now.astimezone(business.zone).date(), Grain.MONTH, business.zone)
    definition = find("response_rate")
    measured = reading.measured(definition, period, now=now, params=definition.parse({}))
    assert measured.n == 0
    outcomes = results.outcomes(results.Scope(stock_survey("nps")))
    assert outcomes.invited == outcomes.waiting == 0


def test_again_is_unchanged_and_a_correction_is_an_update(business: Business, take: Any) -> None:
    CustomerFactory.create(email="ada@example.com")
    first, corrected = ago(10), ago(11)
    take(f"1,nps,,ada@example.com,{first}\n")

    assert counts(take(f"1,nps,,ada@example.com,{first}\n")) == (0, 0, 1, 0)
    assert counts(take(f"1,ces,,ada@example.com,{corrected}\n")) == (0, 1, 0, 0)
    assert Invitation.objects.get().survey.kind == "ces"


def test_what_tells_of_nobody_or_of_no_time_is_refused(business: Business, take: Any) -> None:
    CustomerFactory.create(email="ada@example.com")
    mute = CustomerFactory.create()
    rows = (
        f"1,smile,,ada@example.com,{ago(1)}\n"
        f"2,nps,,nobody@example.com,{ago(1)}\n"
        f"3,nps,#{mute.pk},,{ago(1)}\n"
        f"4,nps,,,{ago(1)}\n"
        f"5,nps,,ada@example.com,{ago(-2)}\n"
        "6,nps,,ada@example.com,\n"
    )
    assert counts(take(rows)) == (0, 0, 0, 6)


def test_an_import_is_taken_back_as_a_whole(business: Business, take: Any, owner: User) -> None:
    CustomerFactory.create(email="ada@example.com")
    take(f"1,nps,,ada@example.com,{ago(10)}\n")

    revert(change_set=ChangeSet.objects.latest("pk"), by=owner)

    assert not Invitation.objects.exists()
    assert not SurveyRun.objects.exists()
