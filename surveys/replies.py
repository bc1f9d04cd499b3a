"""Answering by replying "9, great service": the key by which the mail finds back, and what it says.

Read conservatively. Sure is a number of the survey's scale that stands alone at the beginning, or
before a comma, a dash or the like; whatever else holds such a number is for a person to look at;
dates, prices, hours and telephone numbers are none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from mail.parsing import reply_text
from mail.parsing.parsed import ParsedMail
from surveys.models import Invitation

# --- The key: i5-k3xq…, in our reply address and at the beginning of our Message-ID -----------------

PROOF_LENGTH = 20  # 100 bits as letters and digits, which survive a server that changes case
_KEY = r"i(?P<invitation>\d{1,18})-(?P<proof>[a-z2-7]{20})"
_IN_ADDRESS = re.compile(rf".*\+{_KEY}@.+")
_IN_MESSAGE_ID = re.compile(rf"<?{_KEY}\..+")


def reply_key(invitation: Invitation) -> str:
    return f"i{invitation.pk}-{_proof(invitation.pk, invitation.address, settings.SECRET_KEY)}"


def _proof(pk: int, address: str, secret: str | bytes) -> str:
    words = f"{pk}:{address.lower()}"
    digest = salted_hmac("surveys.replies", words, secret=secret, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:PROOF_LENGTH].lower()


def invitation_of(mail: ParsedMail) -> Invitation | None:
    """The invitation that it answers, by a key of ours that proves itself."""
    for pk, proof in dict.fromkeys(_keys_in(mail)):
        found = Invitation.objects.select_related("survey", "run", "customer", "contact")
        invitation = found.filter(pk=pk).first()
        if invitation is not None and _proves(invitation, proof):
            return invitation
    return None


def _proves(invitation: Invitation, proof: str) -> bool:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    made = [_proof(invitation.pk, invitation.address, secret) for secret in secrets]
    return any(constant_time_compare(proof, one) for one in made)


def _keys_in(mail: ParsedMail) -> Iterator[tuple[int, str]]:
    addresses = (*mail.delivered_to, *(one.address for one in (*mail.to, *mail.cc)))
    named = (*mail.in_reply_to, *reversed(mail.references))
    for pattern, texts in ((_IN_ADDRESS, addresses), (_IN_MESSAGE_ID, named)):
        for text in texts[:30]:
            if found := pattern.fullmatch(text.lower()):
                yield int(found["invitation"]), found["proof"]


# --- What it says ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """`score` None: no number that could be one. The comment is theirs, without the sure score."""

    score: int | None
    comment: str
    is_sure: bool = False


# What people write before the number: "un 9", "a 9", "my score: 9".
_LEAD = (
    r"(?:(?:an?|una?|uma?|el|my (?:score|answer) is|i(?:'d| would)? (?:say|give (?:you )?an?)|score"
    r"|nota|puntuaci[oó]n|pontua[cç][aã]o|(?:le|os|te) doy un|dou(?: um)?|mi nota es un)\s*:?\s*)?"
)
# "9/10", "9 de 10", "9 out of 10".
_OUT_OF = r"(?:\s*(?:/|de|sobre|em|out of|of)\s*(?P<top>\d{1,2}))?"
# The end, or what sets the number off from the words behind it; never a decimal, an hour or a range.
_SET_OFF = r"(?:\s*$|\s*[,.;:!…)]+(?=\s|$)|\s*[-–—]+\s+|\s+[-–—]+\s*)"
_SURE = re.compile(
    rf"[\s*_\"'“”(]*{_LEAD}(?P<score>\d{{1,2}})[*_\"'”]*{_OUT_OF}[*_]*{_SET_OFF}", re.IGNORECASE
)
# A number with what makes it something else: a decimal, a date, an hour, a price, a telephone number.
_UNIT = r"(?:[€$£%ºª°]|(?:eur|euros?|reais|usd|h|hs|kg|km|min)\b)"
_WORD = re.compile(
    rf"[^\s\w]*[€$£#+]?\w*\d(?:[\w.,:/%€$£ºª°-]*\w)?(?:\s?{_UNIT})?[€$£%ºª°]*", re.IGNORECASE
)
_RANGE = re.compile(r"(\d{1,2})[-–](\d{1,2})")
_PLAIN = re.compile(r"[\"'“(*_]*(\d{1,2})[\"'”)*_]*")
_OF_TEN = re.compile(r"(\d{1,2})/(\d{1,2})")
_TELEPHONE = re.compile(r"\+?\d[\d ().-]{5,}\d")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
MOST = 5000


def read(text: str, scale: tuple[int, int]) -> Reading:
    """What a reply says of a score on this scale; quotations and signatures are no part of it."""
    new, _quoted = reply_text(text)
    fresh = _SIGNATURE.split(new, maxsplit=1)[0].strip()[:MOST]
    first, _end, rest = fresh.partition("\n")
    if (sure := _sure(first, scale)) is not None:
        score, words = sure
        return Reading(score, "\n".join(part for part in (words, rest.strip()) if part), True)
    guesses = [*_scores(first, scale)]
    if not guesses:
        # After a greeting, perhaps: a line that is nothing but a score.
        lines = [_sure(line.strip(), scale) for line in rest.split("\n") if line.strip()]
        guesses = [line[0] for line in lines if line is not None and not line[1]]
    return Reading(guesses[0] if guesses else None, fresh)


def _sure(line: str, scale: tuple[int, int]) -> tuple[int, str] | None:
    """The score and the words behind it, if the line leaves no doubt."""
    found = _SURE.match(line)
    if found is None or not _is_on(found["score"], scale):
        return None
    if found["top"] is not None and int(found["top"]) != scale[1]:
        return None
    words = line[found.end() :].strip()
    return None if re.search(r"\d", words) else (int(found["score"]), words)


def _scores(line: str, scale: tuple[int, int]) -> Iterator[int]:
    """The numbers in it that could be a score."""
    for found in _WORD.finditer(_TELEPHONE.sub(" ", line)):
        word = found[0].strip(".,;:!?…")
        of_top, several = _OF_TEN.fullmatch(word), _RANGE.fullmatch(word)
        if of_top is not None and int(of_top[2]) != scale[1]:
            of_top = None
        if several is not None and not _is_on(several[2], scale):
            several = None
        score = _PLAIN.fullmatch(word) or of_top or several
        if score is not None and _is_on(score[1], scale):
            yield int(score[1])


def _is_on(digits: str, scale: tuple[int, int]) -> bool:
    low, high = scale
    return str(int(digits)) == digits and low <= int(digits) <= high
