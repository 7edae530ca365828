import pytest

from tests.factories.people import UserFactory, actor


@pytest.fixture
def second(db):
    """A second person of finance."""
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def third(db):
    """A third person of finance."""
    return actor(UserFactory(finance=True, name="Sun Li"))
