"""`manage.py recompute`: bring stored figures in line with the facts, or check that they are."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metrics import actions
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
                raise CommandError("Another refresh is running; try again in a moment.")
            self.stdout.write(
                f"{done.cells} figures computed, {done.written} stored, {done.marks} changes seen."
            )
        if check:
            self._check()

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"{done} of {total} periods", ending="\r" if done < total else "\n")

    def _check(self) -> None:
        differences = actions.check()
        for one in differences:
            self.stdout.write(
                f"{one.kpi} {one.grain} {one.starts_on}: stored {one.stored}, now {one.computed}"
            )
        if differences:
            raise CommandError(f"{len(differences)} stored figures differ from their facts.")
        self.stdout.write("Every stored figure agrees with its facts.")
