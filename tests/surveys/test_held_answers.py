"""Who is taken for a program, and that the reason why is never lost."""

import pytest

from staff.models import AuditEntry, User
from surveys import agents
from surveys.actions import held
from surveys.models import Response
from tests.factories import ResponseFactory


def test_holding_what_is_held_keeps_the_reason(agent: User):
    response = ResponseFactory(validity="held", validity_reason="too_fast")

    held.hold_again(response=response, by=agent)

    kept = Response.objects.get()
    assert (kept.validity, kept.validity_reason) == ("held", "too_fast")
    assert not AuditEntry.objects.filter(action="response.hold").exists()


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        ("Mozilla/5.0 (Linux; Android 13; CUBOT X70) Chrome/130.0 Mobile Safari/537.36", "phone"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        ("Slackbot-LinkExpanding 1.0", "bot"),
        ("Mimecast URL protection", "scanner"),
    ],
)
def test_a_make_of_telephone_is_no_bot(user_agent: str, kind: str):
    assert agents.classify(user_agent) == kind
