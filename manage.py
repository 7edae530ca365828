#!/usr/bin/env python
"""Django's command line for Qudao. `bin/manage` runs it in the project's own environment."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
