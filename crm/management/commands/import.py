"""manage.py import: bring a file in, or take an import back."""  # noqa: N999 (the command's name)

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.imports.kinds import KINDS
from crm.imports.reading import FileUnusable
from crm.imports.run import Import, Outcome, import_to_revert, known_kinds
from crm.models import FileImport
from staff.changes import AlreadyReverted, revert
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = (
        "Imports a CSV file of customers, orders, contracts, tenures, costs, tickets or responses, "
        "or takes an import back: `import revert ID`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"{', '.join(known_kinds())}; or revert")
        parser.add_argument(
            "file", metavar="FILE", help="a CSV file; an import's number for revert"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, only")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="TARGET=COLUMN",
            help="the file's column that gives a target; repeat as needed",
        )
        parser.add_argument(
            "--create-customers",
            action="store_true",
            help="make customers that rows name and nobody knows",
        )
        parser.add_argument(
            "--source",
            default="import",
            help="the system that the external ids are from (default: import)",
        )
        parser.add_argument(
            "--decimal",
            choices=[",", "."],
            default="",
            help="what stands before the decimals, where 1.234 can be read in two ways",
        )
        parser.add_argument(
            "--dates",
            choices=["dmy", "mdy"],
            default="",
            help="what 03/04/2026 begins with: the day or the month",
        )
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, **options: Any) -> None:
        business = business_or_refusal()
        if options["kind"] == "revert":
            self._revert(options["file"], as_json=options["json"])
            return
        kind = KINDS.get(options["kind"])
        if kind is None:
            raise CommandError(
                _("“%(kind)s” can't be imported. There are: %(kinds)s.")
                % {"kind": options["kind"], "kinds": ", ".join(known_kinds())},
                returncode=2,
            )
        try:
            outcome = Import(
                kind=kind,
                path=Path(options["file"]),
                by=None,
                business=business,
                mapping=self._mapping(options["map"]),
                source=options["source"],
                create_customers=options["create_customers"],
                decimal=options["decimal"],
                dates=options["dates"],
                dry_run=options["dry_run"],
            ).run()
        except FileUnusable as unusable:
            raise CommandError(str(unusable), returncode=2) from unusable
        if options["json"]:
            self.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False))
        else:
            self._print(outcome)

    def _mapping(self, pairs: list[str]) -> dict[str, str]:
        mapping = {}
        for pair in pairs:
            target, separator, column = pair.partition("=")
            if not separator or not target or not column:
                raise CommandError(
                    _("--map wants TARGET=COLUMN, not “%(pair)s”.") % {"pair": pair}, returncode=2
                )
            mapping[target.strip()] = column.strip()
        return mapping

    def _print(self, outcome: Outcome) -> None:
        say = self.stdout.write
        if outcome.dry_run:
            say(_("Dry run: nothing was written."))
        say(
            _(
                "%(created)s created, %(updated)s updated, %(unchanged)s unchanged, "
                "%(refused)s refused."
            )
            % {
                "created": outcome.created,
                "updated": outcome.updated,
                "unchanged": outcome.unchanged,
                "refused": outcome.refused,
            }
        )
        for line, why in outcome.refusals:
            say(_("Line %(line)s: %(why)s") % {"line": line, "why": why})
        for warning in outcome.warnings:
            say(warning)
        if outcome.refused_file:
            say(_("All refused rows, with the reason: %(path)s") % {"path": outcome.refused_file})
        if outcome.ignored_columns:
            say(
                _("Columns that were not used: %(names)s.")
                % {"names": ", ".join(outcome.ignored_columns)}
            )
        if outcome.import_id:
            say(_("To take it back: manage.py import revert %(id)s") % {"id": outcome.import_id})

    def _revert(self, number: str, *, as_json: bool) -> None:
        change_set = import_to_revert(int(number)) if number.isdecimal() else None
        if change_set is None:
            raise CommandError(
                _("There is no import %(number)s.") % {"number": number}, returncode=2
            )
        try:
            outcome = revert(change_set=change_set, by=None)
        except AlreadyReverted as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        # The history says so too.
        FileImport.objects.filter(change_set=change_set).update(state=FileImport.State.REVERTED)
        left = [
            {"model": model, "id": pk, "reason": str(reason)}
            for model, pk, reason in outcome.left_alone
        ]
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "import_id": change_set.pk,
                        "reverted": outcome.reverted,
                        "left_alone": outcome.left_alone_count,
                        "rows_left_alone": left,
                    },
                    ensure_ascii=False,
                )
            )
            return
        self.stdout.write(
            ngettext(
                "%(count)s change taken back.", "%(count)s changes taken back.", outcome.reverted
            )
            % {"count": outcome.reverted}
        )
        for row in left:
            self.stdout.write(_("Left as it is: %(model)s %(id)s (%(reason)s)") % row)
