"""What the DNS says of the domain that the business writes from: who may send for it, and how sure
receivers can be. SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 9989, 7489).

Only what can be known from outside is judged: that a record is there, is one, and can be read. A
DKIM key is found only under a selector that we know; so its absence is no fault, but a question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from mail.messages import ascii_domain

# Seconds for one question, and for which the answers are believed.
PATIENCE, REMEMBERED = 3, 600
# Under these the usual providers keep their keys; DKIM_SELECTOR names one's own.
SELECTORS = (
    *("default", "dkim", "mail", "google", "selector1", "selector2", "k1", "k2", "s1", "s2"),
    *("pm", "resend", "mailjet", "mandrill", "mailo", "brevo1", "brevo2", "sig1", "fm1", "zoho"),
)
# More questions than these within an SPF record, and receivers give up (RFC 7208, 4.6.4).
MOST_LOOKUPS = 10


class Found(StrEnum):
    """What is known of one of the three."""

    GOOD = "good"
    WEAK = "weak"  # there, but it lets everybody send, or asks for nothing
    BROKEN = "broken"  # there, and receivers can't use it
    MISSING = "missing"
    UNKNOWN = "unknown"  # no server answered, or nobody can know


@dataclass(frozen=True)
class Record:
    """`kind` is SPF, DKIM or DMARC; `tone` good, watch or bad, as the checks of a page have it."""

    kind: str
    found: Found
    text: str = ""

    @property
    def tone(self) -> str:
        if self.found in {Found.GOOD, Found.BROKEN}:
            return {Found.GOOD: "good", Found.BROKEN: "bad"}[self.found]
        return "watch"

    @property
    def words(self) -> str:
        return WORDS[self.kind, self.found]()


Ask = Callable[[str], list[str] | None]


def look_up(address: str) -> list[Record]:
    """The three records of the domain of `address`, in this order; remembered for some minutes."""
    domain = ascii_domain(address.rpartition("@")[2].strip().lower())
    if not domain:
        return []
    key = f"mail.sender_dns:{domain}"
    kept = cache.get(key)
    if kept is None:
        kept = [(one.kind, one.found.value, one.text) for one in ask_all(domain, texts_of)]
        cache.set(key, kept, REMEMBERED)
    return [Record(kind, Found(found), text) for kind, found, text in kept]


def ask_all(domain: str, ask: Ask) -> list[Record]:
    """All questions at once: a page waits for the slowest, not for all of them."""
    selectors = [settings.DKIM_SELECTOR] if settings.DKIM_SELECTOR else list(SELECTORS)
    with ThreadPoolExecutor(max_workers=8) as threads:
        spf = threads.submit(ask, domain)
        dmarc = [threads.submit(ask, f"_dmarc.{name}") for name in (domain, parent(domain)) if name]
        keys = [threads.submit(ask, f"{name}._domainkey.{domain}") for name in selectors]
        return [
            judge_spf(spf.result()),
            judge_dkim([one.result() for one in keys], is_known=bool(settings.DKIM_SELECTOR)),
            judge_dmarc([one.result() for one in dmarc]),
        ]


def parent(domain: str) -> str:
    """The domain above, which speaks for those below it; none above what has two parts."""
    above = domain.partition(".")[2]
    return above if "." in above else ""


def texts_of(name: str) -> list[str] | None:
    """The TXT records of a name; [] without any, None when no server answers."""
    import dns.exception  # late: megabytes that each process would hold
    import dns.resolver

    resolver = dns.resolver.Resolver()
    if settings.DNS_SERVER:
        host, _colon, port = settings.DNS_SERVER.partition(":")
        resolver.nameservers, resolver.port = [host], int(port or 53)
    try:
        answer = resolver.resolve(name, "TXT", lifetime=PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]


# --- What they mean -------------------------------------------------------------------------------


def judge_spf(texts: Sequence[str] | None) -> Record:
    if texts is None:
        return Record("SPF", Found.UNKNOWN)
    records = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not records:
        return Record("SPF", Found.MISSING)
    terms = records[0].lower().split()[1:]
    lookups = sum(term.lstrip("+-~?").split(":")[0].split("=")[0] in ASKING for term in terms)
    if len(records) > 1 or lookups > MOST_LOOKUPS:
        return Record("SPF", Found.BROKEN, records[0])
    lets_all = any(term in {"all", "+all", "?all"} for term in terms)
    has_end = any(term.endswith("all") or term.startswith("redirect=") for term in terms)
    return Record("SPF", Found.WEAK if lets_all or not has_end else Found.GOOD, records[0])


ASKING = {"include", "a", "mx", "ptr", "exists", "redirect"}


def judge_dkim(keys: Sequence[list[str] | None], *, is_known: bool) -> Record:
    texts = [text for found in keys for text in found or []]
    with_key = [text for text in texts if tags_of(text).get("p")]
    if with_key:
        return Record("DKIM", Found.GOOD, with_key[0])
    if all(found is None for found in keys):
        return Record("DKIM", Found.UNKNOWN)
    if texts and any("p" in tags_of(text) for text in texts):
        return Record("DKIM", Found.BROKEN, texts[0])  # the key was withdrawn
    return Record("DKIM", Found.MISSING if is_known else Found.UNKNOWN)


def judge_dmarc(answers: Sequence[list[str] | None]) -> Record:
    """The domain's own, else that of the domain above."""
    for texts in answers:
        if texts is None:
            return Record("DMARC", Found.UNKNOWN)
        records = [text for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if len(records) > 1:
            return Record("DMARC", Found.BROKEN, records[0])
        if records:
            policy = tags_of(records[0]).get("p", "").lower()
            good = policy in {"quarantine", "reject"}
            known = good or policy == "none"
            found = Found.GOOD if good else Found.WEAK if known else Found.BROKEN
            return Record("DMARC", found, records[0])
    return Record("DMARC", Found.MISSING)


def tags_of(text: str) -> dict[str, str]:
    """ "v=DMARC1; p=none" as {"v": "DMARC1", "p": "none"}."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _equals, value in pairs if name.strip()}


WORDS: dict[tuple[str, Found], Callable[[], str]] = {
    ("SPF", Found.GOOD): lambda: _("SPF: your domain says who may send for it."),
    ("SPF", Found.WEAK): lambda: _(
        "SPF: your domain lets everybody send for it. End the record with ~all or -all."
    ),
    ("SPF", Found.BROKEN): lambda: _(
        "SPF: receivers can't use the record of your domain. There may be only one, with at most ten "
        "look-ups."
    ),
    ("SPF", Found.MISSING): lambda: _(
        "SPF: your domain does not say who may send for it. Your mail provider tells you the record "
        "to add."
    ),
    ("SPF", Found.UNKNOWN): lambda: _("SPF: no name server answered. Try again later."),
    ("DKIM", Found.GOOD): lambda: _("DKIM: your domain has a key by which mails can be signed."),
    ("DKIM", Found.WEAK): lambda: "",
    ("DKIM", Found.BROKEN): lambda: _("DKIM: the key of your domain was withdrawn."),
    ("DKIM", Found.MISSING): lambda: _(
        "DKIM: there is no key under the name that is set up. Your mail provider tells you the "
        "record to add."
    ),
    ("DKIM", Found.UNKNOWN): lambda: _(
        "DKIM: no key was found under the usual names. Ask your mail provider whether it signs your "
        "mails."
    ),
    ("DMARC", Found.GOOD): lambda: _(
        "DMARC: receivers know what to do with mail that is not yours."
    ),
    ("DMARC", Found.WEAK): lambda: _(
        "DMARC: your domain only watches (p=none). That is a good beginning; forgeries still arrive."
    ),
    ("DMARC", Found.BROKEN): lambda: _("DMARC: receivers can't use the record of your domain."),
    ("DMARC", Found.MISSING): lambda: _(
        "DMARC: your domain has no policy. Large providers ask for one from whoever writes to many."
    ),
    ("DMARC", Found.UNKNOWN): lambda: _("DMARC: no name server answered. Try again later."),
}
