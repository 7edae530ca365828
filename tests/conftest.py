"""Fixtures for all tests.

- `db` tests run inside tenant `alpha` (there is also `beta`) and are rolled back.
- `transaction=True`, `transactional_db`, `fresh_tenant` and `live_stack` commit for real; afterwards the database
  is cloned anew from its template, which takes a fraction of a second.
- `live_stack` is the running product (web, worker, scheduler), shared by the tests of a process; `own_stack` hands
  out one that a test may kill.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.services import Services

LONG = os.environ.get("PRM_LONG") == "1"

for name in "EMAIL_URL PRM_DEMO PRM_PORT PRM_HOST PRM_BIND PRM_DEBUG".split():
    os.environ.pop(name, None)
services = Services()
os.environ.update(services.environment())

import django  # noqa: E402
from django.conf import settings  # noqa: E402 (the settings read the environment above)
from django.core.files.storage import default_storage  # noqa: E402
from django.core.signals import setting_changed  # noqa: E402
from django.dispatch import receiver  # noqa: E402
from hypothesis import HealthCheck  # noqa: E402
from hypothesis import settings as hypothesis_settings  # noqa: E402

from prm.localservices import messages  # noqa: E402
from tests.support import browser  # noqa: E402
from tests.support.databases import Databases  # noqa: E402
from tests.support.stack import Stack  # noqa: E402

settings.STORAGES = settings.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
settings.WHITENOISE_USE_FINDERS = True
settings.WHITENOISE_AUTOREFRESH = True
settings.PASSWORD_HASHERS = ["tests.support.hashers.QuickHasher"]
# Only the tests of the second factor meet its set-up page.
settings.SECOND_FACTOR_ROLES = []

django.setup()  # before the conftests of folders, whose imports need the models


@receiver(setting_changed)
def _forget_where_files_lay(*, setting, **kwargs):
    """django-tenants keeps the folder of its first use, also when a test gave it up: no worker looks there."""
    if setting == "MEDIA_ROOT":
        default_storage.__dict__.get("_wrapped", default_storage).__dict__.pop("relative_media_root", None)


# Parallel processes inherit the environment: with this they would read the settings before their own slot is known.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)

from tests.cast import acme, administrator, browse, finance, manager, rival  # noqa: E402

__all__ = ["acme", "administrator", "browse", "finance", "manager", "rival"]

_calm = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
hypothesis_settings.register_profile("quick", max_examples=60, derandomize=True, database=None, **_calm)
hypothesis_settings.register_profile("long", max_examples=3000, **_calm)
hypothesis_settings.load_profile("long" if LONG else "quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in tests/e2e needs a browser; what is marked `long` runs only with bin/test --long.

    Files of few and slow tests come first: as the last ones they would keep one of the two cores waiting. So do all
    that use the running product: what commits beside them ends it, and it would be started again.
    """
    items.sort(key=_turn)
    for item in items:
        if "/tests/e2e/" in str(item.path):
            item.add_marker("e2e")
        if item.get_closest_marker("long") and not LONG:
            item.add_marker(pytest.mark.skip(reason="a long count: bin/test --long runs it"))


def _turn(item: pytest.Item) -> int:
    if "/tests/e2e/" in str(item.path):
        return 0
    if "live_stack" in getattr(item, "fixturenames", ()):
        return 1
    return 2 if "/tests/isolation/" in str(item.path) else 3


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: looking through it for garbage again and again takes a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


# Databases


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """This process' database, cloned from the template."""
    made = Databases(services)
    made.prepare()
    yield made
    made.drop()


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases, django_db_blocker: Any) -> Iterator[None]:
    """Take the place of pytest-django's own: no migrations here, and never a flush."""
    from django.db import connections
    from django.test import TransactionTestCase

    def clone_again(case: TransactionTestCase) -> None:
        connections.close_all()
        databases.reset()

    messages.compile_all()
    TransactionTestCase._fixture_teardown = clone_again  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        connections.close_all()


def _uses_database(request: pytest.FixtureRequest) -> bool:
    names = {"db", "transactional_db", "_django_db_helper"}
    return bool(names & set(request.fixturenames)) or request.node.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def _inside_alpha(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests that use the database are in tenant `alpha` from their first line on."""
    if not _uses_database(request):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache
    from django.db import connection

    from prm.values import pulse

    cache.clear()
    monkeypatch.setattr(pulse, "KEPT_SECONDS", 0)  # a page is measured as if nobody had asked before
    ContentType.objects.clear_cache()
    connection.set_tenant(_tenant("alpha"))
    yield
    connection.set_schema_to_public()


def _tenant(slug: str) -> Any:
    from django_tenants.utils import get_public_schema_name, get_tenant_model, schema_context

    with schema_context(get_public_schema_name()):
        return get_tenant_model().objects.get(slug=slug)


@pytest.fixture
def tenant(db: None) -> Any:
    """Tenant `alpha`, in which the test runs."""
    return _tenant("alpha")


@pytest.fixture
def other_tenant(db: None) -> Any:
    """Tenant `beta`; enter it with `with tenant_context(other_tenant):`."""
    return _tenant("beta")


@pytest.fixture
def fresh_tenant(transactional_db: None) -> Any:
    """Tenant `alpha` as the product's own provisioning left it, for tests that commit."""
    return _tenant("alpha")


# The running product


@pytest.fixture(scope="session")
def _shared_stack(django_db_setup: None) -> Iterator[Stack]:
    stack = Stack(services)
    yield stack
    stack.stop()


@pytest.fixture
def live_stack(transactional_db: None, _shared_stack: Stack) -> Stack:
    """Web, worker and scheduler in demo mode on this process' database, shared by all tests that only use them."""
    if _shared_stack.children:
        _shared_stack.wait_ready()
        return _shared_stack
    return _shared_stack.start()


@pytest.fixture
def own_stack(transactional_db: None, _shared_stack: Stack) -> Iterator[Callable[..., Stack]]:
    """`own_stack()` gives a stack that is not started yet: the test starts and kills its parts itself."""
    _shared_stack.stop()  # its workers would do the killed ones' work
    made: list[Stack] = []

    def make(*, demo: bool = True) -> Stack:
        made.append(Stack(services, demo=demo))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()


@pytest.fixture(autouse=True)
def _no_workers_unasked(request: pytest.FixtureRequest) -> None:
    """What a test commits is its own: the shared workers and scheduler rest unless the test asked for them."""
    commits = "transactional_db" in request.fixturenames or (
        (mark := request.node.get_closest_marker("django_db")) is not None and mark.kwargs.get("transaction")
    )
    if commits and "live_stack" not in request.fixturenames:
        request.getfixturevalue("_shared_stack").stop()


# The browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | browser.launch_arguments()
