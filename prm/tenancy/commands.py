"""Commands' manners: exit 0 good, 1 bad rows, 2 usage, 3 refused by a rule; a tenant is always named."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, handle_default_options
from django.db import connections
from django_tenants.utils import tenant_context

from prm.modules.registry import module_of, owner_of, runs
from prm.tenancy.errors import ModuleOff, TenantNotFound
from prm.tenancy.models import Tenant
from prm.tenancy.services import tenant_by_slug
from prm.values.errors import DomainError

BAD_ROWS, USAGE, REFUSED = 1, 2, 3


class UsageError(CommandError):
    """The command was called with something that cannot be: exit status 2."""

    def __init__(self, text: str) -> None:
        super().__init__(text, returncode=USAGE)


class BadRows(CommandError):
    """Rows of the input are bad and nothing was written: exit status 1."""

    def __init__(self, text: str) -> None:
        super().__init__(text, returncode=BAD_ROWS)


class ProductCommand(BaseCommand):
    """A command whose refusals (DomainError) end with status 3 and their sentence."""

    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """As Django's, but what went wrong is told as a sentence, without the name of a class before it."""
        self._called_from_command_line = True
        parser = self.create_parser(argv[0], argv[1])
        options = vars(parser.parse_args(argv[2:]))
        args = options.pop("args", ())
        handle_default_options(Namespace(**options))
        try:
            self.execute(*args, **options)
        except CommandError as problem:
            if options["traceback"]:
                raise
            self.stderr.write(str(problem))
            sys.exit(problem.returncode)
        except EOFError:
            self.stderr.write("This command asks before it acts, and nobody is there to answer.")
            sys.exit(REFUSED)
        finally:
            connections.close_all()

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute(*args, **options)
        except DomainError as refusal:
            raise CommandError(refusal.text, returncode=REFUSED) from refusal


def refuse_when_off(command: BaseCommand) -> None:
    """Raise ModuleOff when the current tenant has switched off the module to which the command belongs."""
    if not runs(type(command)):
        raise ModuleOff(name=module_of(owner_of(type(command))).label)


class TenantCommand(ProductCommand):
    """A command that works inside one tenant, named by its slug as the first argument.

    Subclasses write `handle_tenant(tenant, **options)` and, for more arguments, `add_more_arguments(parser)`.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="TENANT", help="the tenant's slug, as in its address")
        self.add_more_arguments(parser)

    def add_more_arguments(self, parser: CommandParser) -> None:
        """No more arguments by default."""

    def handle(self, *args: Any, tenant: str, **options: Any) -> Any:
        try:
            found = tenant_by_slug(tenant)
        except TenantNotFound as error:
            raise UsageError(error.text) from error
        with tenant_context(found):
            refuse_when_off(self)
            return self.handle_tenant(found, **options)

    def handle_tenant(self, tenant: Tenant, **options: Any) -> Any:
        raise TypeError(f"{type(self).__module__} does not say what it does in the tenant")
