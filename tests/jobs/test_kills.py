"""Killing workers, the broker or both costs seconds, and neither loses nor doubles a step."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.localservices.datadir import DataDir
from prm.localservices.valkey import Valkey
from prm.values import clock
from prm.values.actor import Actor
from tests.conftest import services
from tests.jobs.counting.jobs import counted, make_table
from tests.support.stack import Stack

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 40


@pytest.fixture(scope="module")
def standing():
    """Who lives at the end of a test serves the next: to start a process takes longer than what a test looks at."""
    stack = knowing(Stack(services))
    yield stack
    stack.stop()


@pytest.fixture
def crew(own_stack, standing):
    """A scheduler and workers that know the tests' kind of job."""
    return standing


def knowing(stack: Stack) -> Stack:
    stack.env |= {"DJANGO_SETTINGS_MODULE": "tests.jobs.settings", "PRM_LOG_LEVEL": "INFO"}
    return stack


def only(crew, *names: str) -> None:
    """These and no others live."""
    for name in set(crew.children) - set(names):
        crew.kill(name)
    start(crew, *(name for name in names if name not in crew.children or not crew.children[name].alive()))


def start(crew, *names: str) -> None:
    """Start workers (or the scheduler) and wait until they take messages; that depends on the machine, not on us."""
    before = {name: _readies(crew, name) for name in names}
    for name in names:
        crew.start_scheduler() if name == "scheduler" else crew.start_worker(name)
    for name in names:
        wait_for(lambda name=name: _readies(crew, name) > before[name], limit=90)


def _readies(crew, name: str) -> int:
    return crew.log(name).count(" ready.") if (crew.logs / f"{name}.log").exists() else 0


def begin(steps: int = STEPS, pause: float = 0.1, **params) -> Job:
    make_table()
    job = start_job(
        kind="tests.count", params={"steps": steps, "pause": pause, **params}, by=Actor.job("tests")
    )
    # Its message went to a broker that this crew may not have: let the reaper find it at once.
    Job.objects.filter(pk=job.pk).update(run_after=clock.now() - timedelta(seconds=30))
    return job


def wait_for(what, limit: float = 40, *, crew=None) -> float:
    """Seconds until `what()` is true; a `crew` is supervised meanwhile, as the running product is."""
    begun = time.monotonic()
    while not what():
        if crew:
            crew.revive()
        assert time.monotonic() - begun < limit, "took too long"
        time.sleep(0.05)
    return time.monotonic() - begun


def wait_for_step(job: Job, step: int) -> None:
    def reached():
        job.refresh_from_db()
        return job.step >= step

    wait_for(reached)


def assert_counted_once(job: Job, *, crew=None) -> None:
    wait_for(lambda: not Job.objects.get(pk=job.pk).is_open, crew=crew)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    assert counted(job) == list(range(job.total))


def assert_stops_without_gap(job: Job) -> None:
    """End a job that would take long; what it did until then is whole."""
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    wait_for(lambda: not Job.objects.get(pk=job.pk).is_open)
    job.refresh_from_db()
    assert counted(job) == list(range(job.step)) and job.step > 0


def seconds_to_resume(job: Job) -> float:
    before = Job.objects.get(pk=job.pk).step
    return wait_for(lambda: Job.objects.get(pk=job.pk).step > before)


def test_a_worker_killed_and_started_again_goes_on_where_it_was(crew):
    only(crew, "first", "scheduler")
    job = begin()
    wait_for_step(job, 5)
    crew.kill("first")
    start(crew, "first")
    assert seconds_to_resume(job) < 12
    assert_counted_once(job)


def test_another_worker_takes_over_from_a_killed_one(crew):
    only(crew, "first", "scheduler")
    job = begin(steps=2000)
    wait_for_step(job, 5)
    start(crew, "second")
    crew.kill("first")
    assert seconds_to_resume(job) < 12
    assert_stops_without_gap(job)


def test_killed_pool_processes_are_made_up_for(crew):
    only(crew, "second", "scheduler")
    job = begin()
    wait_for_step(job, 5)
    assert crew.kill_pool("second") == 2
    assert seconds_to_resume(job) < 10
    assert_counted_once(job)


def test_a_worker_killed_amid_a_long_query_lets_its_job_go(crew):
    only(crew, "second", "scheduler")
    job = begin(steps=100, asleep_at_first=8)
    start(crew, "first")
    wait_for(lambda: Job.objects.get(pk=job.pk).step > 0)
    time.sleep(1)
    attempt = Job.objects.get(pk=job.pk).attempt
    crew.kill("second")
    taken = wait_for(lambda: Job.objects.get(pk=job.pk).attempt > attempt)
    assert taken < 6.5, "the lock was held until the dead worker's query ended"
    assert_stops_without_gap(job)


def test_all_workers_and_the_scheduler_killed(crew):
    only(crew, "first", "second", "scheduler")
    job, other = begin(), begin(pause=0.07)
    wait_for_step(job, 5)
    wait_for_step(other, 5)
    for name in ("first", "second", "scheduler"):
        crew.kill(name)
    start(crew, "first", "scheduler")
    assert seconds_to_resume(job) < 15
    assert_counted_once(job)
    assert_counted_once(other)


@pytest.fixture
def own_crew(own_stack, standing):
    standing.stop()  # its reaper would find the jobs of this crew
    return knowing(own_stack())


@pytest.fixture
def broker(tmp_path, own_crew):
    """A broker of the test's own, which forgets everything when it is killed."""
    data = DataDir(tmp_path / "broker", chosen=True)
    data.create()
    made = Valkey(data, durable=False)
    child = made.start()
    child.spawn()
    child.wait_ready(10)
    own_crew.env["REDIS_URL"] = made.url
    yield child
    child.kill_group()


def test_the_broker_killed_and_started_again(own_crew, broker):
    start(own_crew, "worker", "scheduler")
    job, waiting = begin(), begin(steps=10, pause=0.05)
    wait_for_step(job, 5)
    broker.kill_group()
    broker.process.wait()
    late = begin(steps=10, pause=0.05)
    time.sleep(1)
    broker.spawn()
    broker.wait_ready(10)
    for one in (job, waiting, late):
        assert_counted_once(
            one, crew=own_crew
        )  # losing the broker may end a worker: its library is not above that


def test_broker_and_workers_killed_together(own_crew, broker):
    start(own_crew, "worker", "scheduler")
    job = begin()
    wait_for_step(job, 5)
    for name in ("worker", "scheduler"):
        own_crew.kill(name)
    broker.kill_group()
    broker.process.wait()
    broker.spawn()
    broker.wait_ready(10)
    start(own_crew, "worker", "scheduler")
    assert seconds_to_resume(job) < 15
    assert_counted_once(job)
