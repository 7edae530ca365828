"""Jobs on screens: live progress, stop, resume; partners see their own only."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.values.actor import Actor
from tests.factories.people import UserFactory, actor
from tests.jobs.counting import jobs  # noqa: F401 (registers the kind)

pytestmark = pytest.mark.django_db


def page_of(user) -> Client:
    client = Client(HTTP_HOST="alpha.localhost")
    client.force_login(user, backend="prm.accounts.backends.EmailBackend")
    return client


def begin(by: Actor, **changes) -> Job:
    job = start_job(kind="tests.count", params={"steps": 10}, by=by, title="Settlement, October 2026")
    Job.objects.filter(pk=job.pk).update(**changes)
    return job


def test_a_running_job_shows_its_progress_and_asks_again():
    user = UserFactory(manager=True)
    job = begin(actor(user), state="running", step=4, total=10)
    page = page_of(user).get(f"/jobs/{job.pk}/")
    assert b"every 2s" in page.content and b"step 5 of 10" in page.content
    assert f"/jobs/{job.pk}/cancel/".encode() in page.content
    assert b"Settlement, October 2026" in page_of(user).get("/jobs/").content


def test_steps_are_counted_from_one_and_it_is_said_what_is_done():
    user = UserFactory(manager=True)
    job = begin(actor(user))
    page = page_of(user).get(f"/jobs/{job.pk}/").content.decode()
    assert "step 0" not in page and job.doing == "it begins when a worker is free"
    Job.objects.filter(pk=job.pk).update(state="running", step=0, total=10, step_name="Counting")
    page = page_of(user).get(f"/jobs/{job.pk}/").content.decode()
    assert re.search(r"step 1 of 10\s*·\s*Counting", page)
    assert "第 1 步，共 10 步" in page_of(user).get(
        f"/jobs/{job.pk}/", HTTP_ACCEPT_LANGUAGE="zh-hans"
    ).content.decode().replace("\n", "")
    Job.objects.filter(pk=job.pk).update(state="done", step=10, step_name="")
    page = page_of(user).get(f"/jobs/{job.pk}/").content.decode()
    assert '<b class="ui-strong">10</b> of 10 steps' in page and "step 10" not in page


def test_a_failed_job_says_why_and_goes_on_from_its_page():
    user = UserFactory(manager=True)
    job = begin(actor(user), state="dead", step=4, total=10, error="RuntimeError: no room")
    client = page_of(user)
    page = client.get(f"/jobs/{job.pk}/")
    assert b"no room" in page.content and b"every 2s" not in page.content
    assert client.post(f"/jobs/{job.pk}/retry/").status_code == 302
    job.refresh_from_db()
    assert job.state == "queued" and job.step == 4


def test_partners_see_their_own_jobs_only(acme, rival):
    own, other = begin(acme.sales), begin(rival.sales)
    client = page_of(acme.sales_user)
    assert client.get(f"/jobs/{own.pk}/").status_code == 200
    strange, absent = client.get(f"/jobs/{other.pk}/"), client.get("/jobs/99999999/")
    assert strange.status_code == absent.status_code == 404
    assert client.post(f"/jobs/{other.pk}/cancel/").status_code == 404
    assert client.get("/jobs/").content.count(b"Settlement, October 2026") < 4


def test_a_job_is_called_in_the_language_of_its_reader(browse, manager):
    from django.utils import translation
    from django.utils.translation import gettext_lazy as _

    from prm.ui import said

    with translation.override("zh-hans"):
        title = said.Sentence(_("%(what)s: %(file)s"), what=_("Sales lines"), file="q3.csv")
        job = start_job(kind="tests.count", params={"steps": 1}, by=manager, title=title)
    path = f"/jobs/{job.pk}/"
    page = browse(manager).get(path, HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert "销售明细：q3.csv" in page and "Sales lines" not in page
    assert "Sales lines: q3.csv" in browse(manager).get(path, HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_a_job_of_before_keeps_its_text(browse, manager):
    job = start_job(kind="tests.count", params={"steps": 1}, by=manager, title="结算 2026-09")
    assert job.title_said is None and job.words == "结算 2026-09"


def test_kind_and_counts_of_a_job_are_words(browse, manager):
    from prm.sealing.services import VERIFY_JOB

    job = start_job(kind=VERIFY_JOB, params={"last": 0}, by=manager)
    Job.objects.filter(pk=job.pk).update(counts={"batches": 1200, "differences": 0})
    page = browse(manager).get(f"/jobs/{job.pk}/", HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert "批次" in page and "1,200" in page and VERIFY_JOB not in page
    page = browse(manager).get(f"/jobs/{job.pk}/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Verify the audit trail" in page and "Differences" in page


def test_a_job_of_the_demo_begins_when_its_clock_says(manager):
    from datetime import timedelta

    from prm.values import clock

    past = clock.now() - timedelta(days=30)
    with clock.at(past):
        job = start_job(kind="tests.count", params={"steps": 1}, by=manager)
    job.refresh_from_db()
    assert job.created_at == past
