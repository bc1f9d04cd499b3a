"""Customers with their first contact: found by external_id, then by e-mail.

A batch is looked up at once, then decided row by row (`Planner`), as if each earlier row were in
already, and written in bulk (`crm.imports.customer_rows`); a check stops before the writing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from crm import custom
from crm.imports import customer_rows
from crm.imports.customer_plans import Planner
from crm.imports.kinds import Column, Entry
from crm.imports.parsing import BadCell, Context, choice, day, email, instant, language, text
from crm.imports.session import Session
from crm.models import Customer, CustomField
from crm.phones import NotAPhone, normalise


def phone(cell: str, context: Context) -> str:
    try:
        return normalise(cell, region=context.region)
    except NotAPhone as error:
        raise BadCell(_("“%(text)s” is not a telephone number.") % {"text": cell}) from error


def tags(cell: str, context: Context) -> list[str]:
    """Between commas or semicolons, as people type them into the forms too."""
    return [tag.strip()[:60] for tag in re.split(r"[,;]", cell) if tag.strip()]


@dataclass(frozen=True)
class CustomerKind:
    name: str = "customers"
    open_prefix: str = "custom."
    columns: Sequence[Column] = (
        Column("external_id", text(190)),
        Column("name", text(200)),
        Column("kind", choice(Customer.Kind.values)),
        Column("stage", choice(Customer.Stage.values)),
        Column("email", email),
        Column("phone", phone),
        Column("source", text(60)),
        Column("owner", text(254)),
        Column("language", language),
        Column("tags", tags),
        Column("created_at", instant),
        Column("customer_since", instant),
        Column("referred_by", text(190)),
        Column("birthday", day),
        Column("city", text(120)),
        Column("country", text(60)),
    )

    def open_column(self, target: str) -> Column | None:
        field = CustomField.objects.filter(key=target.removeprefix(self.open_prefix)).first()
        if field is None:
            return None

        def parse(cell: str, context: Context) -> Any:
            return custom.parse(field, cell, context.business)

        return Column(target, parse)

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        plan = Planner(entries, session).plan()
        if not session.is_check:
            customer_rows.write(plan, session)
        for match in plan.matches:
            if match.is_new:
                session.counts.created += 1
            elif match.changed:
                session.counts.updated += 1
            else:
                session.counts.unchanged += 1

    def finish(self, session: Session) -> None:
        """Tie referrals to rows that came later in the file than who they referred."""
        customer_rows.tie_referrers(session)
        for _pk, line, reference in sorted(session.referrers, key=lambda one: one[1]):
            session.warnings.append(
                _("Line %(line)s: the customer “%(reference)s” who referred them is unknown.")
                % {"line": line, "reference": reference}
            )
