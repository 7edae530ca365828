import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

from tests.egress.conftest import outside  # noqa: E402

__all__ = ["outside"]
