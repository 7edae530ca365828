import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402
from django.utils import translation  # noqa: E402

from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402
from tests.factories.people import UserFactory, actor  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture
def second(db):
    """A second person of finance."""
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture(autouse=True)
def in_english():
    """A page that a test before this one read in Chinese leaves no language behind."""
    with translation.override("en"):
        yield
