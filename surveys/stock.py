"""The three surveys that are there from the start, ready to send."""

from typing import Any

from django.db import connections


def install(using: str = "default", **_signal: Any) -> None:
    """Make what is missing of NPS, CSAT and CES; after each migrate, so also in an emptied database."""
    tables = connections[using].introspection.table_names()
    if not {"surveys_survey", "surveys_surveyversion", "staff_auditentry"} <= set(tables):
        return
    from surveys.actions.surveys import stock_survey
    from surveys.models import Survey

    for kind in Survey.Kind.values:
        stock_survey(kind)
