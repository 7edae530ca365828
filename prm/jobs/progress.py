"""A job as people watch it: what templates/jobs/card.html shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from prm.jobs.handlers import find_handler
from prm.jobs.models import Job
from prm.jobs.services import may_manage
from prm.ui import formats
from prm.ui.doers import doer
from prm.values import clock
from prm.values.actor import Actor

# Before this, a guess of the time left is worth nothing.
GUESS_AFTER = timedelta(seconds=5)


def begun_by(job: Job) -> str:
    return doer(job.created_label, job.created_by_id)


def card_of(job: Job, actor: Actor) -> dict[str, Any]:
    """Values for `{% include "jobs/card.html" with card=card only %}` on any page that shows the job."""
    done, total = job.progress
    rate, left = _speed(job)
    manages = may_manage(actor, job) and not actor.read_only
    return {
        "title": job.words,
        "state": _("Stopping") if job.is_open and job.cancel_requested else job.get_state_display(),
        "tone": Job.TONES.get(job.state, ""),
        "done": done,
        "total": total,
        "unit": _("steps"),
        "at": job.at if job.is_open or job.state == Job.State.DEAD else 0,
        "doing": job.doing,
        "rate": rate,
        "left": left,
        "who": begun_by(job),
        "began": job.created_at,
        "error": job.error,
        "running": job.is_open,
        "poll": reverse("jobs:detail", args=[job.pk]),
        "cancel": reverse("jobs:cancel", args=[job.pk])
        if manages and job.is_open and not job.cancel_requested
        else "",
        "retry": reverse("jobs:retry", args=[job.pk])
        if manages and job.state in ("dead", "cancelled")
        else "",
    }


def kind_of(job: Job) -> str:
    """What kind of work it is, in words; the code of one that this version no longer knows."""
    handler = find_handler(job.kind)
    return (str(handler.title) if handler else "") or job.kind


def counts_of(job: Job) -> list[tuple[str, Any]]:
    """What the job has counted so far, each with its name in words."""
    handler = find_handler(job.kind)
    names = handler.counted if handler else {}
    return [
        (capfirst(str(names.get(name, name.replace("_", " ")))), count) for name, count in job.counts.items()
    ]


def _speed(job: Job) -> tuple[int, str]:
    """Steps and parts a second (0 below one), and the time left in words once there is something to go by."""
    done, total = job.progress
    if not (job.is_open and job.started_at and done):
        return 0, ""
    spent = clock.now() - job.started_at
    if spent < GUESS_AFTER:
        return 0, ""
    remaining = spent / done * (total - done)
    if remaining < timedelta(minutes=1):
        left = _("%(count)s s") % {"count": int(remaining.total_seconds()) + 1}
    else:
        left = formats.duration(remaining)
    return int(done / spent.total_seconds()), str(left)
