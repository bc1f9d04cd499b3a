"""The three surveys that are there from the start, and the one that is sent by itself."""

from typing import Any

from django.db import connections


def install(using: str = "default", **_signal: Any) -> None:
    """Make what is missing of NPS, CSAT and CES; after each migrate, so also in an emptied database."""
    tables = connections[using].introspection.table_names()
    needed = {
        "surveys_survey",
        "surveys_surveyversion",
        "surveys_surveytrigger",
        "staff_auditentry",
    }
    if not needed <= set(tables):
        return
    from surveys.actions.surveys import stock_survey
    from surveys.actions.triggers import stock_triggers
    from surveys.models import Survey

    for kind in Survey.Kind.values:
        stock_survey(kind)
    stock_triggers()
