"""Settlement and the release of its payments as background jobs."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from prm.jobs.handlers import JobHandler, job_handler
from prm.jobs.models import Job
from prm.values.actor import Actor
from rebates.services import computing, releasing


@job_handler(computing.JOB)
class Settle(JobHandler):
    """Freeze, one step a range of partners, then adjustments and totals."""

    title = _("Settlement")
    counted = {
        "programmes": _("programmes"), "partners": _("partners"), "lines": _("sales lines"), "results": _("results"),
    }  # fmt: skip

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


@job_handler(releasing.JOB)
class Release(JobHandler):
    """One step a range of statements, as whoever pressed; with the last one the run may be paid."""

    title = _("Release of payments")
    counted = {"paid": _("statements paid"), "blocked": _("statements blocked")}

    def total(self, job: Job) -> int:
        return len(job.params["bounds"])

    def name(self, job: Job, step: int) -> str:
        return str(_("Paying statements"))

    def by(self, job: Job) -> Actor:
        return releasing.Pressed(**job.params["by"]).actor()

    def run(self, job: Job, step: int) -> None:
        first, last = job.params["bounds"][step]
        paid, blocked = releasing.release_some(
            job.params["run"],
            first,
            last,
            paid_on=date.fromisoformat(job.params["paid_on"]),
            reference=job.params["reference"],
            by=self.by(job),
        )
        job.say(paid=job.counts.get("paid", 0) + paid, blocked=job.counts.get("blocked", 0) + blocked)

    def finish(self, job: Job) -> None:
        releasing.finish(job.params["run"], by=self.by(job))
