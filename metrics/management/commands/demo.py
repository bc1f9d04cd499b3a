"""`manage.py demo`: two years of a believable business, to try everything on."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions import count_pauses
from metrics import actions
from metrics.demo.checked import Checked
from metrics.demo.house import OWNER_EMAIL, PASSWORD
from metrics.demo.loading import USUAL, Loader, NotEmpty
from metrics.demo.watched import Watched
from metrics.expected.actions import fit_expected
from staff.installation import prepare_database

# What is expected of more customers is worked out in their first night.
MOST_FITTED_AT_ONCE = 20_000


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(_("at least 1"))
    return number


class Command(BaseCommand):
    help = "Loads demo data into an empty installation: the same for the same seed and day."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=positive, default=USUAL, metavar="N")
        parser.add_argument("--years", type=positive, default=2, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="N")

    def handle(self, *args: Any, customers: int, years: int, seed: int, **options: Any) -> None:
        began = time.monotonic()
        prepare_database()
        try:
            loaded = Loader(customers, years, seed, self._say).load()
        except NotEmpty as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        self._say(_("Computing the figures"))
        actions.recompute_full()
        Watched(timezone.now()).write()
        Checked(timezone.now()).write()
        count_pauses()
        if loaded.customers <= MOST_FITTED_AT_ONCE:
            fit_expected()
        words = _("%(customers)s customers over %(years)s years, in %(seconds)s seconds.")
        seconds = f"{time.monotonic() - began:.1f}"
        self._say(
            words % {"customers": f"{loaded.customers:,}", "years": years, "seconds": seconds}
        )
        if loaded.signs_in:
            self._tell_sign_in()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _tell_sign_in(self) -> None:
        """Print it, and keep it for `manage.py serve`, which says it at each start."""
        words = _("Sign in as %(email)s with the password %(password)s")
        line = words % {"email": OWNER_EMAIL, "password": PASSWORD}
        (settings.VAR_DIR / "demo-sign-in.txt").write_text(f"{line}\n")
        self._say(line)
