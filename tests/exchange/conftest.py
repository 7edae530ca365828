import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402
from django.utils import translation  # noqa: E402

from tests.cast import administrator, browse, finance, manager  # noqa: E402

__all__ = ["administrator", "browse", "finance", "manager"]


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield
