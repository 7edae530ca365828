"""Starting, running, retrying and cancelling jobs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import translation

from prm.access.rules import require
from prm.audit.services import record
from prm.jobs.errors import AnotherIsOpen, JobNotOpen, JobNotRetryable
from prm.jobs.events import JobFailed, JobFinished
from prm.jobs.handlers import JobHandler, handler_of, kinds_at_rest
from prm.jobs.models import Job
from prm.jobs.sharing import share, with_parts
from prm.outbox.services import emit
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError, NotAllowed

log = structlog.get_logger(__name__)
# A message that was sent and not taken up is sent again after this long: queues fill slower than workers empty them.
SEND_AGAIN_SECONDS = 10


def start_job(
    *,
    kind: str,
    by: Actor,
    key: str = "",
    title: Any = "",
    link: str = "",
    params: dict[str, Any] | None = None,
) -> Job:
    """Store a job with the caller's change; a worker takes it up after the commit.

    With a `key`, an open job of the same kind and key is returned instead of a second one. The caller checks
    permissions: a job does what the service that started it was allowed to do. A `title` of prm.ui.said, or lazily
    translated, is read by everybody in their own language.
    """
    title = title or handler_of(kind).title
    values = {
        "title": str(title)[:200],
        "title_said": None if isinstance(title, str) else said.stored(title),
        "link": link,
        "params": params or {},
        "created_by_id": by.user_id,
        "created_label": by.label,
        "run_after": clock.now(),
    }
    with transaction.atomic():
        if key:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [f"{kind}:{key}"])
            existing = Job.objects.open().filter(kind=kind, key=key).first()
            if existing:
                return existing
        job = Job.objects.create(kind=kind, key=key, **values)
        transaction.on_commit(lambda: send(job))
    return job


def send(job: Job) -> None:
    """Wake a worker for `job`. With the broker down nothing is lost: the reaper sends it again."""
    from prm.jobs.tasks import run

    try:
        run.apply_async(args=[job.pk], retry=False)
    except Exception as problem:
        log.warning("job_send_failed", job=job.pk, error=str(problem))


def run_job(job_id: int) -> str:
    """Run the job's remaining steps in this process. Returns its state afterwards, "" when another has it.

    A session-level advisory lock keeps a second worker away and dies with the process, so a killed worker's
    job is free at once. Steps before `job.step` are committed and are not run again.
    """
    if not _try_lock(job_id):
        return ""
    try:
        let_go_quickly()
        job = Job.objects.filter(pk=job_id, state__in=Job.OPEN).first()
        if job is None or job.run_after > clock.now() or job.kind in kinds_at_rest():
            return job.state if job else ""
        job.state, job.attempt, job.failures = Job.State.RUNNING, job.attempt + 1, job.failures + 1
        job.started_at = job.started_at or clock.now()
        job.save(update_fields=["state", "attempt", "failures", "started_at"])
        try:
            _run_steps(job, handler_of(job.kind))
        except Exception as problem:
            _note_failure(job, problem)
        return job.state
    finally:
        _unlock(job_id)


def _run_steps(job: Job, handler: JobHandler) -> None:
    job.total = handler.total(job)
    while job.step < job.total:
        words = said.InEach(lambda: handler.name(job, job.step))
        wanted = Job.objects.filter(pk=job.pk, cancel_requested=False).update(
            step_name=str(handler.name(job, job.step))[:120], step_said=said.stored(words), total=job.total
        )
        if not wanted:
            _end(job, Job.State.CANCELLED)
            return
        shared = bool(handler.parts(job, job.step))
        if shared and not share(job, handler):
            continue
        if not shared and not handler.transactional:
            handler.run(job, job.step)
        with transaction.atomic():
            if shared:
                job.counts = with_parts(job)
            elif handler.transactional:
                handler.run(job, job.step)
            # `failures` counts the tries of one step, the one that now begins included.
            job.step, job.failures, job.error = job.step + 1, 1, ""
            job.save(update_fields=["step", "total", "counts", "result", "failures", "error", "params"])
            if job.step == job.total:
                _complete(job, handler)
    if job.is_open:  # no steps at all, or killed between the last step and its end
        with transaction.atomic():
            _complete(job, handler)


def _complete(job: Job, handler: JobHandler) -> None:
    handler.finish(job)
    _end(job, Job.State.DONE)
    emit(JobFinished(job_id=job.pk), object_key=f"job:{job.pk}")


def _end(job: Job, state: str) -> None:
    job.state, job.finished_at, job.step_name = state, clock.now(), ""
    job.save(update_fields=["state", "finished_at", "step_name", "counts", "result"])


def run_to_end(job: Job) -> Job:
    """Run in this process and wait for the end, for commands. A worker may be faster: then its work is used."""
    while run_job(job.pk) == "" and Job.objects.open().filter(pk=job.pk).exists():
        time.sleep(0.2)  # a worker has it
    job.refresh_from_db()
    if job.state != Job.State.DONE:
        raise RuntimeError(job.error or f"the job is {job.state}")
    return job


def _note_failure(job: Job, problem: Exception) -> None:
    log.exception("job_step_failed", job=job.pk, kind=job.kind, step=job.step)
    job.refresh_from_db()
    if isinstance(problem, DomainError):  # a rule says the same however often it is asked
        job.error = _in_words(problem, job)
        give_up(job)
        return
    job.error = f"{type(problem).__name__}: {problem}"[:2000]
    if job.failures >= job.max_failures:
        give_up(job)
        return
    job.state = Job.State.QUEUED
    job.run_after = clock.now() + timedelta(seconds=2**job.failures)
    job.save(update_fields=["state", "error", "run_after"])


def _in_words(problem: DomainError, job: Job) -> str:
    """The refusal as whoever began the job reads it."""
    language = job.created_by.letter_language if job.created_by else ""
    with translation.override(language or getattr(connection.tenant, "language", "en")):
        return problem.text[:2000]


def give_up(job: Job) -> None:
    """Mark the job as failed, tell whoever began it."""
    with transaction.atomic():
        job.state, job.finished_at = Job.State.DEAD, clock.now()
        job.save(update_fields=["state", "finished_at", "error"])
        _tell_handler(job)
        emit(JobFailed(job_id=job.pk), object_key=f"job:{job.pk}")


def _tell_handler(job: Job) -> None:
    """A handler that cannot take the news, or that a new version no longer has, must not keep the job alive."""
    try:
        with transaction.atomic():
            handler_of(job.kind).failed(job)
    except Exception:
        log.exception("job_failed_hook_failed", job=job.pk, kind=job.kind)


def reap(kind: str = "") -> int:
    """Send again each job (of one kind) that should run and that no worker holds. Returns how many."""
    now, sent = clock.now(), 0
    due = Job.objects.open().filter(run_after__lte=now).exclude(kind__in=kinds_at_rest()).order_by("id")
    for job in due.filter(kind=kind) if kind else due:
        if job.state == Job.State.QUEUED and job.run_after > now - timedelta(seconds=10) and not job.failures:
            continue  # its own message is on the way
        try:
            if _is_left_alone(job) and _may_send(job):
                send(job)
                sent += 1
        except Exception:  # one job must not keep the others waiting
            log.exception("job_reap_failed", job=job.pk, kind=job.kind)
    return sent


def _is_left_alone(job: Job) -> bool:
    """Whether the job still waits for a worker; one that died too often at its step is given up here.

    Looking takes no lock: a worker that comes in the same moment would find the job taken and turn away.
    """
    if _is_locked(job.pk):
        return False
    job.refresh_from_db()
    if job.is_open and job.failures >= job.max_failures:
        _give_up_alone(job)
    return job.is_open


def _give_up_alone(job: Job) -> None:
    with alone(str(job.pk)) as got:
        job.refresh_from_db()
        if got and job.is_open and job.failures >= job.max_failures:
            job.error = job.error or "The worker died again and again at this step."
            give_up(job)


def _may_send(job: Job) -> bool:
    """Once in ten seconds for each attempt. The mark lies in the broker, which loses it together with its messages."""
    try:
        return cache.add(f"job-sent:{job.pk}:{job.attempt}", 1, timeout=SEND_AGAIN_SECONDS)
    except Exception:
        return True


def may_manage(by: Actor, job: Job) -> bool:
    """Whoever began a job may stop and resume it, and administrators any."""
    if by.is_system or "jobs.manage_all" in by.permissions:
        return True
    return "jobs.manage" in by.permissions and by.user_id is not None and job.created_by_id == by.user_id


def _require_over(by: Actor, job: Job) -> None:
    require(by, "jobs.manage")
    if not may_manage(by, job):
        raise NotAllowed()


@transaction.atomic
def cancel_job(*, job: Job, by: Actor) -> Job:
    """Stop an open job after its current step. Steps that are committed stay."""
    _require_over(by, job)
    job = Job.objects.select_for_update().get(pk=job.pk)
    if not job.is_open:
        raise JobNotOpen()
    job.cancel_requested = True
    if job.state == Job.State.QUEUED:
        job.state, job.finished_at = Job.State.CANCELLED, clock.now()
    job.save(update_fields=["cancel_requested", "state", "finished_at"])
    record(job, "job_cancelled", by=by)
    return job


@transaction.atomic
def retry_job(*, job: Job, by: Actor) -> Job:
    """Let a failed or cancelled job go on where it stopped."""
    _require_over(by, job)
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state not in (Job.State.DEAD, Job.State.CANCELLED):
        raise JobNotRetryable()
    if job.key and Job.objects.open().filter(kind=job.kind, key=job.key).exists():
        raise AnotherIsOpen()
    job.state, job.failures, job.cancel_requested, job.error = Job.State.QUEUED, 0, False, ""
    job.run_after, job.finished_at = clock.now(), None
    job.save()
    record(job, "job_resumed", by=by)
    transaction.on_commit(lambda: send(job))
    return job


def let_go_quickly() -> None:
    """Let the server notice within seconds that this process was killed or its host lost, even amid a long query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('client_connection_check_interval', '1s', false),"
            " set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),"
            " set_config('tcp_keepalives_count', '3', false)"
        )


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether no other process of this tenant is within `alone(name)`; the lock dies with the process."""
    got = _try_lock(name)
    try:
        yield got
    finally:
        if got:
            _unlock(name)


def _try_lock(job_id: int | str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 3))", [f"{connection.schema_name}:{job_id}"]
        )
        return cursor.fetchone()[0]


def _is_locked(job_id: int | str) -> bool:
    """Whether some session holds the lock of `_try_lock()`; it is not taken for a moment either."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 3))",
            [f"{connection.schema_name}:{job_id}"],
        )
        return cursor.fetchone()[0]


def _unlock(job_id: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_unlock(hashtextextended(%s, 3))", [f"{connection.schema_name}:{job_id}"]
        )
