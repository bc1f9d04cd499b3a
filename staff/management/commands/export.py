"""manage.py export: everything of one kind, for an import elsewhere."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from staff.exports import KINDS
from staff.exports.files import Draft, Sheet, write
from staff.exports.writing import Format
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = (
        "Writes everything of one kind into a file, CSV or XLSX by its ending, in the columns that "
        "`import KIND` reads. CSV keeps instants exactly; a spreadsheet keeps them to the second."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=", ".join(sorted(KINDS)))
        parser.add_argument("file", metavar="FILE", help="written anew; ends in .csv or .xlsx")

    def handle(self, **options: Any) -> None:
        business = business_or_refusal()
        kind, path = KINDS.get(options["kind"]), Path(options["file"])
        if kind is None:
            raise CommandError(
                _("“%(kind)s” can't be exported. There are: %(kinds)s.")
                % {"kind": options["kind"], "kinds": ", ".join(sorted(KINDS))},
                returncode=2,
            )
        ending = path.suffix.lower().removeprefix(".")
        if ending not in Format.values:
            raise CommandError(_("The name of the file must end in .csv or .xlsx."), returncode=2)
        # Under its name it is whole, or the one that was there before.
        draft = Draft(path.with_name(f"{path.name}.part"))
        sheet = Sheet(kind, QueryDict(), None, ending, business.zone, exact=True)
        try:
            write(sheet, draft)
            draft.path.replace(path)
        except OSError as error:
            draft.throw_away()
            raise CommandError(
                _("%(path)s can't be written: %(why)s") % {"path": path, "why": error.strerror},
                returncode=2,
            ) from error
        words = ngettext("%(count)s row written.", "%(count)s rows written.", draft.rows)
        self.stdout.write(words % {"count": draft.rows})
