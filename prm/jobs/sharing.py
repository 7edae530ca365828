"""Steps that many workers share: a step's parts, each taken under a row lock that dies with its worker.

Guarantee: a part is done once, in the transaction that marks it. The worker that runs the job does parts like all
others and goes on when none is open: if the others are killed, or their messages lost, it does everything by itself.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.db import transaction

from prm.jobs.handlers import JobHandler, handler_of
from prm.jobs.models import Job, JobPart
from prm.values import clock

log = structlog.get_logger(__name__)
MOST_HELPERS = 7
LOOK_AGAIN_SECONDS = 0.05


def share(job: Job, handler: JobHandler) -> bool:
    """Do the parts of the job's present step together with others. False when the job was asked to stop."""
    parts = [JobPart(job=job, step=job.step, number=number) for number in range(handler.parts(job, job.step))]
    with transaction.atomic():
        JobPart.objects.bulk_create(parts, ignore_conflicts=True)
        helpers = min(len(parts) - 1, MOST_HELPERS)
        transaction.on_commit(lambda: _call(job.pk, job.step, helpers))
    while _open(job).exists():
        if not do_a_part(job.pk, job.step, handler) and not _others_are_busy(job):
            return not _open(job).exists()
    return True


def help_with(job_id: int, step: int) -> int:
    """Do parts of a running job's step until none is free. Returns how many."""
    job, done = Job.objects.filter(pk=job_id, state=Job.State.RUNNING, step=step).first(), 0
    if job is None:
        return 0
    handler = handler_of(job.kind)
    try:
        while do_a_part(job_id, step, handler):
            done += 1
    except Exception:  # the worker that runs the job meets the same, and counts it
        log.exception("job_part_failed", job=job_id, step=step)
    return done


def do_a_part(job_id: int, step: int, handler: JobHandler) -> bool:
    """Do one part that nobody has. False when there is none, or the job was asked to stop."""
    with transaction.atomic():
        free = JobPart.objects.select_for_update(of=("self",), skip_locked=True).select_related("job")
        part = free.filter(
            job_id=job_id, step=step, done_at__isnull=True,
            job__state=Job.State.RUNNING, job__step=step, job__cancel_requested=False,
        ).order_by("number").first()  # fmt: skip
        if part is None:
            return False
        part.counts = handler.run_part(part.job, step, part.number)
        part.done_at = clock.now()
        part.save(update_fields=["counts", "done_at"])
    return True


def with_parts(job: Job) -> dict[str, Any]:
    """The job's counts with those of its present step's parts added."""
    found = dict(job.counts)
    for counts in job.parts.filter(step=job.step).values_list("counts", flat=True):
        for name, count in counts.items():
            found[name] = found.get(name, 0) + count
    return found


def _open(job: Job) -> Any:
    return JobPart.objects.filter(job=job, step=job.step, done_at__isnull=True)


def _others_are_busy(job: Job) -> bool:
    """Wait until a part that another does is over; whether to look again.

    The wait is for that part's lock, so it ends with the part, or with its worker. A job that shall stop waits until
    all are through.
    """
    stopping = Job.objects.filter(pk=job.pk, cancel_requested=True).exists()
    with transaction.atomic():
        held = _open(job).select_for_update().order_by("number")
        left_behind = bool(list(held)) if stopping else held.first() is not None
    if stopping or not _open(job).exists():
        return False
    if left_behind:  # nobody has it any more
        time.sleep(LOOK_AGAIN_SECONDS)
    return True


def _call(job_id: int, step: int, helpers: int) -> None:
    from prm.jobs.tasks import help_with_step

    for _helper in range(helpers):
        try:
            help_with_step.apply_async(args=[job_id, step], retry=False, expires=60)
        except Exception as problem:
            log.warning("job_call_for_help_failed", job=job_id, error=str(problem))
            return
