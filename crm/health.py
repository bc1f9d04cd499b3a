"""How it stands with a customer, in words that say why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.models import Contract, Customer, LossReason, Task, Tenure
from crm.registry import Fact
from staff.templatetags.vinculo import date_short

# From so many days without a word or a purchase it is worth saying.
QUIET_DAYS = 60
# So early one hears that something will end.
WARN_DAYS = 45


@dataclass(frozen=True)
class Reason:
    """One reason, as a phrase; `tone` is "good", "watch" or "bad", `url` where one sees it."""

    text: str
    tone: str
    url: str = ""


def reasons(
    customer: Customer,
    *,
    tenure: Tenure | None,
    contracts: Iterable[Contract],
    tasks: Iterable[Task],
    facts: Sequence[Fact],
) -> list[Reason]:
    """What is the matter, worst first; when nothing is, the last contact says so."""
    today = timezone.localdate()
    found = [
        *_promises(tasks),
        *_told(facts, "bad"),
        *_ending(customer, tenure, contracts, today),
        *_quiet(customer),
        *_told(facts, "watch"),
    ]
    found.sort(key=lambda reason: reason.tone != "bad")
    return found or [_well(customer)]


def _told(facts: Iterable[Fact], tone: str) -> list[Reason]:
    """What the panels know."""
    return [
        Reason(f"{fact.label} {fact.value}".strip(), tone, fact.url)
        for fact in facts
        if fact.tone == tone
    ]


def _promises(tasks: Iterable[Task]) -> list[Reason]:
    now = timezone.now()
    late = sum(1 for task in tasks if task.is_promise and task.due_at and task.due_at < now)
    if not late:
        return []
    words = ngettext("%(count)s late promise", "%(count)s late promises", late)
    return [Reason(words % {"count": late}, "bad", "#tasks")]


def _ending(
    customer: Customer, tenure: Tenure | None, contracts: Iterable[Contract], today: date
) -> list[Reason]:
    if customer.stage == Customer.Stage.LOST:
        if tenure is None or tenure.ended_at is None:
            return []
        why = dict(LossReason.choices).get(tenure.end_reason, "")
        words = {"day": date_short(tenure.ended_at), "reason": why}
        text = _("Lost on %(day)s: %(reason)s") if why else _("Lost on %(day)s")
        return [Reason(text % words, "bad", "#facts")]
    soon = today + timedelta(days=WARN_DAYS)
    ends = [
        contract.ends_on
        for contract in contracts
        if contract.ends_on and not contract.renewed_by_id and today <= contract.ends_on <= soon
    ]
    found = (
        [
            Reason(
                _("Contract ends on %(day)s") % {"day": date_short(min(ends))},
                "watch",
                "#contracts-title",
            )
        ]
        if ends
        else []
    )
    silence = tenure is not None and tenure.end_reason == LossReason.SILENCE
    if silence and tenure and tenure.ended_at and _day(tenure.ended_at) <= soon:
        text = _("Counts as lost from %(day)s unless they buy again")
        found.append(Reason(text % {"day": date_short(tenure.ended_at)}, "watch", "#orders-title"))
    return found


def _quiet(customer: Customer) -> list[Reason]:
    last = customer.last_contact_at
    days = (timezone.now() - last).days if last else 0
    if days < QUIET_DAYS:
        return []
    words = ngettext("Quiet for %(days)s day", "Quiet for %(days)s days", days)
    return [Reason(words % {"days": number_format(days)}, "watch", "#timeline")]


def _well(customer: Customer) -> Reason:
    last = customer.last_contact_at
    if last is None:
        return Reason(_("Nothing has passed yet"), "")
    text = _("All in order; last contact %(day)s") % {"day": date_short(last)}
    return Reason(text, "good", "#timeline")


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()
