"""The product's settings with the tests' kind of job."""

from prm.config.settings import *  # noqa: F403
from prm.config.settings import INSTALLED_APPS, TENANT_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.counting"]
TENANT_APPS = [*TENANT_APPS, "tests.jobs.counting"]
