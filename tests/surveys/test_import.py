"""manage.py import responses: the whole scale of answers, also those that can't count."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from crm.models import Interaction
from staff.changes import revert
from staff.models import ChangeSet
from surveys.actions.surveys import create_survey
from surveys.models import Response
from tests.factories import CustomerFactory

HEADER = "external_id,survey,customer,answered_at,score,comment\n"


@pytest.fixture
def bring_in(business, tmp_path: Path):
    def run(rows: str, *options: str):
        path = tmp_path / "responses.csv"
        path.write_text(HEADER + rows)
        out = StringIO()
        call_command(
            "import", "responses", str(path), "--create-customers", *options, "--json", stdout=out
        )
        account = json.loads(out.getvalue().splitlines()[-1])
        return tuple(account[name] for name in ("created", "updated", "unchanged", "refused"))

    return run


def test_answers_of_every_kind_come_in(bring_in):
    create_survey(kind="csat", name="After the visit", by=None)

    assert bring_in(
        "1,nps,c1,2026-01-10T12:00:00Z,9,Warm bread\n"
        "2,CSAT,c1,2026-01-11T12:00:00Z,5,\n"
        "3,After the visit,c2,2026-01-12T12:00:00Z,2,Slow\n"
    ) == (3, 0, 0, 0)

    kept = Response.objects.order_by("answered_at").values_list("kind", "score", "comment")
    assert list(kept) == [("nps", 9, "Warm bread"), ("csat", 5, ""), ("csat", 2, "Slow")]
    assert set(Response.objects.values_list("origin", "validity")) == {("import", "valid")}
    assert Interaction.objects.filter(kind="survey_response").count() == 3


def test_a_score_that_cannot_count_is_kept_with_its_reason(bring_in):
    bring_in(
        "1,nps,c1,2026-01-10T12:00:00Z,11,\n"
        "2,nps,c1,2026-01-10T12:00:00Z,-1,\n"
        "3,ces,c1,2026-01-10T12:00:00Z,0,\n"
        "4,csat,c1,2026-01-10T12:00:00Z,,\n"
    )

    assert list(
        Response.objects.order_by("external_id").values_list("score", "validity_reason")
    ) == [
        (11, "out_of_scale"),
        (-1, "out_of_scale"),
        (0, "out_of_scale"),
        (None, "no_score"),
    ]
    assert not Response.objects.counted().exists()
    assert not Interaction.objects.exists()


def test_what_is_no_answer_is_refused(bring_in):
    assert bring_in(
        "1,smile,c1,2026-01-10T12:00:00Z,9,\n"
        "2,nps,c1,2026-01-10T12:00:00Z,great,\n"
        "3,nps,c1,2026-01-10T12:00:00Z,9.5,\n"
        f"4,nps,c1,2026-01-10T12:00:00Z,{'9' * 5000},\n"
        "5,nps,c1,yesterday,9,\n"
        "6,,c1,2026-01-10T12:00:00Z,9,\n"
    ) == (0, 0, 0, 6)


def test_again_is_unchanged_and_a_correction_is_an_update(bring_in):
    row = "1,nps,c1,2026-01-10T12:00:00Z,{},\n"
    bring_in(row.format(11))
    assert bring_in(row.format(11)) == (0, 0, 1, 0)

    assert bring_in(row.format(10)) == (0, 1, 0, 0)

    corrected = Response.objects.get()
    assert (corrected.score, corrected.validity, corrected.validity_reason) == (10, "valid", "")


def test_an_import_is_taken_back_as_a_whole(bring_in, owner):
    CustomerFactory(external_source="import", external_id="c1")
    bring_in("1,nps,c1,2026-01-10T12:00:00Z,9,\n")

    revert(change_set=ChangeSet.objects.latest("pk"), by=owner)

    assert not Response.objects.exists()
    assert not Interaction.objects.exists()


def test_an_answer_moves_the_customers_last_contact(bring_in):
    bring_in("1,nps,c1,2026-01-10T12:00:00Z,9,\n")

    customer = Response.objects.get().customer
    assert customer.last_inbound_at == timezone.datetime.fromisoformat("2026-01-10T12:00:00Z")
