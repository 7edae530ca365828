"""Settlement and the release of its payments as background jobs."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from prm.jobs.handlers import JobHandler, job_handler
from prm.jobs.models import Job
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.services import accruing, announcing, computing, issuing, keeping, printing, releasing
from rebates.services.pressed import Pressed


@job_handler(computing.JOB)
class Settle(JobHandler):
    """Freeze; compute, shared by ranges of partners; then adjustments and totals."""

    title = _("Settlement")
    counted = {
        "programmes": _("programmes"), "partners": _("partners"), "lines": _("sales lines"), "results": _("results"),
    }  # fmt: skip
    FREEZE, COMPUTE, FINISH = range(3)
    NAMES = (
        _("Freezing versions, tiers and sales lines"),
        _("Computing partners"),
        _("Adjusting closed periods, adding up"),
    )

    def total(self, job: Job) -> int:
        return len(self.NAMES)

    def name(self, job: Job, step: int) -> str:
        return str(self.NAMES[step])

    def parts(self, job: Job, step: int) -> int:
        return len(job.params["bounds"]) if step == self.COMPUTE else 0

    def run_part(self, job: Job, step: int, part: int) -> dict[str, int]:
        first, last = job.params["bounds"][part]
        return {"results": computing.compute_chunk(job.params["run"], first, last)}

    def run(self, job: Job, step: int) -> None:
        if step == self.FREEZE:
            run = computing.freeze(job.params["run"])
            job.say(programmes=run.scopes.count())
        else:
            run = computing.finish(job.params["run"])
            job.say(partners=run.partner_count, lines=run.line_count)
            job.result = {"run": run.number}


@job_handler(issuing.JOB)
class Close(JobHandler):
    """Ledger and statements, shared by ranges of partners; then the run is closed for everybody."""

    title = _("Close of a settlement")
    counted = {"statements": _("statements")}
    NAMES = (_("Writing ledger and statements"), _("Closing"))

    def total(self, job: Job) -> int:
        return len(self.NAMES)

    def name(self, job: Job, step: int) -> str:
        return str(self.NAMES[step])

    def by(self, job: Job) -> Actor:
        return Pressed(**job.params["by"]).actor()

    def parts(self, job: Job, step: int) -> int:
        return len(job.params["bounds"]) if step == 0 else 0

    def run_part(self, job: Job, step: int, part: int) -> dict[str, int]:
        first, last = job.params["bounds"][part]
        return {"statements": issuing.close_some(job.params["run"], first, last, by=self.by(job))}

    def run(self, job: Job, step: int) -> None:
        job.result = {"run": issuing.finish_close(job.params["run"], by=self.by(job)).number}


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
        return Pressed(**job.params["by"]).actor()

    def run(self, job: Job, step: int) -> None:
        first, last = job.params["bounds"][step]
        paid, blocked = releasing.release_some(
            job.params["run"],
            first,
            last,
            paid_on=date.fromisoformat(job.params["paid_on"]),
            reference=job.params["reference"],
            account_checked=job.params.get("account_checked", ""),
            by=self.by(job),
        )
        job.say(paid=job.counts.get("paid", 0) + paid, blocked=job.counts.get("blocked", 0) + blocked)

    def finish(self, job: Job) -> None:
        counts = {"paid": job.counts.get("paid", 0), "left_out": job.counts.get("blocked", 0)}
        checked = job.params.get("account_checked", "")
        releasing.finish(job.params["run"], by=self.by(job), account_checked=checked, **counts)


@job_handler(keeping.KEEP)
class KeepAccruals(JobHandler):
    """Computes anew what changed, some partners a transaction, until nobody waits."""

    title = _("Accruals")
    transactional = False

    def name(self, job: Job, step: int) -> str:
        return str(_("Computing partners of whom something changed"))

    def run(self, job: Job, step: int) -> None:
        while keeping.keep_some():
            if Job.objects.filter(pk=job.pk, cancel_requested=True).exists():
                return


@job_handler(keeping.CHECK)
class CheckAccruals(JobHandler):
    """Kept sums against the lines, kept figures against those of all lines, both shared; then the result."""

    title = _("Check of the accruals")
    counted = {
        "partners": _("partners"), "figures": _("figures"), "wrong_sums": _("partners whose sums differed"),
        "wrong_figures": _("figures that differed"),
    }  # fmt: skip
    SUMS, FIGURES, FINISH = range(3)
    NAMES = (
        _("Holding sums against the sales lines"),
        _("Holding accruals against the sales lines"),
        _("Result"),
    )

    def total(self, job: Job) -> int:
        return len(self.NAMES)

    def name(self, job: Job, step: int) -> str:
        return str(self.NAMES[step])

    def parts(self, job: Job, step: int) -> int:
        return 0 if step == self.FINISH else len(job.params["bounds"])

    def run_part(self, job: Job, step: int, part: int) -> dict[str, int]:
        first, last = job.params["bounds"][part]
        if step == self.SUMS:
            return {"wrong_sums": keeping.check_sums(job.params["check"], first, last)}
        return keeping.check_figures(job.params["check"], first, last)

    def run(self, job: Job, step: int) -> None:
        keeping.finish_check(job.params["check"], job.counts)


@job_handler(accruing.JOB)
class Accrue(JobHandler):
    """One step: what the month adds to the accruals of all open periods."""

    title = _("Accruals of a month")
    counted = {"postings": _("postings")}

    def total(self, job: Job) -> int:
        return 1

    def name(self, job: Job, step: int) -> str:
        return str(_("Booking accruals"))

    def run(self, job: Job, step: int) -> None:
        month = Period.parse(job.params["month"])
        job.say(postings=accruing.post_accruals(month, by=Actor.job(accruing.JOB)))


@job_handler(printing.JOB)
class Print(JobHandler):
    """Statements as PDF, shared by ranges of them; then what earlier jobs made goes."""

    title = _("Statements as PDF")
    counted = {"statements": _("statements"), "pages": _("pages")}
    NAMES = (_("Printing statements"), _("Clearing up"))

    def total(self, job: Job) -> int:
        return len(self.NAMES)

    def name(self, job: Job, step: int) -> str:
        return str(self.NAMES[step])

    def parts(self, job: Job, step: int) -> int:
        return len(job.params["bounds"]) if step == 0 else 0

    def run_part(self, job: Job, step: int, part: int) -> dict[str, int]:
        return printing.print_some(job, part, by=Pressed(**job.params["by"]).actor())

    def run(self, job: Job, step: int) -> None:
        printing.forget_others(job)


@job_handler(announcing.JOB)
class Announce(JobHandler):
    """One step a range of statements: their partners hear of them."""

    title = _("Partners hear of their statements")
    counted = {"statements": _("statements")}

    def total(self, job: Job) -> int:
        return len(job.params["bounds"])

    def name(self, job: Job, step: int) -> str:
        return str(_("Telling partners"))

    def run(self, job: Job, step: int) -> None:
        first, last = job.params["bounds"][step]
        told = announcing.announce_some(job.params["run"], first, last)
        job.say(statements=job.counts.get("statements", 0) + told)
