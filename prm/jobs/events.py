from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("jobs.finished", version=1, label=_("Background job finished"), routine=True)
class JobFinished:
    job_id: int


@event("jobs.failed", version=1, label=_("Background job failed"))
class JobFailed:
    job_id: int
