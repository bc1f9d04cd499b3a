"""First-run set-up without a browser."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from staff import actions
from staff.forms import SetupForm
from staff.installation import prepare_database
from staff.models import Business

# What each field of the form is called on the command line.
OPTIONS = {
    "name": "--business",
    "time_zone": "--time-zone",
    "currency": "--currency",
    "language": "--language",
    "owner_email": "--owner",
    "owner_name": "--owner-name",
    "password": "the password",
}


class Unusable(CommandError):
    """Nothing was set up; the sentence says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=2)


class Command(BaseCommand):
    help = "Makes the tables, the business and its first owner."
    # The tables may not be there yet; what can be wrong shows in the work itself.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="NAME")
        parser.add_argument(
            "--time-zone", default=settings.FIRST_TIME_ZONE or "UTC", metavar="ZONE"
        )
        parser.add_argument("--currency", default=settings.FIRST_CURRENCY or "EUR", metavar="CODE")
        parser.add_argument(
            "--language",
            default=settings.LANGUAGE_CODE,
            choices=[code for code, _name in settings.LANGUAGES],
        )
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--owner-name", default="", metavar="NAME")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            required=True,
            help="read the owner's password from the first line of standard input",
        )

    def handle(self, *args: object, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n")
        prepare_database()
        if Business.current():
            raise Unusable("This installation is set up already; its settings are in the browser.")
        form = SetupForm(
            {
                "name": options["business"],
                "time_zone": options["time_zone"],
                "currency": options["currency"].upper(),
                "languages": [code for code, _name in settings.LANGUAGES],
                "language": options["language"],
                "owner_email": options["owner"],
                "owner_name": options["owner_name"],
                "password": password,
            }
        )
        if not form.is_valid():
            raise Unusable(
                " ".join(
                    f"{OPTIONS[name]}: {error}"
                    for name, errors in form.errors.items()
                    for error in errors
                )
            )
        try:
            owner = actions.set_up(**form.cleaned_data)
        except actions.AlreadySetUp as refusal:
            raise Unusable(str(refusal)) from None
        self.stdout.write(f"{options['business']} is set up; {owner.email} may sign in.")
