"""The product's settings with the tests' event and its listeners."""

from prm.config.settings import *  # noqa: F403
from prm.config.settings import INSTALLED_APPS, TENANT_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.outbox.hearing"]
TENANT_APPS = [*TENANT_APPS, "tests.outbox.hearing"]
