"""Killing the worker while a file is checked and while it is imported: nothing is lost, doubled or half-written."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orders.models import SalesLine
from prm.jobs.models import Job
from prm.spreadsheets import services
from prm.spreadsheets.models import Import, ImportRow
from prm.values import clock
from prm.values.actor import Actor
from tests.factories.catalogue import ProductFactory
from tests.factories.partners import PartnerFactory
from tests.spreadsheets.conftest import HEADING, sale

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = Actor.job("tests")
ROWS = 20_000


def wait_for(what, limit: float = 120) -> None:
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < limit, "took too long"
        time.sleep(0.05)


def due_at_once() -> None:
    """The first message went to a broker that this crew may not have: the reaper shall find the job now."""
    Job.objects.open().update(run_after=clock.now() - timedelta(seconds=30))


def start_worker(crew, name: str) -> None:
    """Start it and wait until it takes messages; that depends on the machine, not on us."""
    crew.start_worker(name)
    wait_for(lambda: (crew.logs / f"{name}.log").exists() and " ready." in crew.log(name))


def lines() -> int:
    return SalesLine.objects.for_everyone(because="a test").count()


def test_a_killed_worker_leaves_a_whole_import(own_stack, write_file):
    crew = own_stack()
    crew.env |= {"PRM_LOG_LEVEL": "INFO"}
    number, product = PartnerFactory().number, ProductFactory(code="MR-2200")
    path = write_file(
        "s.csv", [HEADING, *(sale(f"A/{i}", number, product=product.code) for i in range(ROWS))]
    )
    made = services.upload_file(
        kind="sales-lines", file=SimpleUploadedFile("s.csv", path.read_bytes()), by=CLERK
    )

    def state() -> str:
        return Import.objects.values_list("state", flat=True).get(pk=made.pk)

    services.match_columns(upload=made, columns=made.columns, by=CLERK)
    checking = Job.objects.get(kind="imports.check")
    due_at_once()
    crew.start_scheduler()
    start_worker(crew, "first")
    wait_for(lambda: Job.objects.get(pk=checking.pk).step >= 1)
    crew.kill("first")
    staged = ImportRow.objects.count()
    assert staged % 5000 == 0 and lines() == 0
    start_worker(crew, "second")
    wait_for(lambda: state() == "checked")
    made.refresh_from_db()
    assert (made.good, made.bad, ImportRow.objects.count()) == (ROWS, 0, ROWS)
    services.start_import(upload=made, by=CLERK)
    due_at_once()
    wait_for(lambda: Job.objects.filter(kind="imports.write", state="running").exists())
    crew.kill("second")
    assert lines() in (0, ROWS)
    start_worker(crew, "third")
    wait_for(lambda: state() == "done")
    assert lines() == ROWS and not ImportRow.objects.exists()
