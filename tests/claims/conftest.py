import pytest

from rebates.services import unconfirmed
from tests.factories.people import UserFactory, actor


@pytest.fixture
def second(db):
    """A second person of finance."""
    return actor(UserFactory(finance=True, name="Zhao Min"))


@pytest.fixture
def third(db):
    """A third person of finance."""
    return actor(UserFactory(finance=True, name="Sun Li"))


@pytest.fixture(autouse=True)
def accounts_are_kept_elsewhere():
    """What partners' bank accounts forbid is a test of its own: test_transfers_of_claims.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unconfirmed, "_checks", [])
        yield
