from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from prm.accounts.operators.services import create_operator
from prm.tenancy.commands import ProductCommand, UsageError
from prm.tenancy.models import Operator
from prm.values.actor import Actor


class Command(ProductCommand):
    """`operator create EMAIL`, `operator list`"""

    help = "Make and list operators: the people who run this installation."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        create = verbs.add_parser("create", help="make an operator with password and second factor")
        create.add_argument("email", metavar="EMAIL")
        create.add_argument("--name", default="")
        create.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        verbs.add_parser("list", help="all operators")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        connection.set_schema_to_public()
        getattr(self, f"do_{verb}")(**options)

    def do_create(self, *, email: str, name: str, password_stdin: bool, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if password_stdin else self.asked()
        made = create_operator(email=email, name=name, password=password, by=Actor.command("operator create"))
        self.stdout.write(f"{made.operator.email} may sign in at /operator/ with this second factor:\n")
        self.stdout.write(f"  secret   {made.secret}\n  address  {made.uri}\n")
        self.stdout.write("Recovery codes, each good once. They are shown now and never again:\n")
        for code in made.recovery_codes:
            self.stdout.write(f"  {code}")

    def do_list(self, **options: Any) -> None:
        for operator in Operator.objects.order_by("email"):
            seen = (
                f"{operator.last_sign_in_at:%Y-%m-%d %H:%M} UTC"
                if operator.last_sign_in_at
                else "never signed in"
            )
            self.stdout.write(
                f"{operator.email:<40} {'active' if operator.is_active else 'closed':<8} {seen}"
            )

    @staticmethod
    def asked() -> str:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise UsageError("The two passwords differ. Nothing was made.")
        return password
