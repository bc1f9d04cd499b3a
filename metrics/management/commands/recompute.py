"""`manage.py recompute`: bring stored figures in line with the facts, or check that they are."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from metrics import actions
from metrics.engine import self_check
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = (
        "Computes again what changed. --full computes everything; --check compares what is stored "
        "with the facts and exits 1 on a difference."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="every figure, with progress")
        parser.add_argument("--check", action="store_true", help="compare with the facts")

    def handle(self, *, full: bool, check: bool, **_options: Any) -> None:
        business_or_refusal()
        if full or not check:
            done = actions.recompute_full(progress=self._progress) if full else actions.refresh()
            if done is None:
                raise CommandError(_("Another refresh is running; try again in a moment."))
            said = _("%(cells)s figures computed, %(written)s stored, %(marks)s changes seen.")
            counts = {"cells": done.cells, "written": done.written, "marks": done.marks}
            self.stdout.write(said % counts)
        if check:
            self._check()

    def _progress(self, done: int, total: int) -> None:
        said = _("%(done)s of %(total)s periods") % {"done": done, "total": total}
        self.stderr.write(said, ending="\r" if done < total else "\n")

    def _check(self) -> None:
        differences = self_check.run(sample=None)
        for one in differences:
            said = _("%(cell)s: stored %(stored)s, now %(computed)s")
            cell = f"{one.kpi} {one.grain} {one.starts_on}"
            self.stdout.write(said % {"cell": cell, "stored": one.stored, "computed": one.computed})
        if differences:
            raise CommandError(
                _("%(count)s stored figures differ from their facts.") % {"count": len(differences)}
            )
        self.stdout.write(_("Every stored figure agrees with its facts."))
