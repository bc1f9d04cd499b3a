"""What customers say, who is asked, and who is on the list of those who agreed to news and offers."""

from __future__ import annotations

from metrics.marked.mark import Dialect, Marked, MarkOf, instant

ON_THE_LIST = "{r}.purpose = 'outreach'"
LEAVES_THE_LIST = "{r}.type IN ('unsubscribe', 'hard_bounce', 'complaint', 'inactive')"


def answers(_sql: Dialect) -> list[Marked]:
    # The response rate counts by the day on which the invitation was sent.
    answered = MarkOf(
        "invitation",
        "v.customer_id",
        "v.sent_at",
        "v.sent_at",
        source="surveys_invitation v",
        where="v.id = {r}.invitation_id AND v.sent_at IS NOT NULL",
    )
    return [
        Marked(
            "surveys_response",
            (
                "kind",
                "customer_id",
                "invitation_id",
                "score",
                "answered_at",
                "validity",
                "validity_reason",
            ),
            (instant("response", "answered_at"), answered),
        ),
        Marked(
            "crm_consent",
            ("contact_id", "purpose", "given", "at"),
            (MarkOf("subscriber", "{r}.contact_id", "{r}.at", "{r}.at", where=ON_THE_LIST),),
        ),
        Marked(
            "mail_deliveryevent",
            ("address", "type", "at", "detail"),
            (MarkOf("subscriber", "{r}.id", "{r}.at", "{r}.at", where=LEAVES_THE_LIST),),
        ),
        # Whose address it is that a mailer heard of.
        Marked(
            "crm_contactpoint",
            ("contact_id", "kind", "value"),
            (
                MarkOf(
                    "subscriber",
                    "{r}.contact_id",
                    "heard.at",
                    "heard.at",
                    source="mail_deliveryevent heard",
                    where="heard.address = {r}.value AND {r}.kind = 'email' "
                    "AND heard.type IN ('unsubscribe', 'hard_bounce', 'complaint', 'inactive')",
                ),
            ),
        ),
        Marked(
            "surveys_invitation",
            ("customer_id", "sent_at", "bounced_at", "state"),
            (instant("invitation", "sent_at"),),
        ),
        Marked(
            "surveys_review",
            ("customer_id", "site", "rating", "at"),
            (instant("review", "at"),),
        ),
    ]
