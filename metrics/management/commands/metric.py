"""`manage.py metric`: one KPI straight from the facts, or as stored."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from metrics import answering, reading, segmenting
from metrics.definitions import Definition, find
from metrics.periods import Period
from staff.installation import business_or_refusal
from staff.refusals import Refusal


def day(text: str) -> date:
    found = parse_date(text)
    if found is None:
        raise ValueError(text)
    return found


class Command(BaseCommand):
    help = "Answers one KPI over [--from, --to), with its parts; the last line is JSON with --json."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kpi", metavar="ID")
        parser.add_argument("--from", dest="start", type=day, required=True, metavar="DATE")
        parser.add_argument("--to", dest="end", type=day, required=True, metavar="DATE")
        parser.add_argument(
            "--segment",
            metavar="NAME",
            help="of some customers: a saved segment, or filters of theirs such as source=web",
        )
        parser.add_argument("--as-of", metavar="INSTANT")
        parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE")
        parser.add_argument("--rows", choices=["numerator", "denominator"])
        parser.add_argument("--stored", action="store_true", help="read the latest snapshot")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, kpi: str, start: date, end: date, **options: Any) -> None:
        business = business_or_refusal()
        if end <= start:
            raise CommandError(_("--to must be later than --from."), returncode=2)
        period = Period(start, end, business.zone)
        as_of = self._as_of(options["as_of"], period)
        try:
            definition = find(kpi)
            params = definition.parse(_pairs(options["param"]))
            scope = segmenting.named(options["segment"]).scope if options["segment"] else None
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        if options["stored"]:
            if scope:
                raise CommandError(
                    _("Figures of a segment are measured, not stored: leave out --stored."),
                    returncode=2,
                )
            said_before = as_of if options["as_of"] else None
            answer = self._stored(definition, period, business.currency, said_before)
        else:
            result = reading.measured(definition, period, now=as_of, params=params, scope=scope)
            answer = answering.answer(definition, period, result, business.currency)
        if scope:
            answer["segment"] = scope.name
        if options["rows"]:
            sections = reading.rows(
                definition, period, options["rows"], now=as_of, params=params, scope=scope
            )
            answer |= answering.rows(sections)
        self._write(answer, as_json=options["json"])

    def _as_of(self, text: str | None, period: Period) -> datetime:
        """Now, unless another instant is given. A period that lies ahead is told as planned."""
        if text is None:
            return (
                max(timezone.now(), period.end) if timezone.now() < period.start else timezone.now()
            )
        try:
            instant = parse_datetime(text)
            if instant is None:
                instant = datetime.combine(day(text), datetime.min.time())
        except ValueError as error:
            raise CommandError(
                _("“%(text)s” is no instant, such as 2026-03-01T00:00:00Z.") % {"text": text},
                returncode=2,
            ) from error
        return instant if timezone.is_aware(instant) else timezone.make_aware(instant, period.zone)

    def _stored(
        self, definition: Definition, period: Period, currency: str, said_before: datetime | None
    ) -> dict[str, Any]:
        found = reading.stored_for(definition, period, said_before=said_before)
        if found is None:
            raise CommandError(_("No figure is stored for exactly this period."))
        return answering.stored(definition, found, currency)

    def _write(self, answer: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        for name, value in answer.items():
            self.stdout.write(f"{name}: {value}")


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise CommandError(
                _("--param takes NAME=VALUE, not “%(text)s”.") % {"text": text}, returncode=2
            )
        pairs[name] = value
    return pairs
