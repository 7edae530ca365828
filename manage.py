#!/usr/bin/env python
"""Django's command line for Qudao. `bin/manage` runs it in the project's own environment."""

import os
import sys
from typing import Any

from django.core.management import ManagementUtility

USAGE = 2


class CommandLine(ManagementUtility):
    """As Django's; a command that does not exist is wrong usage, as for every command of the product."""

    def fetch_command(self, subcommand: str) -> Any:
        try:
            return super().fetch_command(subcommand)
        except SystemExit:
            sys.exit(USAGE)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
    CommandLine(sys.argv).execute()
