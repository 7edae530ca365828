"""Booking of executed payouts as background jobs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from payouts.services import executing
from prm.jobs.handlers import JobHandler, job_handler
from prm.jobs.models import Job
from prm.values.actor import Actor
from rebates.services.pressed import Pressed


@job_handler(executing.JOB)
class Book(JobHandler):
    """One step a range of lines, as whoever pressed; with the last one the payout is executed."""

    title = _("Booking of a payout")
    counted = {"paid": _("statements paid")}

    def total(self, job: Job) -> int:
        return len(job.params["bounds"])

    def name(self, job: Job, step: int) -> str:
        return str(_("Paying statements"))

    def by(self, job: Job) -> Actor:
        return Pressed(**job.params["by"]).actor()

    def run(self, job: Job, step: int) -> None:
        first, last = job.params["bounds"][step]
        paid = executing.book_some(job.params["batch"], first, last, by=self.by(job))
        job.say(paid=job.counts.get("paid", 0) + paid)

    def finish(self, job: Job) -> None:
        executing.finish(job.params["batch"], by=self.by(job))
