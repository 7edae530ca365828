import django

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

import pytest  # noqa: E402
from django.utils import translation  # noqa: E402

from tests.cast import acme, administrator, finance, manager, rival  # noqa: E402

__all__ = ["acme", "administrator", "finance", "manager", "rival"]


@pytest.fixture(autouse=True)
def in_english():
    """A page that a test before this one read in Chinese leaves no language behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def quiet_tenant(fresh_tenant, monkeypatch):
    """A tenant whose jobs only the test runs: workers of the browser tests live on the same database."""
    from prm.jobs import services, sharing

    monkeypatch.setattr(services, "send", lambda job: None)
    monkeypatch.setattr(sharing, "_call", lambda *_arguments: None)
    type(fresh_tenant).objects.filter(pk=fresh_tenant.pk).update(state="suspended")
    return fresh_tenant
