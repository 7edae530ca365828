import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402
import time_machine  # noqa: E402
from django.utils import translation  # noqa: E402

from rebates.services import unconfirmed  # noqa: E402
from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture(autouse=True)
def in_english():
    """A page that a test before this one read in Chinese leaves no language behind."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def accounts_are_kept_elsewhere():
    """What partners' bank accounts forbid is a matter of the app above: tests/payouts/test_transfers_by_hand.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unconfirmed, "_checks", [])
        yield


@pytest.fixture
def november():
    """Noon of 12 November 2026 in Shanghai: October is over and can be settled."""
    with time_machine.travel("2026-11-12 04:00:00+00:00", tick=False):
        yield
