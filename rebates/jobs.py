"""Settlement as a background job."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.jobs.handlers import JobHandler, job_handler
from prm.jobs.models import Job
from rebates.services import computing


@job_handler(computing.JOB)
class Settle(JobHandler):
    """Freeze, one step a range of partners, then adjustments and totals."""

    title = _("Settlement")

    def total(self, job: Job) -> int:
        return len(job.params["bounds"]) + 2

    def name(self, job: Job, step: int) -> str:
        if step == 0:
            return str(_("Freezing versions, tiers and sales lines"))
        if step == self.total(job) - 1:
            return str(_("Adjusting closed periods, adding up"))
        return str(_("Computing partners"))

    def run(self, job: Job, step: int) -> None:
        if step == 0:
            run = computing.freeze(job.params["run"])
            job.say(programmes=run.scopes.count())
        elif step == self.total(job) - 1:
            run = computing.finish(job.params["run"])
            job.say(partners=run.partner_count, lines=run.line_count)
            job.result = {"run": run.number}
        else:
            first, last = job.params["bounds"][step - 1]
            written = computing.compute_chunk(job.params["run"], first, last)
            job.say(results=job.counts.get("results", 0) + written)
