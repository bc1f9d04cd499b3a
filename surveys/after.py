"""What stands under the thanks, for whoever has answered and whatever they answered.

The page of thanks includes `surveys/_after_answer.html` with the dictionary `after` that this
makes: in the mailed survey, on the public page and in the widget, never at a kiosk, where the
next person waits.
"""

from __future__ import annotations

from typing import Any

from surveys.models import Response, Survey


def shown_after(
    *, survey: Survey, response: Response | None, language: str, proof: str
) -> dict[str, Any]:
    """What the template needs, in as few queries as can be.

    `response` is None where nothing ties this visit to an answer (an anonymous one, a while
    later). `proof` names the answer for whoever gave it just now (tokens.proven), else blank.
    """
    return {"language": language, "proof": proof}
