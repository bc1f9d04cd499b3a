"""Every KPI, by id, in the order in which they are shown."""

from __future__ import annotations

from django.utils.translation import gettext as _

from metrics.definitions.acquisition import CAC, LEAD_CONVERSION
from metrics.definitions.contracts import REVENUE_CHURN_GROSS, REVENUE_RETENTION_NET
from metrics.definitions.definition import Compared, Definition, Reach, Side, Theme
from metrics.definitions.expected import CLV_EXPECTED
from metrics.definitions.feeling import CES, CSAT, NPS, RESPONSE_RATE
from metrics.definitions.helping import (
    BACKLOG,
    FIRST_CONTACT_RESOLUTION,
    FIRST_RESPONSE_TIME,
    PROMISE_KEPT,
    RECONTACT_RATE,
    RESOLUTION_TIME,
    SLA_ATTAINMENT,
)
from metrics.definitions.keeping import (
    CUSTOMER_CHURN,
    EMAIL_LIST_CHURN,
    EMAIL_LIST_CHURN_AS_PUBLISHED,
    RETENTION,
    RETENTION_AS_PUBLISHED,
    TURNOVER,
)
from metrics.definitions.listening import (
    CONTACT_FREQUENCY,
    EXPERIENCE_BUDGET,
    LISTENING_COVERAGE,
    SILENT_CUSTOMERS,
    TRAINING_HOURS,
    UNANSWERED_FEEDBACK,
)
from metrics.definitions.losses import CHURN_REASONS, FALSE_LOST_RATE
from metrics.definitions.payback import CAC_PAYBACK, INCOME_AT_RISK, LTV_CAC, REFERRAL_SHARE
from metrics.definitions.unnamed import CES_PUBLIC, CSAT_PUBLIC, NPS_PUBLIC, REVIEW_SCORE
from metrics.definitions.worth import (
    AVERAGE_TICKET,
    CPS,
    INCOME_PER_CUSTOMER,
    LTV_ANNUAL,
    LTV_CHURN,
    LTV_MARGIN,
)
from staff.refusals import Refusal

__all__ = [
    "DEFINITIONS",
    "STORED",
    "Compared",
    "Definition",
    "Reach",
    "Side",
    "Theme",
    "find",
]

DEFINITIONS: dict[str, Definition] = {
    definition.kpi: definition
    for definition in (
        NPS,
        CSAT,
        CES,
        RESPONSE_RATE,
        REVIEW_SCORE,
        NPS_PUBLIC,
        CSAT_PUBLIC,
        CES_PUBLIC,
        FIRST_RESPONSE_TIME,
        RESOLUTION_TIME,
        RECONTACT_RATE,
        FIRST_CONTACT_RESOLUTION,
        SLA_ATTAINMENT,
        BACKLOG,
        PROMISE_KEPT,
        CUSTOMER_CHURN,
        RETENTION,
        RETENTION_AS_PUBLISHED,
        TURNOVER,
        REVENUE_CHURN_GROSS,
        REVENUE_RETENTION_NET,
        CHURN_REASONS,
        FALSE_LOST_RATE,
        EMAIL_LIST_CHURN,
        EMAIL_LIST_CHURN_AS_PUBLISHED,
        AVERAGE_TICKET,
        INCOME_PER_CUSTOMER,
        LTV_ANNUAL,
        LTV_MARGIN,
        LTV_CHURN,
        CLV_EXPECTED,
        CPS,
        INCOME_AT_RISK,
        CAC,
        LTV_CAC,
        CAC_PAYBACK,
        LEAD_CONVERSION,
        REFERRAL_SHARE,
        CONTACT_FREQUENCY,
        LISTENING_COVERAGE,
        SILENT_CUSTOMERS,
        UNANSWERED_FEEDBACK,
        EXPERIENCE_BUDGET,
        TRAINING_HOURS,
    )
}
STORED: list[Definition] = [one for one in DEFINITIONS.values() if one.is_stored]


class UnknownMetric(Refusal):
    def __init__(self, kpi: str) -> None:
        super().__init__(
            _("There is no metric “%(kpi)s”. There are: %(all)s.")
            % {"kpi": kpi, "all": ", ".join(DEFINITIONS)}
        )


def find(kpi: str) -> Definition:
    """The KPI with this id; raises UnknownMetric, which names those that exist."""
    if kpi not in DEFINITIONS:
        raise UnknownMetric(kpi)
    return DEFINITIONS[kpi]
